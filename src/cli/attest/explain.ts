import { nodeCrypto } from '../../attestation/crypto/node';
import { explainImage, parseEventLog, type ExplainedRegister } from '../../attestation/eventLog';
import { parseQuote } from '../../attestation/quote';
import type { Root } from '../../protocol/root';
import { toJson } from '../connect';
import { COLUMNS, hang, paint, wrap, type Console } from '../console';
import { describeQuote } from './describe';
import type { Section } from './field';
import { readBounded } from './files';
import { ATTEST_LIMITS } from './limits';

export interface ExplainOptions {
  root: Root;
  eventLog?: string;
  json: boolean;
}

const EXPLAINED = 0;
/** The log does not lead to the registers: as everywhere, a proof that does not hold. */
const LOG_DIFFERS = 3;

/** Every field with its meaning and, with a log, why the registers hold what they hold. Throws AttestationError. */
export async function printExplanation(
  bytes: Uint8Array,
  options: ExplainOptions,
  to: Console,
): Promise<number> {
  const { root, eventLog, json } = options;
  const quote = parseQuote(bytes);
  const sections = await describeQuote(quote, root);
  const log =
    eventLog === undefined ? null : parseEventLog(readBounded(eventLog, ATTEST_LIMITS.eventLogFileBytes));
  const { registers, logMatches } = await explainImage(quote, log, root, nodeCrypto);
  if (json)
    to.write(`${toJson({ sections: sections.map(sectionJson), log_matches: logMatches, registers })}\n`);
  else {
    sections.forEach((section) => printSection(section, nameWidth(sections), to));
    if (log) printLog(registers, to);
  }
  return logMatches === false ? LOG_DIFFERS : EXPLAINED;
}

function nameWidth(sections: readonly Section[]): number {
  return Math.max(...sections.flatMap(({ fields }) => fields.map(({ name }) => name.length)));
}

/** The meaning beside the value where both fit on a line, else below it. */
function printSection({ title, fields }: Section, width: number, to: Console): void {
  const indent = width + 4;
  to.write(`${paint(to, 'bold', title)}\n`);
  for (const { name, value, meaning } of fields) {
    const fits = value.length + 2 + meaning.length <= COLUMNS - indent;
    to.write(`  ${name.padEnd(width)}  ${hang(value, indent)}`);
    to.write(fits ? `  ${paint(to, 'dim', meaning)}\n` : `\n${below(meaning, indent, to)}`);
  }
  to.write('\n');
}

function below(meaning: string, indent: number, to: Console): string {
  return wrap(meaning, COLUMNS - indent)
    .map((line) => `${' '.repeat(indent)}${paint(to, 'dim', line)}\n`)
    .join('');
}

/** Proven events have a digest over what the log says; of the others the log only says what they were. */
function printLog(registers: readonly ExplainedRegister[], to: Console): void {
  to.write(`${paint(to, 'bold', 'Event log (* proven by its digest; else the log only claims it)')}\n`);
  for (const { register, matches, events, meaning, replayed, quoted } of registers) {
    const verdict = matches
      ? paint(to, 'green', 'replays to the quoted value')
      : paint(to, 'red', 'DOES NOT REPLAY to the quoted value');
    to.write(`  rtmr${register}: ${verdict}; ${meaning}\n`);
    if (!matches) to.write(`    quoted    ${hang(quoted, 14)}\n    replayed  ${hang(replayed ?? '', 14)}\n`);
    for (const { digest, description, proven } of events)
      to.write(`    ${proven ? '*' : ' '} ${digest.slice(0, 16)}  ${hang(description, 24)}\n`);
  }
  to.write('\n');
}

function sectionJson({ title, fields }: Section): object {
  return { title, fields: fields.map(({ name, value, meaning }) => ({ name, value, meaning })) };
}

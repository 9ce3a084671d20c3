import { parseArgs } from 'node:util';
import { createBeginnings, planted } from './beginnings';
import { EVENTS } from './events';
import { findEveryFault, tableOf } from './everyFault';
import { FAULTS, faultyCodes } from './faults';
import { missingEvents, runRange, type Range, type Report } from './run';
import { sentence } from './wording';

// Random schedules of everybody who touches money, honest or not, against a model of the rules.
//   npm run invariants                                         3,000 schedules
//   npm run invariants -- --schedules 100000 --seed 2          more, or others
//   npm run invariants -- --seed 2 --from 5000 --to 10000      a part: each schedule depends on seed and number alone
//   npm run invariants -- --mutant cap-ignored                 with a planted fault, until it is found
//   npm run invariants -- --mutant all                         each planted fault in turn, as a table
//   npm run invariants -- --list-mutants                       the planted faults
//   npm run invariants -- --json                               the report for machines
// The exit code is 3 when a rule was broken, or when something never happened that a run of this length must have seen.

const BROKEN = 3;
const PROGRESS_SECONDS = 5;

interface Options extends Range {
  mutant: string | undefined;
  json: boolean;
  listMutants: boolean;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      schedules: { type: 'string' },
      seed: { type: 'string', default: '1' },
      from: { type: 'string', default: '0' },
      to: { type: 'string' },
      mutant: { type: 'string' },
      json: { type: 'boolean', default: false },
      'list-mutants': { type: 'boolean', default: false },
    },
  });
  const from = whole('from', values.from);
  const to =
    values.to === undefined ? from + whole('schedules', values.schedules ?? '3000') : whole('to', values.to);
  if (to <= from) throw new RangeError('invariants: --to must be beyond --from');
  const { mutant, json } = values;
  return { seed: whole('seed', values.seed), from, to, mutant, json, listMutants: values['list-mutants'] };
}

function whole(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new RangeError(`invariants: --${name} is a whole number`);
  return Number(text);
}

function describe(report: Report, mutant: string | undefined): string {
  const { seed, from, schedules, steps, messages, violations, seconds, cpuSeconds, events, found } = report;
  const fault = mutant === undefined ? '' : `, planted fault "${mutant}": ${FAULTS[mutant]!.what}`;
  const replay = (index: number): string =>
    `npm run invariants -- --seed ${seed} --from ${index} --to ${index + 1}${mutant === undefined ? '' : ` --mutant ${mutant}`}`;
  return [
    `seed ${seed}, schedules ${from} to ${from + schedules - 1}${fault}`,
    `schedules ${schedules}, steps ${steps}, messages ${messages}, violations ${violations}`,
    `${seconds.toFixed(0)} s elapsed, ${cpuSeconds.toFixed(0)} s of processor time, ${(schedules / cpuSeconds).toFixed(1)} schedules and ${(steps / cpuSeconds).toFixed(0)} steps each`,
    ...EVENTS.map((name) => `  ${name.padEnd(24)}${events[name]}`),
    ...found.flatMap(({ index, reason, steps: shortest }) => [
      `violation in schedule ${index}: ${reason}`,
      ...shortest.map((step, at) => `  ${at + 1}. ${sentence(step)}`),
      `  again: ${replay(index)}`,
    ]),
    ...missingEvents(report).map((name) => `never happened: ${name}`),
  ].join('\n');
}

async function everyFault(range: Range, json: boolean): Promise<number> {
  const detections = await findEveryFault(range, ({ id, found, schedules }) => {
    process.stderr.write(`${id}: ${found ? 'found' : 'NOT found'} in ${schedules} schedules\n`);
  });
  console.log(json ? JSON.stringify(detections, null, 2) : tableOf(detections));
  return detections.every(({ found }) => found) ? 0 : BROKEN;
}

async function main(): Promise<number> {
  const { mutant, json, listMutants, ...range } = readOptions();
  if (listMutants) {
    console.log(
      Object.entries(FAULTS)
        .map(([id, { what }]) => `${id.padEnd(24)}${what}`)
        .join('\n'),
    );
    return 0;
  }
  if (mutant === 'all') return everyFault(range, json);
  const codes = mutant === undefined ? {} : await faultyCodes(mutant);
  const begin = planted(await createBeginnings(), codes);
  let stopped = false;
  process.on('SIGINT', () => (stopped = true)).on('SIGTERM', () => (stopped = true));
  let told = 0;
  const report = await runRange(begin, range, {
    stopped: () => stopped,
    ...(mutant !== undefined && { maxViolations: 1 }),
    progress: ({ schedules, steps, violations, seconds }) => {
      if (seconds - told < PROGRESS_SECONDS) return;
      told = seconds;
      process.stderr.write(
        `${range.from + schedules} of ${range.to}: ${steps} steps, ${violations} violations, ${seconds.toFixed(0)} s\n`,
      );
    },
  });
  const missing = mutant === undefined ? missingEvents(report) : [];
  if (json) {
    const found = report.found.map((violation) => ({ ...violation, steps: violation.steps.map(sentence) }));
    console.log(JSON.stringify({ ...report, mutant: mutant ?? null, missing, found }, null, 2));
  } else console.log(describe(report, mutant));
  return report.violations > 0 || missing.length > 0 ? BROKEN : 0;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof RangeError ? error.message : error);
    process.exit(2);
  },
);

import { escrowScopeFields, workerScopeFields } from '../protocol/domain';
import { LINKS } from '../evidence/link';
import { ERROR_CODES } from '../protocol/errors';
import { CODECS, type ByteImage, type Fields } from '../protocol/fields';
import { jobRecordFields } from '../protocol/jobRecord';
import { LIMITS } from '../protocol/limits';
import { lineFields } from '../protocol/line';
import { askLayout, hpkeCertificateLayout, receiptLayout, ticketLayout } from '../protocol/signed';
import { statementFields } from '../protocol/statement';
import { QUOTE_TROUBLES } from '../worker/quotes/errors';
import { table } from './sections';

type Described = Pick<ByteImage<Fields>, 'name' | 'size' | 'prefix' | 'places'>;

/** Section name -> table, for docs/protocol.md. */
export function protocolSections(): Record<string, string> {
  return {
    line: imageTable(lineFields),
    'escrow domain': imageTable(escrowScopeFields),
    'worker domain': imageTable(workerScopeFields),
    ticket: cellTable(ticketLayout),
    receipt: cellTable(receiptLayout),
    certificate: cellTable(hpkeCertificateLayout),
    ask: cellTable(askLayout),
    statement: imageTable(statementFields),
    'job record': imageTable(jobRecordFields),
    limits: limitsTable(),
  };
}

/** The TL-B line, whose checksum is the tag, above the table. */
function cellTable(of: Described): string {
  const constructor = of.name.replace(/(?<=.)[A-Z]/g, '_$&').toLowerCase();
  const fields = of.places.map(({ name, kind }) => `${name}:${CODECS[kind].tlb}`);
  return `\`${[constructor, ...fields, '=', of.name].join(' ')}\`\n\n${imageTable(of)}`;
}

/** Where each field lies; types as in TL-B, all big-endian. */
function imageTable({ size, prefix, places }: Described): string {
  const rows = places.map(({ name, kind, at }) => [
    String(at),
    String(CODECS[kind].bytes),
    `\`${name}\``,
    CODECS[kind].tlb,
  ]);
  const constant =
    prefix.length === 0 ? [] : [['0', String(prefix.length), `\`${prefix.toString('hex')}\``, 'constant']];
  return `${table(['offset', 'bytes', 'field', 'type'], [...constant, ...rows])}\n\n${size} bytes in all.`;
}

function limitsTable(): string {
  return table(
    ['limit', 'value'],
    Object.entries(LIMITS).map(([name, value]) => [`\`${name}\``, String(value)]),
  );
}

/** For docs/errors.md. */
export function errorTable(): string {
  const rows = Object.entries(ERROR_CODES).map(([code, { status, type, remedy }]) => [
    `\`${code}\``,
    String(status),
    `\`${type}\``,
    remedy,
  ]);
  return table(['code', 'status', "OpenAI's type", 'what to do'], rows);
}

/** For docs/audit.md: what each link of a bundle shows when it holds. */
export function evidenceTable(): string {
  return table(
    ['link', 'holds when'],
    Object.entries(LINKS).map(([name, holds]) => [`\`${name}\``, holds]),
  );
}

/** For docs/operate-worker.md: why a machine gave no quote that the chain takes. */
export function quoteTroubleTable(): string {
  const rows = Object.entries(QUOTE_TROUBLES).map(([code, cure]) => [`\`${code}\``, cure]);
  return table(['reason', 'what to do'], rows);
}

import { join } from 'node:path';
import { z } from 'zod';
import { readSecretFile, writeSecretFile } from './stateFiles';

/** How far a renewal has come: a process that starts anew goes on from here, and pays for nothing twice. */
export interface RenewalRecord {
  /** The statement on its way; null between renewals. */
  statement: Buffer | null;
  /** Unix seconds at which its announcement was sent last; 0 for never. */
  announcedAtUnix: number;
  /** The quote that was sent last, by the block that it was bound to, and has no answer yet. */
  sent: { blockSeqno: number; atUnix: number } | null;
  /** Since the last success. */
  failures: number;
  lastFailure: { reason: string; atUnix: number } | null;
  /** No attempt before this, Unix seconds. */
  nextTryAtUnix: number;
  /** Unix seconds; 0 for never. */
  lastSuccessAtUnix: number;
}

export interface RenewalFile {
  read(): RenewalRecord;
  /** On disk when it returns. */
  change(fields: Partial<RenewalRecord>): RenewalRecord;
}

const FRESH: RenewalRecord = {
  statement: null,
  announcedAtUnix: 0,
  sent: null,
  failures: 0,
  lastFailure: null,
  nextTryAtUnix: 0,
  lastSuccessAtUnix: 0,
};

const FILE = 'renewal.json';
const REASON_CHARACTERS = 200;

const seconds = z.number().nonnegative();
const recordSchema = z.strictObject({
  statement: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable(),
  announcedAtUnix: seconds,
  sent: z.strictObject({ blockSeqno: z.number().int().nonnegative(), atUnix: seconds }).nullable(),
  failures: z.number().int().nonnegative(),
  lastFailure: z.strictObject({ reason: z.string().max(REASON_CHARACTERS), atUnix: seconds }).nullable(),
  nextTryAtUnix: seconds,
  lastSuccessAtUnix: seconds,
});

export function createRenewalFile(stateDir: string): RenewalFile {
  const path = join(stateDir, FILE);
  let record = load(path);
  return {
    read: () => record,
    change(fields) {
      const { lastFailure } = { ...record, ...fields };
      const short = lastFailure && { ...lastFailure, reason: lastFailure.reason.slice(0, REASON_CHARACTERS) };
      record = { ...record, ...fields, lastFailure: short };
      const statement = record.statement?.toString('hex') ?? null;
      writeSecretFile(path, JSON.stringify({ ...record, statement }));
      return record;
    },
  };
}

function load(path: string): RenewalRecord {
  const text = readSecretFile(path);
  if (text === null) return FRESH;
  const parsed = recordSchema.parse(JSON.parse(text));
  return { ...parsed, statement: parsed.statement === null ? null : Buffer.from(parsed.statement, 'hex') };
}

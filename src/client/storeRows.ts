import { nano } from '../protocol/amounts';
import { parseLine } from '../protocol/line';
import { EMPTY_RANGE, type MountainRange } from '../protocol/mountainRange';
import { receiptLayout } from '../protocol/signed';
import type { EndReason, HeldLine } from './heldLine';

export type Row = Record<string, unknown>;

/** A job as it stands in the books; `receipt`, `record` and `proof` are what an auditor needs. */
export interface StoredJob {
  /** Job id in hex, also the receipt's id. */
  id: string;
  lineId: string;
  /** Worker key in hex. */
  worker: string;
  model: string;
  issuedAtUnix: number;
  maxFeeNano: bigint;
  /** Null while no record came. */
  feeNano: bigint | null;
  ticket: Buffer;
  record: Buffer | null;
  proof: Buffer | null;
  receipt: Buffer | null;
}

/** A line of the books with its jobs and raises, as rows of their tables. */
export function heldLine(row: Row, jobs: Row[], raises: Row[]): HeldLine {
  const line = parseLine(bytes(row['line']));
  const settled = jobs.filter((job) => job['fee_nano'] !== null);
  const open = jobs.filter((job) => job['fee_nano'] === null);
  return {
    id: text(row['id']),
    line,
    workerId: line.workerKey.toString('hex'),
    router: text(row['router']),
    openedAtUnix: Number(row['opened_at']),
    knownNano: settled.reduce((sum, job) => sum + BigInt(text(job['fee_nano'])), 0n),
    knownJobs: settled.length,
    newest: row['newest'] === null ? null : receiptLayout.parse(bytes(row['newest'])),
    open: new Map(
      open.map((job) => [
        text(job['job_id']),
        {
          maxFeeNano: BigInt(text(job['max_nano'])),
          notAfter: Number(job['not_after']),
          running: false,
          refused: false,
        },
      ]),
    ),
    audited: {
      range: row['audited'] === null ? EMPTY_RANGE : decodeRange(bytes(row['audited'])),
      totalNano: BigInt(text(row['audited_nano'])),
    },
    raises: raises.map((raise) => ({
      atUnix: Number(raise['at']),
      raiseNano: BigInt(text(raise['raise_nano'])),
    })),
    usedAtUnix: jobs.reduce(
      (latest, job) => Math.max(latest, Number(job['issued_at'])),
      Number(row['opened_at']),
    ),
    // Books of an earlier version do not say why.
    ended: row['ended'] === 1 ? ((row['why'] ?? 'closed') as EndReason) : null,
  };
}

export function storedJob(row: Row): StoredJob {
  const optional = (value: unknown): Buffer | null => (value === null ? null : bytes(value));
  return {
    id: text(row['job_id']),
    lineId: text(row['line_id']),
    worker: text(row['worker']),
    model: text(row['model']),
    issuedAtUnix: Number(row['issued_at']),
    maxFeeNano: nano(text(row['max_nano'])),
    feeNano: row['fee_nano'] === null ? null : nano(text(row['fee_nano'])),
    ticket: bytes(row['ticket']),
    record: optional(row['record']),
    proof: optional(row['proof']),
    receipt: optional(row['receipt']),
  };
}

/** Throws TypeError on any other type: the books are damaged. */
export function text(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('the books hold a value of another type');
  return value;
}

/** A copy. Throws TypeError on any other type: the books are damaged. */
export function bytes(value: unknown): Buffer {
  if (!(value instanceof Uint8Array)) throw new TypeError('the books hold a value of another type');
  return Buffer.from(value);
}

/** `count:u48 ‖ peaks`. */
export function encodeRange({ count, peaks }: MountainRange): Buffer {
  const head = Buffer.alloc(6);
  head.writeUIntBE(count, 0, 6);
  return Buffer.concat([head, ...peaks]);
}

function decodeRange(image: Buffer): MountainRange {
  const peaks: Buffer[] = [];
  for (let at = 6; at < image.length; at += 32) peaks.push(image.subarray(at, at + 32));
  return { count: image.readUIntBE(0, 6), peaks };
}

import { nano, type Nano } from '../protocol/amounts';
import { parseLine, type Line } from '../protocol/line';
import type { MountainRange } from '../protocol/mountainRange';

/** Where a line stands. The same line fields in two escrows are two lines, so the domain is part of the key. */
export interface LineAccount {
  readonly domain: Buffer;
  readonly lineId: Buffer;
  readonly escrow: Buffer;
  readonly line: Line;
  totalNano: Nano;
  range: MountainRange;
  final: boolean;
  /** Sum of maxFee over running jobs; in memory only, because a crash ends every job. */
  reservedNano: Nano;
}

/** A row of `lines`, with integers as bigint. */
export interface LineRow {
  domain: Uint8Array;
  line_id: Uint8Array;
  escrow: Uint8Array;
  line: Uint8Array;
  total: bigint;
  jobs: bigint;
  peaks: Uint8Array;
  final: bigint;
}

/** A line as the ledger keeps it; nothing runs on it yet. */
export function accountOf(row: LineRow): LineAccount {
  const peaks = Buffer.from(row.peaks);
  return {
    domain: Buffer.from(row.domain),
    lineId: Buffer.from(row.line_id),
    escrow: Buffer.from(row.escrow),
    line: parseLine(row.line),
    totalNano: nano(row.total),
    range: {
      count: Number(row.jobs),
      peaks: Array.from({ length: peaks.length / 32 }, (_, i) => peaks.subarray(32 * i, 32 * (i + 1))),
    },
    final: row.final !== 0n,
    reservedNano: nano(0),
  };
}

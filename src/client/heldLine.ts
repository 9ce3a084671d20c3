import type { LineEntry } from '../chain/types';
import { LIMITS } from '../protocol/limits';
import type { Line } from '../protocol/line';
import type { MountainRange } from '../protocol/mountainRange';
import type { Receipt } from '../protocol/signed';

/** A ticket whose record has not come: it may still be billed. */
export interface OpenTicket {
  maxFeeNano: bigint;
  /** Latest start, Unix seconds. */
  notAfter: number;
  /** Whether its reply is being read; if not, only an audit can tell what became of it. */
  running: boolean;
  /** An error was answered instead of a reply: most likely it never ran, but whoever has the ticket could still use it. */
  refused: boolean;
}

/** One line as this client's own books have it; what the chain says of it is a `LineEntry`. */
export interface HeldLine {
  /** Line id in hex. */
  id: string;
  line: Line;
  /** Worker key in hex. */
  workerId: string;
  router: string;
  openedAtUnix: number;
  /** Sum of all fees whose records are here. */
  knownNano: bigint;
  /** Jobs that those fees are for. */
  knownJobs: number;
  /** The verified receipt that counts most jobs. */
  newest: Receipt | null;
  /** Every ticket without a record, also those that can no longer start. */
  open: Map<string, OpenTicket>;
  /** What an audit has seen: every job up to there bears our ticket, and this is their root. */
  audited: { range: MountainRange; totalNano: bigint };
  /** Unix seconds of each raise. */
  raisedAt: number[];
  /** No ticket is issued any more: the worker ended it, cheated, or we closed it. */
  ended: boolean;
}

/** What the worker has earned as far as anybody has shown us. */
export function spentNano(line: HeldLine): bigint {
  const billed: bigint = line.newest?.total ?? 0n;
  return billed > line.knownNano ? billed : line.knownNano;
}

/** What running jobs may still cost: a ticket counts until its job can no longer be running. */
export function reservedNano(line: HeldLine, nowUnix: number): bigint {
  let sum = 0n;
  for (const ticket of line.open.values()) if (nowUnix <= reservedUntil(ticket)) sum += ticket.maxFeeNano;
  return sum;
}

/** The last second at which that ticket's job may still be running. */
export function reservedUntil(ticket: OpenTicket): number {
  return ticket.notAfter + LIMITS.jobMaxSeconds + LIMITS.clockSkewSeconds;
}

/** What a new ticket may cost at most. */
export function roomNano(line: HeldLine, entry: LineEntry, nowUnix: number): bigint {
  const spent = spentNano(line) > entry.paidNano ? spentNano(line) : entry.paidNano;
  const room = entry.capNano - spent - reservedNano(line, nowUnix);
  return room > 0n ? room : 0n;
}

/** The most that an honest receipt can show: all records, and every ticket without one at its maximum. */
export function billableNano(line: HeldLine): bigint {
  let sum = line.knownNano;
  for (const ticket of line.open.values()) sum += ticket.maxFeeNano;
  return sum;
}

export function billableJobs(line: HeldLine): number {
  return line.knownJobs + line.open.size;
}

/** Whether a new ticket may be issued, apart from money. */
export function takesTickets(
  line: HeldLine,
  entry: LineEntry | undefined,
  nowUnix: number,
): entry is LineEntry {
  if (!entry || line.ended || entry.closeAt !== 0) return false;
  // The worker refuses in the last day; a margin spares a refusal at its edge.
  return nowUnix < entry.settleBy - LIMITS.noTicketsBeforeSettleBySeconds - LIMITS.clockSkewSeconds;
}

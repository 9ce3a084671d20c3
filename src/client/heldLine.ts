import { lastSecond } from '../chain/dues';
import type { EscrowState, LineEntry } from '../chain/types';
import { LIMITS } from '../protocol/limits';
import type { Line } from '../protocol/line';
import type { MountainRange } from '../protocol/mountainRange';
import type { Receipt } from '../protocol/signed';
import { CLIENT_LIMITS } from './limits';

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

/** Why no ticket is issued on a line any more. */
export type EndReason =
  /** Its worker billed what was not due. */
  | 'dishonest'
  /** Its worker signed a final receipt. */
  | 'final'
  /** Its owner closed it. */
  | 'closed'
  /** Its worker has another key now. */
  | 'key replaced'
  /** Its worker offers nothing any more that would fit it. */
  | 'gone'
  /** Its worker asks more than the policy allows. */
  | 'too dear'
  | 'unused';

/** One raise, when it was asked for: it may have been lost since. */
export interface Raise {
  atUnix: number;
  raiseNano: bigint;
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
  raises: Raise[];
  /** Unix seconds of its last ticket, or of its opening. */
  usedAtUnix: number;
  /** Null while tickets may be issued. */
  ended: EndReason | null;
}

/** A line that takes tickets, what the chain says of it, and what the next ticket may cost. */
export interface UsableLine {
  line: HeldLine;
  entry: LineEntry;
  roomNano: bigint;
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

/** What of the cap is neither paid nor known to be earned. */
export function unspentNano(entry: LineEntry, line: HeldLine | undefined): bigint {
  const paid: bigint = entry.paidNano;
  const billed = line ? spentNano(line) : 0n;
  const unspent = entry.capNano - (billed > paid ? billed : paid);
  return unspent > 0n ? unspent : 0n;
}

/** What a new ticket may cost at most. */
export function roomNano(line: HeldLine, entry: LineEntry, nowUnix: number): bigint {
  const room = unspentNano(entry, line) - reservedNano(line, nowUnix);
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
  if (!entry || line.ended !== null || entry.closeAt !== 0) return false;
  // The worker refuses in the last day; a margin spares a refusal at its edge.
  return nowUnix < entry.settleBy - LIMITS.noTicketsBeforeSettleBySeconds - LIMITS.clockSkewSeconds;
}

/** A final receipt closes the line as soon as somebody settles it: nobody pays for a close before that had its time. */
const FINAL_PATIENCE_SECONDS = 86_400;

/**
 * Lines without further use that are open on chain, and that a close would end sooner than waiting does. Whoever made
 * these books ended them; lines that they do not know may be another process's.
 */
export function closableLines(
  escrow: Pick<EscrowState, 'lines' | 'closeDelaySeconds'>,
  held: readonly HeldLine[],
  nowUnix: number,
): HeldLine[] {
  return held.filter((line) => {
    const entry = escrow.lines.get(line.id);
    if (!entry || line.ended === null || entry.closeAt !== 0) return false;
    if (unspentNano(entry, line) <= CLIENT_LIMITS.closeEntryNano) return false;
    const finalAt = line.ended === 'final' ? (line.newest?.issuedAt ?? 0) + FINAL_PATIENCE_SECONDS : 0;
    return nowUnix > finalAt && nowUnix + escrow.closeDelaySeconds < lastSecond(entry);
  });
}

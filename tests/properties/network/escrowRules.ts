import { escrowReserveNano } from '../../../wrappers/escrowCosts';
import { ESCROW_FLOOR_DIVISOR } from '../../../wrappers/Escrow';

// The money rules of an escrow in plain TypeScript, written from the design and not from the contract. Amounts are nanotons,
// times Unix seconds, lines are named by their id in hex. What a message costs is the chain's business: whoever calls says
// what the escrow holds.

export interface Entry {
  cap: bigint;
  paid: bigint;
  settleBy: number;
  /** 0 while the line is open. */
  closeAt: number;
}

export interface EscrowBooks {
  /** Account hash of the client, in hex. */
  client: string;
  /** Public key in hex; empty before Open. */
  signer: string;
  budget: bigint;
  seqno: number;
  closeDelay: number;
  born: bigint;
  /** In hex. */
  domain: string;
  lines: Map<string, Entry>;
}

export type ListEntry =
  | { kind: 'open'; id: string; cap: bigint; settleBy: number }
  | { kind: 'raise'; id: string; cap: bigint }
  | { kind: 'close'; id: string };

/** What a receipt says, and whether its line's key signed it for this escrow. */
export interface Claim {
  id: string;
  total: bigint;
  final: boolean;
  signed: boolean;
}

export interface Payment {
  id: string;
  amount: bigint;
}

const LINE_MAX_SECONDS = 14 * 86_400;
const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const most = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/** I-4: what is owed to lines, used or not. */
export function lockedOf({ lines }: EscrowBooks): bigint {
  let sum = 0n;
  for (const { cap, paid } of lines.values()) sum += cap - paid;
  return sum;
}

export function reserveOf({ lines }: EscrowBooks, more = 0): bigint {
  return escrowReserveNano(lines.size + more);
}

/** The part of the reserve that claims do not touch. */
export function floorOf(books: EscrowBooks): bigint {
  return reserveOf(books) / ESCROW_FLOOR_DIVISOR;
}

/** I-5: what the client may take at once, less than nothing when money is missing; `more` lines are to be opened. */
export function freeOf(books: EscrowBooks, held: bigint, more = 0): bigint {
  return held - lockedOf(books) - reserveOf(books, more);
}

export function lastSecond({ closeAt, settleBy }: Entry): number {
  return closeAt === 0 ? settleBy : Math.min(closeAt, settleBy);
}

/** I-13: works a list off within `sum`, and returns what it raised and how many entries could not be done. */
export function allocate(
  { lines, closeDelay }: EscrowBooks,
  entries: readonly ListEntry[],
  sum: bigint,
  now: number,
): { raised: bigint; skipped: number } {
  let left = sum;
  let skipped = 0;
  for (const entry of entries) {
    const line = lines.get(entry.id);
    if (entry.kind === 'open') {
      const seconds = entry.settleBy - now;
      if (!line && entry.cap <= left && seconds > 0 && seconds <= LINE_MAX_SECONDS) {
        lines.set(entry.id, { cap: entry.cap, paid: 0n, settleBy: entry.settleBy, closeAt: 0 });
        left -= entry.cap;
      } else skipped++;
    } else if (!line || line.closeAt !== 0) {
      skipped++;
    } else if (entry.kind === 'close') {
      line.closeAt = now + closeDelay;
    } else if (entry.cap > line.cap && entry.cap - line.cap <= left && now <= line.settleBy) {
      left -= entry.cap - line.cap;
      line.cap = entry.cap;
    } else skipped++;
  }
  return { raised: sum - left, skipped };
}

/**
 * I-2, I-3: pays what the receipts allow and `available` covers, in their order; null, and nothing is changed, when one that
 * would count is not signed.
 */
export function settle(
  books: EscrowBooks,
  claims: readonly Claim[],
  available: bigint,
  now: number,
): { payments: Payment[]; short: boolean; finals: number } | null {
  const lines = new Map([...books.lines].map(([id, entry]) => [id, { ...entry }]));
  const payments: Payment[] = [];
  let [left, short, finals] = [available, false, 0];
  for (const { id, total, final, signed } of claims) {
    const line = lines.get(id);
    if (!line || now > lastSecond(line)) continue;
    const earned = least(total, line.cap);
    const due = most(0n, least(earned - line.paid, left));
    if (due === 0n && !final) continue;
    if (!signed) return null;
    if (due < earned - line.paid) short = true;
    line.paid += due;
    left -= due;
    if (final) {
      finals++;
      line.cap = most(line.paid, earned);
      if (line.closeAt === 0) line.closeAt = line.settleBy;
    }
    if (due > 0n) payments.push({ id, amount: due });
  }
  books.lines = lines;
  return { payments, short, finals };
}

/** Returns how many lines it closed. */
export function close({ lines, closeDelay }: EscrowBooks, ids: readonly string[], now: number): number {
  let closed = 0;
  for (const id of ids) {
    const line = lines.get(id);
    if (!line || line.closeAt !== 0) continue;
    line.closeAt = now + closeDelay;
    closed++;
  }
  return closed;
}

/** I-11: an ended line keeps its entry until it can never be opened again. */
export function prune(
  { lines }: EscrowBooks,
  ids: readonly string[],
  now: number,
): { deleted: number; emptied: number } {
  let [deleted, emptied] = [0, 0];
  for (const id of ids) {
    const line = lines.get(id);
    if (!line || now <= lastSecond(line)) continue;
    if (now > line.settleBy) {
      lines.delete(id);
      deleted++;
    } else {
      line.cap = line.paid;
      emptied++;
    }
  }
  return { deleted, emptied };
}

/** I-9: what came back is owed again, or free where there is no entry. */
export function restore({ lines }: EscrowBooks, { id, amount }: Payment): void {
  const line = lines.get(id);
  if (line) line.paid -= amount;
}

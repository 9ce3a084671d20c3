import { lineId, type Line } from '../protocol/line';
import { RECEIPT_FINAL, type Receipt, type Signed } from '../protocol/signed';
import type { EscrowState, LineEntry } from './types';

/** A line with the newest receipt that somebody holds for it. */
export interface SettleItem {
  line: Line;
  receipt: Signed<Receipt>;
}

export interface HeldReceipt extends SettleItem {
  /** Account hash of the escrow. */
  escrow: Buffer;
}

/** An escrow's entry of a line; undefined where it has none, or is of another birth than the receipt. */
export function entryOf(item: SettleItem, state: EscrowState): LineEntry | undefined {
  if (!item.receipt.value.domain.equals(state.domain)) return undefined;
  return state.lines.get(lineId(item.line).toString('hex'));
}

/** What an escrow would pay on a receipt now; 0 when it would skip it. */
export function payableNano(item: SettleItem, state: EscrowState, nowUnix: number): bigint {
  const entry = entryOf(item, state);
  return entry && nowUnix <= lastSecond(entry) ? unpaidNano(item, entry) : 0n;
}

/** What a receipt says beyond what was paid, up to the cap, whether the line still pays or not. */
export function unpaidNano({ receipt }: SettleItem, entry: LineEntry): bigint {
  const { total } = receipt.value;
  const earned = total < entry.capNano ? total : entry.capNano;
  return earned > entry.paidNano ? earned - entry.paidNano : 0n;
}

/** What a final receipt would give back to the client beside what it pays; 0 for others, and once it was taken. */
export function freedNano(item: SettleItem, state: EscrowState, nowUnix: number): bigint {
  const entry = entryOf(item, state);
  const final = (item.receipt.value.flags & RECEIPT_FINAL) !== 0;
  if (!entry || !final || nowUnix > lastSecond(entry)) return 0n;
  return entry.capNano - entry.paidNano - unpaidNano(item, entry);
}

/** An escrow pays on a line up to and including this second. */
export function lastSecond({ settleBy, closeAt }: { settleBy: number; closeAt: number }): number {
  return closeAt === 0 ? settleBy : Math.min(settleBy, closeAt);
}

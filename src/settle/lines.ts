import type { HeldReceipt } from '../chain/dues';
import { lineId } from '../protocol/line';
import type { Receipt } from '../protocol/signed';

/** Lines of different escrows may share an id, and an escrow may be reborn: only domain and id name a line. */
export function lineKey(domain: Uint8Array, id: Uint8Array): string {
  return Buffer.concat([domain, id]).toString('hex');
}

export function keyOf({ line, receipt }: Pick<HeldReceipt, 'line' | 'receipt'>): string {
  return lineKey(receipt.value.domain, lineId(line));
}

/** By account hash in hex. */
export function byEscrow(held: readonly HeldReceipt[]): Map<string, HeldReceipt[]> {
  const groups = new Map<string, HeldReceipt[]>();
  for (const receipt of held) {
    const escrow = receipt.escrow.toString('hex');
    const group = groups.get(escrow);
    if (group) group.push(receipt);
    else groups.set(escrow, [receipt]);
  }
  return groups;
}

export function newestOfEachLine(receipts: readonly HeldReceipt[]): HeldReceipt[] {
  const newest = new Map<string, HeldReceipt>();
  for (const held of receipts) {
    const known = newest.get(keyOf(held));
    if (!known || isNewer(held.receipt.value, known.receipt.value)) newest.set(keyOf(held), held);
  }
  return [...newest.values()];
}

/** Totals only grow; of two with one total the final one says more. */
export function isNewer(receipt: Receipt, than: Receipt): boolean {
  if (receipt.total !== than.total) return receipt.total > than.total;
  return receipt.flags !== than.flags ? receipt.flags > than.flags : receipt.jobs > than.jobs;
}

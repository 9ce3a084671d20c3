import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import type { HeldReceipt } from '../chain/dues';
import { lineId } from '../protocol/line';
import { decodeSigned, receiptLayout } from '../protocol/signed';
import { readHeld, imagesOf } from './held';
import { isNewer } from './lines';
import { SETTLE_LIMITS } from './limits';

/** The newest receipt of each line, on disk: what a dead worker earned can still be claimed. */
export interface ReceiptStore {
  /**
   * `held` is checked by the caller. `full`: the store holds as many lines as it may, and this is of another one. On disk
   * when it returns.
   */
  keep(held: HeldReceipt): 'stored' | 'known' | 'full';
  /** Whether a receipt of this line is stored: then the line was there once. */
  knows(held: HeldReceipt): boolean;
  /** Every stored receipt whose line pays until `fromUnix` or later; a row that storage altered is left out. */
  all(fromUnix: number): HeldReceipt[];
  /** Forgets lines whose settle-by is before; answers how many. */
  prune(beforeUnix: number): number;
}

type Row = Record<'line' | 'receipt' | 'escrow', Uint8Array>;

export function createReceiptStore(db: DatabaseSyncInstance): ReceiptStore {
  const all = db.prepare('SELECT line, receipt, escrow FROM receipts WHERE settle_by >= ?');
  const one = db.prepare('SELECT receipt FROM receipts WHERE domain = ? AND line_id = ?');
  const count = db.prepare('SELECT count(*) AS lines FROM receipts');
  const put = db.prepare(
    `INSERT INTO receipts (domain, line_id, escrow, line, receipt, settle_by) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET receipt = excluded.receipt`,
  );
  const forget = db.prepare('DELETE FROM receipts WHERE settle_by < ?');

  return {
    keep(held) {
      const { domain } = held.receipt.value;
      const id = lineId(held.line);
      const known = one.get(domain, id) as Pick<Row, 'receipt'> | undefined;
      if (known) {
        const { value } = decodeSigned(receiptLayout, known.receipt);
        if (!isNewer(held.receipt.value, value)) return 'known';
      } else if ((count.get() as { lines: number }).lines >= SETTLE_LIMITS.storedLines) {
        return 'full';
      }
      const { line, receipt, escrow } = imagesOf(held);
      put.run(domain, id, escrow, line, receipt, held.line.settleBy);
      return 'stored';
    },
    knows: ({ line, receipt }) => one.get(receipt.value.domain, lineId(line)) !== undefined,
    all: (fromUnix) => (all.all(fromUnix) as Row[]).flatMap(readRow),
    prune: (beforeUnix) => Number(forget.run(beforeUnix).changes),
  };
}

function readRow({ line, receipt, escrow }: Row): HeldReceipt[] {
  try {
    return [
      readHeld({ line: Buffer.from(line), receipt: Buffer.from(receipt), escrow: Buffer.from(escrow) }),
    ];
  } catch {
    return [];
  }
}

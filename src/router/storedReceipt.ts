import { SIGNATURE_BYTES, verify } from '../protocol/ed25519';
import { lineId, parseLine } from '../protocol/line';
import { decodeSigned, receiptLayout, type Receipt, type Signed } from '../protocol/signed';

export const RECEIPT_BYTES = receiptLayout.size + SIGNATURE_BYTES;

/** A line's newest receipt as it lies in the ledger. All byte images; `receipt` is `image ‖ signature`. */
export interface StoredReceipt {
  lineId: Buffer;
  domain: Buffer;
  escrow: Buffer;
  line: Buffer;
  receipt: Buffer;
  settleBy: number;
}

/** Lines of different escrows may share an id, and an escrow may be reborn: only id and domain name a line. */
export function lineKey(id: Buffer, domain: Buffer): string {
  return id.toString('latin1') + domain.toString('latin1');
}

export function readReceipt(stored: StoredReceipt): Signed<Receipt> {
  return decodeSigned(receiptLayout, stored.receipt);
}

/** True when the row is what a worker signed: a row that storage altered is never settled or shown. */
export function isIntact(stored: StoredReceipt): boolean {
  try {
    const line = parseLine(stored.line);
    const { value, signature } = readReceipt(stored);
    return (
      lineId(line).equals(stored.lineId) &&
      value.lineId.equals(stored.lineId) &&
      value.domain.equals(stored.domain) &&
      line.settleBy === stored.settleBy &&
      verify(receiptLayout.hash(value), signature, line.workerKey)
    );
  } catch {
    return false;
  }
}

import { decodeSigned, receiptLayout, type Receipt, type Signed } from '../protocol/signed';
import { bytes, type Row } from './storeRows';

/** Two receipts of one key that count the same jobs of a line differently: it costs the Worker its stake. */
export interface StoredContradiction {
  /** Account hash of the Worker contract. */
  worker: Buffer;
  workerKey: Buffer;
  /** `image ‖ signature` each. */
  first: Buffer;
  second: Buffer;
}

/** The stored receipt, `image ‖ signature`, that counts as many jobs differently; null where each fits. `rows` are jobs of its line. */
export function contradictedBy(rows: readonly Row[], { value }: Signed<Receipt>): Buffer | null {
  for (const row of rows) {
    if (row['receipt'] === null) continue;
    const stored = bytes(row['receipt']);
    const known = decodeSigned(receiptLayout, stored).value;
    const tellsTheSame = known.total === value.total && known.jobsRoot.equals(value.jobsRoot);
    if (known.jobs === value.jobs && !tellsTheSame) return stored;
  }
  return null;
}

/** A row of the contradictions. */
export function storedContradiction(row: Row): StoredContradiction {
  return {
    worker: bytes(row['worker']),
    workerKey: bytes(row['worker_key']),
    first: bytes(row['first']),
    second: bytes(row['second']),
  };
}

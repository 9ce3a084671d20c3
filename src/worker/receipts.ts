import { sign, type KeyPair } from '../protocol/ed25519';
import { RECEIPT_FINAL, receiptLayout, type Receipt, type Signed } from '../protocol/signed';
import type { FaultPoint } from './groupCommit';
import type { Tally } from './ledger';

/** Signs what a line stands at. Call it only with a tally that the ledger has acknowledged. */
export type ReceiptSigner = (tally: Tally) => Signed<Receipt>;

export function createReceiptSigner(
  keys: KeyPair,
  deps: { now: () => number; faultPoint: FaultPoint },
): ReceiptSigner {
  return (tally) => {
    const value: Receipt = {
      domain: tally.domain,
      lineId: tally.lineId,
      total: tally.totalNano,
      jobs: BigInt(tally.jobs),
      jobsRoot: tally.jobsRoot,
      issuedAt: Math.floor(deps.now()),
      flags: tally.final ? RECEIPT_FINAL : 0,
    };
    deps.faultPoint('receipt.before-sign');
    const signature = sign(receiptLayout.hash(value), keys);
    deps.faultPoint('receipt.after-sign');
    return { value, signature };
  };
}

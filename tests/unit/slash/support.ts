import type { HeldReceipt } from '../../../src/chain/dues';
import { keyPairFromSeed, sign, type KeyPair } from '../../../src/protocol/ed25519';
import { sha256 } from '../../../src/protocol/hash';
import { lineId, NO_FEE_RECIPIENT, type Line } from '../../../src/protocol/line';
import { receiptLayout, type Receipt } from '../../../src/protocol/signed';

export const KEYS = keyPairFromSeed(Buffer.alloc(32, 5));
export const WORKER = sha256(Buffer.from('a worker'));
const ESCROW = sha256(Buffer.from('an escrow'));

/** A genuine receipt after seven jobs; `change` makes it another one, signed just as well. */
export function held(change: Partial<Receipt> = {}, keys: KeyPair = KEYS): HeldReceipt {
  const line: Line = {
    ...{ workerAddress: WORKER, settleBy: 1_900_000_000, feeBps: 0, feeTo: NO_FEE_RECIPIENT },
    workerKey: keys.publicKey,
  };
  const value: Receipt = {
    ...{ domain: sha256(ESCROW), lineId: lineId(line), total: 700n, jobs: 7n },
    ...{ jobsRoot: sha256(Buffer.from('seven jobs')), issuedAt: 1_890_000_000, flags: 0 },
    ...change,
  };
  return { escrow: ESCROW, line, receipt: { value, signature: sign(receiptLayout.hash(value), keys) } };
}

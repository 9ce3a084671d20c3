import { keyPairFromSeed, sign, type KeyPair } from '../src/protocol/ed25519';
import { sha256 } from '../src/protocol/hash';
import { NO_FEE_RECIPIENT, lineId, type Line } from '../src/protocol/line';
import { encodeSigned, receiptLayout, type Receipt } from '../src/protocol/signed';

export const workerKeys: KeyPair = keyPairFromSeed(Buffer.alloc(32, 1));
const DOMAIN = sha256(Buffer.from('bench domain'));

export interface BenchLine {
  line: Line;
  id: Buffer;
  escrow: Buffer;
  domain: Buffer;
}

/** Line number `i` of one worker, in an escrow of its own. */
export function benchLine(i: number): BenchLine {
  const line: Line = {
    workerAddress: sha256(Buffer.from('bench worker')),
    settleBy: 2_000_000_000 + i,
    feeBps: 0,
    feeTo: NO_FEE_RECIPIENT,
    workerKey: workerKeys.publicKey,
  };
  return { line, id: lineId(line), escrow: sha256(Buffer.from(`bench escrow ${i}`)), domain: DOMAIN };
}

/** The receipt for the first `jobs` jobs of a line, ten nanotons each. */
export function benchReceipt({ id, domain }: BenchLine, jobs: number): Receipt {
  return {
    domain,
    lineId: id,
    total: BigInt(jobs) * 10n,
    jobs: BigInt(jobs),
    jobsRoot: sha256(Buffer.from(`root ${jobs}`)),
    issuedAt: 1_900_000_000,
    flags: 0,
  };
}

/** `image ‖ signature`, as a worker sends it. */
export function signedReceipt(value: Receipt): Buffer {
  return encodeSigned(receiptLayout, { value, signature: sign(receiptLayout.hash(value), workerKeys) });
}

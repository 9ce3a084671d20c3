import { sign, verify, type KeyPair } from '../protocol/ed25519';
import { CocoonError } from '../protocol/errors';

/** Signs tickets and allocations: a key of this process, or whoever keeps one and signs 32-byte hashes with it. */
export type Signer = KeyPair | ExternalSigner;

export interface ExternalSigner {
  readonly publicKey: Buffer;
  /** The Ed25519 signature of 64 bytes over that hash. */
  sign(hash: Buffer): Promise<Uint8Array>;
}

/** Throws CocoonError `signer_failed` when an external signer refuses, or signs with another key. */
export async function signWith(signer: Signer, hash: Buffer): Promise<Buffer> {
  if ('seed' in signer) return sign(hash, signer);
  let signature: Buffer;
  try {
    signature = Buffer.from(await signer.sign(hash));
  } catch (cause) {
    throw new CocoonError('signer_failed', 'The signer did not sign.', { cause });
  }
  if (verify(hash, signature, signer.publicKey)) return signature;
  throw new CocoonError('signer_failed', 'The signer signed with another key than it names.');
}

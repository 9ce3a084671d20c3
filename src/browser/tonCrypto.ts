import { ed25519Sign, ed25519Verify, sha256 } from '../protocol/crypto';

/** What @ton/core asks of @ton/crypto, by the cryptography that is here anyway: it stands in its place in the bundle. */

const SEED_BYTES = 32;

export function sha256_sync(source: Buffer | string): Buffer {
  return sha256(typeof source === 'string' ? Buffer.from(source) : source);
}

/** `secretKey` is seed ‖ public key. */
export function sign(message: Buffer, secretKey: Buffer): Buffer {
  return ed25519Sign(message, secretKey.subarray(0, SEED_BYTES), secretKey.subarray(SEED_BYTES));
}

export function signVerify(message: Buffer, signature: Buffer, publicKey: Buffer): boolean {
  return ed25519Verify(message, signature, publicKey);
}

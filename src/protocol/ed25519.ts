import { ed25519PublicKey, ed25519Sign, ed25519Verify } from './crypto';
import { requireBytes } from './fields';

/** An Ed25519 key pair; `seed` is the 32-byte secret everything else follows from. */
export interface KeyPair {
  readonly publicKey: Buffer;
  readonly seed: Buffer;
}

export const SIGNATURE_BYTES = 64;
export const PUBLIC_KEY_BYTES = 32;
const SEED_BYTES = 32;
/** Everything signed here is a hash: cells by their hash, other texts by a SHA-256 with a context in front. */
const MESSAGE_BYTES = 32;

/** Throws RangeError unless the seed has 32 bytes. */
export function keyPairFromSeed(seed: Uint8Array): KeyPair {
  requireBytes('Ed25519 seed', seed, SEED_BYTES);
  const own = Buffer.from(seed);
  return { publicKey: ed25519PublicKey(own), seed: own };
}

/** Signs a 32-byte hash; deterministic. */
export function sign(hash: Buffer, keys: KeyPair): Buffer {
  requireBytes('signed hash', hash, MESSAGE_BYTES);
  return ed25519Sign(hash, keys.seed, keys.publicKey);
}

/**
 * True when `signature` over the 32-byte hash verifies under `publicKey`; false on any malformed input. As on the
 * chain, the check is cofactorless; keys and R of small order are refused besides. So what passes here passes there,
 * and a receipt that a router took is one that an escrow pays. A cofactored verifier (noble's own, for one) takes more.
 */
export function verify(hash: Buffer, signature: Buffer, publicKey: Buffer): boolean {
  if (hash.length !== MESSAGE_BYTES) return false;
  if (signature.length !== SIGNATURE_BYTES || publicKey.length !== PUBLIC_KEY_BYTES) return false;
  return ed25519Verify(hash, signature, publicKey);
}

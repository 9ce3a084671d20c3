import sodium from 'sodium-native';
import { requireBytes } from './fields';

/** The only signatures of this room, so that a browser build can swap this one file. */

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
  const publicKey = Buffer.alloc(PUBLIC_KEY_BYTES);
  sodium.crypto_sign_seed_keypair(publicKey, Buffer.alloc(sodium.crypto_sign_SECRETKEYBYTES), own);
  return { publicKey, seed: own };
}

/** Signs a 32-byte hash; deterministic. */
export function sign(hash: Buffer, keys: KeyPair): Buffer {
  requireBytes('signed hash', hash, MESSAGE_BYTES);
  const signature = Buffer.alloc(SIGNATURE_BYTES);
  sodium.crypto_sign_detached(signature, hash, Buffer.concat([keys.seed, keys.publicKey]));
  return signature;
}

/**
 * True when `signature` over the 32-byte hash verifies under `publicKey`; false on any malformed input. As on the
 * chain, the check is cofactorless; libsodium further refuses keys of small order. So what passes here passes there,
 * and a receipt that a router took is one that an escrow pays. A cofactored verifier (noble's, for one) takes more.
 */
export function verify(hash: Buffer, signature: Buffer, publicKey: Buffer): boolean {
  if (hash.length !== MESSAGE_BYTES) return false;
  if (signature.length !== SIGNATURE_BYTES || publicKey.length !== PUBLIC_KEY_BYTES) return false;
  return sodium.crypto_sign_verify_detached(signature, hash, publicKey);
}

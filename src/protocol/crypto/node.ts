import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  hash,
  randomBytes as randomByNode,
  timingSafeEqual,
} from 'node:crypto';
import sodium from 'sodium-native';
import { createHkdf } from './hkdf';
import { AES_TAG_BYTES, aesGcmName, ED25519_BYTES, NO_PREFIX, requireX25519Key, X25519_BYTES } from './sizes';
import type { Sha256 } from './types';

/**
 * In Node: OpenSSL for hashes and AES, libsodium for the curves. libsodium works on raw keys, where OpenSSL spends
 * longer on reading a key than on using it.
 */

/**
 * SHA-256 of the parts, joined. The one-shot call with a string result is about twice as fast as `createHash` for
 * the short inputs signed here.
 */
export function sha256(...parts: Uint8Array[]): Buffer {
  const input = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  return Buffer.from(hash('sha256', input, 'binary'), 'latin1');
}

/** SHA-256 of what comes piece by piece. */
export function createSha256(): Sha256 {
  const state = createHash('sha256');
  return {
    update: (data) => void state.update(data),
    digest: () => state.copy().digest(),
  };
}

/** HMAC-SHA256 (RFC 2104) of the parts, joined. */
export function hmacSha256(key: Uint8Array, ...parts: Uint8Array[]): Buffer {
  const mac = createHmac('sha256', key);
  for (const part of parts) mac.update(part);
  return mac.digest();
}

export const hkdf = createHkdf(hmacSha256);

/**
 * AES-GCM (NIST SP 800-38D): `prefix ‖ ciphertext ‖ tag:16`, in one piece, since copies are half the cost of a large
 * chunk. The key's length picks AES-128 or AES-256.
 */
export function aesGcmSeal(
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
  prefix: Uint8Array = NO_PREFIX,
): Buffer {
  const cipher = createCipheriv(aesGcmName(key, nonce), key, nonce, { authTagLength: AES_TAG_BYTES });
  cipher.setAAD(aad);
  const out = Buffer.allocUnsafe(prefix.length + plaintext.length + AES_TAG_BYTES);
  out.set(prefix);
  out.set(cipher.update(plaintext), prefix.length);
  // A stream cipher keeps nothing back.
  cipher.final();
  out.set(cipher.getAuthTag(), prefix.length + plaintext.length);
  return out;
}

/** The plaintext, or null when key, nonce, aad, ciphertext or tag differ from what was sealed. */
export function aesGcmOpen(
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  sealed: Uint8Array,
): Buffer | null {
  const name = aesGcmName(key, nonce);
  if (sealed.length < AES_TAG_BYTES) return null;
  const end = sealed.length - AES_TAG_BYTES;
  const decipher = createDecipheriv(name, key, nonce, { authTagLength: AES_TAG_BYTES });
  decipher.setAAD(aad);
  decipher.setAuthTag(sealed.subarray(end));
  try {
    const plaintext = decipher.update(sealed.subarray(0, end));
    decipher.final();
    return plaintext;
  } catch {
    return null;
  }
}

/** The public key of 32 secret bytes (RFC 7748). Throws RangeError unless there are 32. */
export function x25519PublicKey(privateKey: Uint8Array): Buffer {
  requireX25519Key(privateKey);
  const publicKey = Buffer.alloc(X25519_BYTES);
  sodium.crypto_scalarmult_base(publicKey, privateKey);
  return publicKey;
}

/**
 * The shared secret, or null when it would be zero: for a public key of low order (RFC 9180, section 7.1.4). Throws
 * RangeError unless both keys have 32 bytes.
 */
export function x25519(privateKey: Uint8Array, publicKey: Uint8Array): Buffer | null {
  requireX25519Key(privateKey);
  requireX25519Key(publicKey);
  const shared = Buffer.alloc(X25519_BYTES);
  try {
    sodium.crypto_scalarmult(shared, privateKey, publicKey);
  } catch {
    return null;
  }
  return shared;
}

/** The public key of a 32-byte seed (RFC 8032). */
export function ed25519PublicKey(seed: Uint8Array): Buffer {
  const publicKey = Buffer.alloc(ED25519_BYTES.publicKey);
  const secretKey = Buffer.alloc(ED25519_BYTES.seed + ED25519_BYTES.publicKey);
  sodium.crypto_sign_seed_keypair(publicKey, secretKey, seed);
  return publicKey;
}

/** Deterministic (RFC 8032); `publicKey` is the seed's. */
export function ed25519Sign(message: Uint8Array, seed: Uint8Array, publicKey: Uint8Array): Buffer {
  const signature = Buffer.alloc(ED25519_BYTES.signature);
  sodium.crypto_sign_detached(signature, message, Buffer.concat([seed, publicKey]));
  return signature;
}

/**
 * Whether the signature verifies, without the cofactor; S below the order, keys and R canonical and not of small
 * order. Sizes are the caller's to check.
 */
export function ed25519Verify(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
  return sodium.crypto_sign_verify_detached(signature, message, publicKey);
}

/** Unpredictable bytes, for keys too. */
export function randomBytes(bytes: number): Buffer {
  return randomByNode(bytes);
}

/** Equality in a time that does not depend on where the first difference is; false for other lengths. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

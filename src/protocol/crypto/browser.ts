import { gcm } from '@noble/ciphers/aes';
import { ed25519, x25519 as noble25519 } from '@noble/curves/ed25519';
import { hmac } from '@noble/hashes/hmac';
import { sha256 as nobleSha256, sha512 } from '@noble/hashes/sha2';
import { createHkdf } from './hkdf';
import { AES_TAG_BYTES, aesGcmName, ED25519_BYTES, NO_PREFIX, requireX25519Key } from './sizes';
import type { Sha256 } from './types';

/**
 * In browsers, whose own cryptography answers later: the same in JavaScript, without a clock or a fallback. What each
 * function promises is said in `node.ts`; tests hold the two against each other, on forged inputs too.
 */

export function sha256(...parts: Uint8Array[]): Buffer {
  const state = nobleSha256.create();
  for (const part of parts) state.update(part);
  return asBuffer(state.digest());
}

export function createSha256(): Sha256 {
  const state = nobleSha256.create();
  return {
    update: (data) => void state.update(data),
    digest: () => asBuffer(state.clone().digest()),
  };
}

export function hmacSha256(key: Uint8Array, ...parts: Uint8Array[]): Buffer {
  const mac = hmac.create(nobleSha256, key);
  for (const part of parts) mac.update(part);
  return asBuffer(mac.digest());
}

export const hkdf = createHkdf(hmacSha256);

export function aesGcmSeal(
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
  prefix: Uint8Array = NO_PREFIX,
): Buffer {
  aesGcmName(key, nonce);
  return Buffer.concat([prefix, gcm(key, nonce, aad).encrypt(plaintext)]);
}

export function aesGcmOpen(
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  sealed: Uint8Array,
): Buffer | null {
  aesGcmName(key, nonce);
  if (sealed.length < AES_TAG_BYTES) return null;
  try {
    return asBuffer(gcm(key, nonce, aad).decrypt(sealed));
  } catch {
    return null;
  }
}

export function x25519PublicKey(privateKey: Uint8Array): Buffer {
  requireX25519Key(privateKey);
  return asBuffer(noble25519.getPublicKey(privateKey));
}

export function x25519(privateKey: Uint8Array, publicKey: Uint8Array): Buffer | null {
  requireX25519Key(privateKey);
  requireX25519Key(publicKey);
  try {
    return asBuffer(noble25519.getSharedSecret(privateKey, publicKey));
  } catch {
    return null;
  }
}

export function ed25519PublicKey(seed: Uint8Array): Buffer {
  return asBuffer(ed25519.getPublicKey(seed));
}

/** The public key is computed anew, which is safer than believing the caller and costs a third. */
export function ed25519Sign(message: Uint8Array, seed: Uint8Array, _publicKey: Uint8Array): Buffer {
  return asBuffer(ed25519.sign(message, seed));
}

/**
 * noble's own check multiplies by the cofactor and so takes signatures that the chain and libsodium refuse. Here R is
 * computed from S and compared by its bytes, as they do.
 */
export function ed25519Verify(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
  const { Point } = ed25519;
  const r = signature.subarray(0, 32);
  const s = littleEndian(signature.subarray(32, ED25519_BYTES.signature));
  try {
    const key = Point.fromBytes(publicKey);
    if (key.isSmallOrder() || Point.fromBytes(r).isSmallOrder()) return false;
    const challenge = sha512.create().update(r).update(publicKey).update(message).digest();
    const k = littleEndian(challenge) % Point.Fn.ORDER;
    const expected = Point.BASE.multiplyUnsafe(s).subtract(key.multiplyUnsafe(k));
    return equalBytes(expected.toBytes(), r);
  } catch {
    return false; // No point of the curve, not the canonical way to write it, or an S of the order or more.
  }
}

/** `crypto.getRandomValues` gives at most 64 KiB at once. */
export function randomBytes(bytes: number): Buffer {
  const out = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; at += 65_536) globalThis.crypto.getRandomValues(out.subarray(at, at + 65_536));
  return out;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

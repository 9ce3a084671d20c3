import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto';
import { P256_KEY_BYTES, P256_SIGNATURE_BYTES, type AttestationCrypto } from './types';

/** Answers at once, with node:crypto. */
export const nodeCrypto: AttestationCrypto = {
  sha256: (data) => digest('sha256', data),
  sha384: (data) => digest('sha384', data),
  verifyP256(key, message, signature) {
    const object = publicKey(key);
    if (object === null || signature.length !== P256_SIGNATURE_BYTES) return false;
    return verify('sha256', message, { key: object, dsaEncoding: 'ieee-p1363' }, signature);
  },
};

function digest(algorithm: 'sha256' | 'sha384', data: Uint8Array): Uint8Array {
  return new Uint8Array(createHash(algorithm).update(data).digest());
}

/** The same few authorities sign everything, and making a key object takes as long as checking a signature. */
const KEPT_KEYS = 16;
const kept = new Map<string, KeyObject | null>();

function publicKey(key: Uint8Array): KeyObject | null {
  if (key.length !== P256_KEY_BYTES) return null;
  const name = Buffer.from(key).toString('latin1');
  const known = kept.get(name);
  if (known !== undefined) kept.delete(name);
  const object = known === undefined ? importKey(key) : known;
  kept.set(name, object);
  if (kept.size > KEPT_KEYS) kept.delete(kept.keys().next().value!);
  return object;
}

function importKey(key: Uint8Array): KeyObject | null {
  const coordinate = (from: number): string =>
    Buffer.from(key.subarray(from, from + 32)).toString('base64url');
  try {
    // Half the time of a DER key, and the point is checked to be on the curve just so.
    const jwk = { kty: 'EC', crv: 'P-256', x: coordinate(0), y: coordinate(32) };
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    return null; // No point of the curve.
  }
}

import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto';
import { P256_KEY_BYTES, P256_SIGNATURE_BYTES, type AttestationCrypto } from './types';

/** SubjectPublicKeyInfo of an uncompressed P-256 point, before x ‖ y. */
const SPKI_PREFIX = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex');

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

function publicKey(key: Uint8Array): KeyObject | null {
  if (key.length !== P256_KEY_BYTES) return null;
  try {
    return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, key]), format: 'der', type: 'spki' });
  } catch {
    return null; // No point of the curve.
  }
}

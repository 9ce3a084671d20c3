import { createCipheriv, createDecipheriv } from 'node:crypto';

/** AES-GCM with a 16-byte tag appended. The key's length picks AES-128 or AES-256; only the latter is used on the wire. */
export const AEAD_ID = 0x0002;
export const TAG_BYTES = 16;
export const NONCE_BYTES = 12;

export function aeadSeal(key: Buffer, nonce: Buffer, aad: Buffer, plaintext: Uint8Array): Buffer {
  const cipher = createCipheriv(suiteOf(key), key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(aad);
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** The plaintext, or null when key, nonce, aad, ciphertext or tag differ from what was sealed. */
export function aeadOpen(key: Buffer, nonce: Buffer, aad: Buffer, sealed: Buffer): Buffer | null {
  if (sealed.length < TAG_BYTES) return null;
  const decipher = createDecipheriv(suiteOf(key), key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(aad);
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES)), decipher.final()]);
  } catch {
    return null;
  }
}

/** `base XOR sequence`, the sequence number being big-endian in the last eight bytes. */
export function sequenceNonce(base: Buffer, sequence: bigint): Buffer {
  const nonce = Buffer.from(base);
  nonce.writeBigUInt64BE(nonce.readBigUInt64BE(NONCE_BYTES - 8) ^ sequence, NONCE_BYTES - 8);
  return nonce;
}

function suiteOf(key: Buffer): 'aes-128-gcm' | 'aes-256-gcm' {
  return key.length === 16 ? 'aes-128-gcm' : 'aes-256-gcm';
}

import { aesGcmOpen, aesGcmSeal } from '../protocol/crypto';

/** AES-GCM with a 16-byte tag appended. The key's length picks AES-128 or AES-256; only the latter is used on the wire. */
export const AEAD_ID = 0x0002;
export const TAG_BYTES = 16;
export const NONCE_BYTES = 12;

export const aeadSeal = aesGcmSeal;
/** The plaintext, or null when key, nonce, aad, ciphertext or tag differ from what was sealed. */
export const aeadOpen = aesGcmOpen;

/** `base XOR sequence`, the sequence number being big-endian in the last eight bytes. */
export function sequenceNonce(base: Buffer, sequence: bigint): Buffer {
  const nonce = Buffer.from(base);
  nonce.writeBigUInt64BE(nonce.readBigUInt64BE(NONCE_BYTES - 8) ^ sequence, NONCE_BYTES - 8);
  return nonce;
}

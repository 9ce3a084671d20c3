/** What both implementations demand of their inputs, so that they refuse the same ones. */

export const X25519_BYTES = 32;
export const AES_TAG_BYTES = 16;
const AES_NONCE_BYTES = 12;
export const NO_PREFIX = new Uint8Array(0);
export const ED25519_BYTES = { seed: 32, publicKey: 32, signature: 64 } as const;

export function requireX25519Key(key: Uint8Array): void {
  if (key.length !== X25519_BYTES) throw new RangeError(`an X25519 key of ${key.length} bytes`);
}

/** Throws RangeError unless the key has 16 or 32 bytes and the nonce 12. */
export function aesGcmName(key: Uint8Array, nonce: Uint8Array): 'aes-128-gcm' | 'aes-256-gcm' {
  if (nonce.length !== AES_NONCE_BYTES) throw new RangeError(`an AES-GCM nonce of ${nonce.length} bytes`);
  if (key.length === 32) return 'aes-256-gcm';
  if (key.length === 16) return 'aes-128-gcm';
  throw new RangeError(`an AES key of ${key.length} bytes`);
}

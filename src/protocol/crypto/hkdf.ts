/** HKDF-SHA256 (RFC 5869), from whichever HMAC there is. */
export interface Hkdf {
  extract(salt: Uint8Array, input: Uint8Array): Buffer;
  /** Throws RangeError above 255 * 32 bytes. */
  expand(prk: Uint8Array, info: Uint8Array, bytes: number): Buffer;
}

const HASH_BYTES = 32;
const MAX_BYTES = 255 * HASH_BYTES;
const NOTHING = Buffer.alloc(0);

export function createHkdf(hmac: (key: Uint8Array, ...parts: Uint8Array[]) => Buffer): Hkdf {
  return {
    extract: hmac,
    expand(prk, info, bytes) {
      if (bytes > MAX_BYTES) throw new RangeError(`HKDF-Expand: ${bytes} bytes are too many`);
      let block = hmac(prk, NOTHING, info, Buffer.from([1]));
      if (bytes <= HASH_BYTES) return block.subarray(0, bytes);
      const blocks = [block];
      for (let counter = 2; blocks.length * HASH_BYTES < bytes; counter++) {
        block = hmac(prk, block, info, Buffer.from([counter]));
        blocks.push(block);
      }
      return Buffer.concat(blocks).subarray(0, bytes);
    },
  };
}

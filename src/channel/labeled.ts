import { createHmac } from 'node:crypto';

/** HKDF-SHA256 and the labelled forms of RFC 9180, section 4. */
export const KDF_ID = 0x0001;
const HASH_BYTES = 32;
const VERSION = Buffer.from('HPKE-v1', 'latin1');

export function extract(salt: Buffer, input: Buffer): Buffer {
  return createHmac('sha256', salt).update(input).digest();
}

export function expand(prk: Buffer, info: Buffer, bytes: number): Buffer {
  if (bytes > 255 * HASH_BYTES) throw new RangeError(`HKDF-Expand: ${bytes} bytes are too many`);
  const blocks: Buffer[] = [];
  let block: Buffer = Buffer.alloc(0);
  for (let counter = 1; (counter - 1) * HASH_BYTES < bytes; counter++) {
    block = createHmac('sha256', prk)
      .update(block)
      .update(info)
      .update(Buffer.from([counter]))
      .digest();
    blocks.push(block);
  }
  return Buffer.concat(blocks).subarray(0, bytes);
}

export function labeledExtract(suite: Buffer, salt: Buffer, label: string, input: Buffer): Buffer {
  return extract(salt, Buffer.concat([VERSION, suite, Buffer.from(label, 'latin1'), input]));
}

export function labeledExpand(
  suite: Buffer,
  prk: Buffer,
  label: string,
  info: Buffer,
  bytes: number,
): Buffer {
  const length = Buffer.from([bytes >> 8, bytes & 0xff]);
  return expand(prk, Buffer.concat([length, VERSION, suite, Buffer.from(label, 'latin1'), info]), bytes);
}

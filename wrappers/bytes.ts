import { beginCell, type Builder, type Cell } from '@ton/core';

/** The contracts keep hashes and keys as integers; everybody else has them as bytes. */
export function toInt(bytes: Buffer, size: number): bigint {
  if (bytes.length !== size) throw new RangeError(`${bytes.length} bytes, expected ${size}`);
  return BigInt(`0x${bytes.toString('hex')}`);
}

export function toBytes(value: bigint, size: number): Buffer {
  return Buffer.from(value.toString(16).padStart(size * 2, '0'), 'hex');
}

export function packed(store: (builder: Builder) => void): Cell {
  return beginCell().store(store).endCell();
}

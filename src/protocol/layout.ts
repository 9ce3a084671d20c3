import { beginCell, type Builder, type Cell, type Slice } from '@ton/core';
import { sha256 } from './hash';

/**
 * A signed structure is one cell without references whose data is a fixed, byte-aligned image. The image is
 * described once, here; the cell codec, the byte codec and the hash all follow from it, so they cannot part.
 */
export type FieldKind = 'u8' | 'u16' | 'u32' | 'i32' | 'u64' | 'bytes16' | 'bytes20' | 'bytes32';

type FieldValue<K extends FieldKind> = K extends 'u64'
  ? bigint
  : K extends `bytes${string}`
    ? Buffer
    : number;

export type Fields = Readonly<Record<string, FieldKind>>;
export type Struct<F extends Fields> = { [N in keyof F]: FieldValue<F[N]> };

const SIZE: Record<FieldKind, number> = {
  u8: 1,
  u16: 2,
  u32: 4,
  i32: 4,
  u64: 8,
  bytes16: 16,
  bytes20: 20,
  bytes32: 32,
};
/** A cell holds 1,023 bits, so at most 127 whole bytes. */
const MAX_IMAGE_BYTES = 127;

export interface Layout<F extends Fields> {
  readonly name: string;
  /** Bytes of the image, the tag included. */
  readonly size: number;
  /** The image: `tag ‖ fields`, big-endian. Throws RangeError when a field does not fit its kind. */
  image(value: Struct<F>): Buffer;
  /** Reads an image back; throws RangeError on a wrong size or tag. */
  parse(image: Uint8Array): Struct<F>;
  /** SHA-256 of the cell that holds the image: what is signed. */
  hash(value: Struct<F>): Buffer;
  /** The same hash for an image already at hand. */
  hashImage(image: Uint8Array): Buffer;
  store(value: Struct<F>): (builder: Builder) => void;
  load(slice: Slice): Struct<F>;
  toCell(value: Struct<F>): Cell;
}

export function layout<const F extends Fields>(name: string, tag: number, fields: F): Layout<F> {
  const names = Object.keys(fields) as (keyof F & string)[];
  const size = 4 + names.reduce((sum, field) => sum + SIZE[kindOf(fields, field)], 0);
  if (size > MAX_IMAGE_BYTES) throw new RangeError(`${name}: ${size} bytes do not fit one cell`);

  const writeInto = (value: Struct<F>, out: Buffer, start: number): void => {
    let at = out.writeUInt32BE(tag, start);
    for (const field of names) at = writeField(name, field, kindOf(fields, field), value[field], out, at);
  };

  const image = (value: Struct<F>): Buffer => {
    const out = Buffer.allocUnsafe(size);
    writeInto(value, out, 0);
    return out;
  };

  // Ordinary cell, no references: descriptor bytes 0 and 2 x full bytes, then the data.
  const preimage = Buffer.alloc(2 + size);
  preimage[1] = 2 * size;

  const parse = (bytes: Uint8Array): Struct<F> => {
    const buffer = asBuffer(bytes);
    if (buffer.length !== size) throw new RangeError(`${name}: ${buffer.length} bytes, expected ${size}`);
    if (buffer.readUInt32BE(0) !== tag) throw new RangeError(`${name}: wrong tag`);
    const value: Record<string, number | bigint | Buffer> = {};
    let at = 4;
    for (const field of names) {
      const kind = kindOf(fields, field);
      value[field] = readField(kind, buffer, at);
      at += SIZE[kind];
    }
    return value as Struct<F>;
  };

  const store = (value: Struct<F>) => (builder: Builder) => {
    builder.storeBuffer(image(value));
  };

  return {
    name,
    size,
    image,
    parse,
    hash(value) {
      writeInto(value, preimage, 2);
      return sha256(preimage);
    },
    hashImage(bytes) {
      if (bytes.length !== size) throw new RangeError(`${name}: ${bytes.length} bytes, expected ${size}`);
      preimage.set(bytes, 2);
      return sha256(preimage);
    },
    store,
    load: (slice) => parse(slice.loadBuffer(size)),
    toCell: (value) => beginCell().store(store(value)).endCell(),
  };
}

function kindOf<F extends Fields>(fields: F, field: keyof F & string): FieldKind {
  return fields[field] as FieldKind;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function writeField(
  struct: string,
  field: string,
  kind: FieldKind,
  value: number | bigint | Buffer,
  out: Buffer,
  at: number,
): number {
  switch (kind) {
    case 'u8':
      return out.writeUInt8(value as number, at);
    case 'u16':
      return out.writeUInt16BE(value as number, at);
    case 'u32':
      return out.writeUInt32BE(value as number, at);
    case 'i32':
      return out.writeInt32BE(value as number, at);
    case 'u64':
      return out.writeBigUInt64BE(value as bigint, at);
    case 'bytes16':
    case 'bytes20':
    case 'bytes32': {
      const bytes = value as Buffer;
      if (bytes.length !== SIZE[kind]) {
        throw new RangeError(`${struct}.${field}: ${bytes.length} bytes, expected ${SIZE[kind]}`);
      }
      out.set(bytes, at);
      return at + SIZE[kind];
    }
  }
}

function readField(kind: FieldKind, from: Buffer, at: number): number | bigint | Buffer {
  switch (kind) {
    case 'u8':
      return from.readUInt8(at);
    case 'u16':
      return from.readUInt16BE(at);
    case 'u32':
      return from.readUInt32BE(at);
    case 'i32':
      return from.readInt32BE(at);
    case 'u64':
      return from.readBigUInt64BE(at);
    case 'bytes16':
    case 'bytes20':
    case 'bytes32':
      return Buffer.from(from.subarray(at, at + SIZE[kind]));
  }
}

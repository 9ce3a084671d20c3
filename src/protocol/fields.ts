/**
 * Fixed byte images: a constant prefix and big-endian fields of fixed size. Every structure of the protocol is
 * described once as such a list, and everything else follows from it: encoder, decoder, hash, TL-B line, tables.
 */
export type FieldKind = 'u8' | 'u16' | 'u32' | 'i32' | 'u64' | 'bytes16' | 'bytes20' | 'bytes32';

type FieldValue<K extends FieldKind> = K extends 'u64'
  ? bigint
  : K extends `bytes${string}`
    ? Buffer
    : number;

export type Fields = Readonly<Record<string, FieldKind>>;
export type Struct<F extends Fields> = { [N in keyof F]: FieldValue<F[N]> };

/** Memory to write an image to. The view writes integers several times faster than Buffer's own methods. */
export interface Target {
  readonly bytes: Buffer;
  readonly view: DataView;
}

/** How one kind of field lies in an image. */
interface Codec {
  readonly bytes: number;
  /** Its type in TL-B. */
  readonly tlb: string;
  /** Writes the value, or returns false when it does not fit: nothing is ever rounded, cut or padded. */
  write(value: unknown, to: Target, at: number): boolean;
  /** May return a part of `from`. */
  read(from: Buffer, at: number): number | bigint | Buffer;
}

const U64_MAX = 0xffff_ffff_ffff_ffffn;

export const CODECS: Readonly<Record<FieldKind, Codec>> = {
  u8: {
    bytes: 1,
    tlb: 'uint8',
    write: (value, to, at) => isWhole(value, 0, 0xff) && (to.view.setUint8(at, value), true),
    read: (from, at) => from.readUInt8(at),
  },
  u16: {
    bytes: 2,
    tlb: 'uint16',
    write: (value, to, at) => isWhole(value, 0, 0xffff) && (to.view.setUint16(at, value), true),
    read: (from, at) => from.readUInt16BE(at),
  },
  u32: {
    bytes: 4,
    tlb: 'uint32',
    write: (value, to, at) => isWhole(value, 0, 0xffff_ffff) && (to.view.setUint32(at, value), true),
    read: (from, at) => from.readUInt32BE(at),
  },
  i32: {
    bytes: 4,
    tlb: 'int32',
    write: (value, to, at) =>
      isWhole(value, -0x8000_0000, 0x7fff_ffff) && (to.view.setInt32(at, value), true),
    read: (from, at) => from.readInt32BE(at),
  },
  u64: {
    bytes: 8,
    tlb: 'uint64',
    write: (value, to, at) =>
      typeof value === 'bigint' && value >= 0n && value <= U64_MAX && (to.view.setBigUint64(at, value), true),
    read: (from, at) => from.readBigUInt64BE(at),
  },
  bytes16: bytesOf(16),
  bytes20: bytesOf(20),
  bytes32: bytesOf(32),
};

function isWhole(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
}

function bytesOf(size: number): Codec {
  return {
    bytes: size,
    tlb: `bits${size * 8}`,
    write: (value, to, at) =>
      value instanceof Uint8Array && value.length === size && (to.bytes.set(value, at), true),
    read: (from, at) => from.subarray(at, at + size),
  };
}

/** Where a field lies. */
export interface FieldPlace {
  readonly name: string;
  readonly kind: FieldKind;
  readonly at: number;
}

export interface ByteImage<F extends Fields> {
  readonly name: string;
  /** Bytes of the image, the prefix included. */
  readonly size: number;
  readonly prefix: Buffer;
  readonly places: readonly FieldPlace[];
  /** `prefix ‖ fields`. Throws RangeError that names the field which does not fit its kind. */
  image(value: Struct<F>): Buffer;
  /** Reads an image back, sharing no memory with it; throws RangeError on a wrong size or prefix. */
  parse(image: Uint8Array): Struct<F>;
  /** Throws RangeError unless these bytes have the size and the prefix. */
  requireImage(this: void, image: Uint8Array): void;
  /** Writes the fields, but not the prefix, to an image that begins at `start` of memory at hand. */
  writeFields(this: void, value: Struct<F>, to: Target, start: number): void;
}

export function byteImage<const F extends Fields>(name: string, prefix: Buffer, fields: F): ByteImage<F> {
  const places: FieldPlace[] = [];
  let size = prefix.length;
  for (const [field, kind] of Object.entries(fields)) {
    places.push({ name: field, kind, at: size });
    size += CODECS[kind].bytes;
  }
  const codecs = places.map((place) => CODECS[place.kind]);
  const scratch = createTarget(size);
  scratch.bytes.set(prefix);

  const writeFields = (value: Struct<F>, to: Target, start: number): void => {
    for (let i = 0; i < places.length; i++) {
      const place = places[i]!;
      const fieldValue: unknown = value[place.name];
      if (!codecs[i]!.write(fieldValue, to, start + place.at)) {
        throw new RangeError(`${name}.${place.name}: ${describe(fieldValue)} is not ${place.kind}`);
      }
    }
  };

  const requireImage = (image: Uint8Array): void => {
    requireBytes(name, image, size);
    for (let i = 0; i < prefix.length; i++) {
      if (image[i] === prefix[i]) continue;
      throw new RangeError(`${name}: byte ${i} is ${image[i]}, expected ${prefix[i]}`);
    }
  };

  return {
    name,
    size,
    prefix,
    places,
    writeFields,
    image(value) {
      writeFields(value, scratch, 0);
      return Buffer.from(scratch.bytes);
    },
    requireImage,
    parse(image) {
      requireImage(image);
      const own = Buffer.from(image);
      const value: Record<string, number | bigint | Buffer> = {};
      places.forEach((place, i) => (value[place.name] = codecs[i]!.read(own, place.at)));
      return value as Struct<F>;
    },
  };
}

export function createTarget(size: number): Target {
  const memory = new ArrayBuffer(size);
  return { bytes: Buffer.from(memory), view: new DataView(memory) };
}

/** Throws RangeError unless `bytes` has exactly `size` bytes. */
export function requireBytes(what: string, bytes: Uint8Array, size: number): void {
  if (bytes.length !== size) throw new RangeError(`${what}: ${bytes.length} bytes, expected ${size}`);
}

/** Enough to recognise a wrong value; never its bytes, which could be a secret. */
function describe(value: unknown): string {
  if (value instanceof Uint8Array) return `a buffer of ${value.length} bytes`;
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : typeof value;
}

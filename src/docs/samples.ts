import { CODECS, type ByteImage, type FieldKind, type Fields, type Struct } from '../protocol/fields';
import { sha256 } from '../protocol/hash';

/**
 * The values that golden vectors are made of: all zero, all at their largest, and derived from a fixed seed. The
 * same on every machine, so that a vector changes only when the protocol does.
 */
export const SAMPLE_NAMES = ['zero', 'largest', 'seeded'] as const;
export type SampleName = (typeof SAMPLE_NAMES)[number];

/** Bytes that depend on the label only. */
export function seededBytes(label: string, size: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(size / 32) }, (_, i) =>
    sha256(Buffer.from(`cocoon/vectors/v1\0${label}\0${i}`)),
  );
  return Buffer.concat(blocks).subarray(0, size);
}

/** A value of any structure. */
export function sampleOf<F extends Fields>(
  of: Pick<ByteImage<F>, 'name' | 'places' | 'image'>,
  sample: SampleName,
): Struct<F> {
  const value = of.places.map(({ name, kind }) => {
    const codec = CODECS[kind];
    return [name, codec.read(sampleBytes(`${of.name}.${name}`, kind, sample), 0)];
  });
  return Object.fromEntries(value) as Struct<F>;
}

function sampleBytes(label: string, kind: FieldKind, sample: SampleName): Buffer {
  const size = CODECS[kind].bytes;
  if (sample === 'seeded') return seededBytes(label, size);
  const bytes = Buffer.alloc(size, sample === 'zero' ? 0 : 0xff);
  if (sample === 'largest' && kind === 'i32') bytes[0] = 0x7f;
  return bytes;
}

/** For JSON: bytes as hex, 64-bit numbers as decimal strings, all else as it is. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]));
  }
  return value;
}

import fc from 'fast-check';
import type { ByteImage, FieldKind, Fields, Struct } from '../../../src/protocol/fields';

const U64_MAX = 2n ** 64n - 1n;

export const bytes = (size: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ minLength: size, maxLength: size }).map((array) => Buffer.from(array));

const KIND: Record<FieldKind, fc.Arbitrary<number | bigint | Buffer>> = {
  u8: fc.integer({ min: 0, max: 0xff }),
  u16: fc.integer({ min: 0, max: 0xffff }),
  u32: fc.integer({ min: 0, max: 0xffff_ffff }),
  i32: fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }),
  u64: fc.bigInt({ min: 0n, max: U64_MAX }),
  bytes16: bytes(16),
  bytes20: bytes(20),
  bytes32: bytes(32),
};

/** Any value of a structure. */
export function structOf<F extends Fields>(
  of: Pick<ByteImage<F>, 'places' | 'image'>,
): fc.Arbitrary<Struct<F>> {
  return fc.record(
    Object.fromEntries(of.places.map(({ name, kind }) => [name, KIND[kind]])),
  ) as unknown as fc.Arbitrary<Struct<F>>;
}

/** The values just outside a field's range, and some of the wrong kind. */
export const MISFITS: Record<FieldKind, unknown[]> = {
  u8: [-1, 256, 1.5, NaN, '1', 1n, undefined],
  u16: [-1, 65_536, 0.5, NaN, null],
  u32: [-1, 4_294_967_296, 1e-9, Infinity, 7n],
  i32: [-2_147_483_649, 2_147_483_648, 0.1],
  u64: [-1n, U64_MAX + 1n, 5, '5', undefined],
  bytes16: [Buffer.alloc(15), Buffer.alloc(17), '0'.repeat(16), undefined],
  bytes20: [Buffer.alloc(19), Buffer.alloc(21), new Array(20).fill(0)],
  bytes32: [Buffer.alloc(31), Buffer.alloc(33), 'a'.repeat(32), null],
};

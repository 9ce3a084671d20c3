import fc from 'fast-check';
import { byteImage, type ByteImage, type Fields, type Struct } from '../../../src/protocol/fields';
import { jobRecordFields } from '../../../src/protocol/jobRecord';
import { lineFields } from '../../../src/protocol/line';
import { statementFields } from '../../../src/protocol/statement';
import { askLayout, hpkeCertificateLayout, receiptLayout, ticketLayout } from '../../../src/protocol/signed';
import { MISFITS, structOf } from './arbitraries';

type AnyImage = Pick<ByteImage<Fields>, 'name' | 'size' | 'prefix' | 'places' | 'image' | 'parse'>;

const IMAGES = [
  lineFields,
  jobRecordFields,
  statementFields,
  ticketLayout,
  receiptLayout,
  hpkeCertificateLayout,
  askLayout,
] as unknown as AnyImage[];

const every = byteImage('Every', Buffer.from([7, 8]), {
  a: 'u8',
  b: 'u16',
  c: 'u32',
  d: 'i32',
  e: 'u64',
  f: 'bytes16',
  g: 'bytes20',
  h: 'bytes32',
});

describe('byte images', () => {
  it('lie as written down: prefix, then big-endian fields without gaps', () => {
    const image = every.image({
      a: 0x01,
      b: 0x0203,
      c: 0x0405_0607,
      d: -2,
      e: 0x0809_0a0b_0c0d_0e0fn,
      f: Buffer.alloc(16, 0x10),
      g: Buffer.alloc(20, 0x11),
      h: Buffer.alloc(32, 0x12),
    });
    const expected = ['0708', '01', '0203', '04050607', 'fffffffe', '08090a0b0c0d0e0f'].join('');
    expect(image.toString('hex')).toBe(expected + '10'.repeat(16) + '11'.repeat(20) + '12'.repeat(32));
    expect(every.size).toBe(image.length);
  });

  it.each(IMAGES.map((image) => [image.name, image] as const))('of %s are read back exactly', (_, of) => {
    fc.assert(
      fc.property(structOf(of), (value) => {
        const image = of.image(value);
        expect(image).toHaveLength(of.size);
        expect(of.parse(image)).toEqual(value);
      }),
    );
  });

  it.each(IMAGES.map((image) => [image.name, image] as const))(
    'of %s refuse every field that does not fit, by name',
    (_, of) => {
      const fitting = fc.sample(structOf(of), { numRuns: 1, seed: 1 })[0]!;
      for (const { name, kind } of of.places) {
        for (const misfit of MISFITS[kind]) {
          const broken = { ...fitting, [name]: misfit } as Struct<Fields>;
          expect(() => of.image(broken)).toThrow(RangeError);
          expect(() => of.image(broken)).toThrow(`${of.name}.${name}: `);
        }
      }
      expect(() => of.image(fitting)).not.toThrow();
    },
  );

  it.each(IMAGES.map((image) => [image.name, image] as const))(
    'of %s are refused with a byte too few, a byte too many, or another prefix',
    (_, of) => {
      const value = fc.sample(structOf(of), { numRuns: 1, seed: 2 })[0]!;
      const image = of.image(value);
      expect(() => of.parse(image.subarray(1))).toThrow(RangeError);
      expect(() => of.parse(Buffer.concat([image, Buffer.from([0])]))).toThrow(RangeError);
      for (let i = 0; i < of.prefix.length; i++) {
        const other = Buffer.from(image);
        other[i]! ^= 1;
        expect(() => of.parse(other)).toThrow(`byte ${i} is ${other[i]}`);
      }
      expect(of.parse(image)).toEqual(value);
    },
  );

  it('share no memory with what they were read from or written from', () => {
    const ticket = fc.sample(structOf(ticketLayout), { numRuns: 1, seed: 3 })[0]!;
    const image = ticketLayout.image(ticket);
    const kept = Buffer.from(image);
    const parsed = ticketLayout.parse(image);
    image.fill(0xee);
    expect(ticketLayout.image(parsed)).toEqual(kept);
    ticketLayout.image({ ...parsed, maxFee: 1n });
    expect(ticketLayout.image(parsed)).toEqual(kept);
  });

  it('never print the bytes of a wrong field', () => {
    const secret = Buffer.from('a private key of the wrong size');
    const line = fc.sample(structOf(lineFields), { numRuns: 1, seed: 4 })[0]!;
    const broken = { ...line, workerKey: secret };
    expect(() => lineFields.image(broken)).toThrow('Line.workerKey: a buffer of 31 bytes is not bytes32');
  });
});

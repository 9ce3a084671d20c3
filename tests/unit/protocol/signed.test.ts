import { beginCell, type Builder } from '@ton/core';
import fc from 'fast-check';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { crc32 } from 'node:zlib';
import { keyPairFromSeed, sign } from '../../../src/protocol/ed25519';
import { CODECS, type Fields, type Struct } from '../../../src/protocol/fields';
import { layout, type Layout } from '../../../src/protocol/layout';
import {
  TAG,
  askLayout,
  decodeSigned,
  encodeSigned,
  hpkeCertificateLayout,
  receiptLayout,
  ticketLayout,
  verifySigned,
} from '../../../src/protocol/signed';
import { structOf } from './arbitraries';

const LAYOUTS = [ticketLayout, receiptLayout, hpkeCertificateLayout, askLayout].map(
  (of) => [of.name, of as unknown as Layout<Fields>] as const,
);
const worker = keyPairFromSeed(Buffer.alloc(32, 1));
const stranger = keyPairFromSeed(Buffer.alloc(32, 2));

/** The same structure the long way: field by field, by TON's own library. */
function storeByCore(of: Layout<Fields>, value: Struct<Fields>): Builder {
  const builder = beginCell().storeBuffer(of.prefix);
  for (const { name, kind } of of.places) {
    const field = value[name]!;
    if (typeof field === 'object') builder.storeBuffer(field);
    else if (kind === 'i32') builder.storeInt(field, 32);
    else builder.storeUint(field, CODECS[kind].bytes * 8);
  }
  return builder;
}

describe('signed structures', () => {
  it.each(LAYOUTS)('%s has the bytes and the hash of the cell that holds it', (_, of) => {
    fc.assert(
      fc.property(structOf(of), (value) => {
        const cell = storeByCore(of, value).endCell();
        expect(of.image(value)).toEqual(cell.beginParse().loadBuffer(of.size));
        expect(of.hash(value)).toEqual(cell.hash());
        expect(of.hashImage(of.image(value))).toEqual(cell.hash());
        expect(of.toCell(value).equals(cell)).toBe(true);
        expect(of.load(beginCell().store(of.store(value)).asSlice())).toEqual(value);
      }),
    );
  });

  it('hash to the same as their cells on 100,000 random values', async () => {
    const random = xorshift(0x9e3779b9);
    for (const [, of] of LAYOUTS) {
      const images = Buffer.alloc(25_000 * of.size);
      for (let at = 0; at + 4 <= images.length; at += 4) images.writeUInt32BE(random(), at);
      for (let at = 0; at < images.length; at += of.size) images.set(of.prefix, at);
      const expected = await cellHashes(images, of.size);
      const own = Buffer.alloc(expected.length);
      for (let i = 0; i < 25_000; i++) {
        own.set(of.hash(of.parse(images.subarray(i * of.size, (i + 1) * of.size))), i * 32);
      }
      expect(own.equals(expected)).toBe(true);
    }
  });

  it.each([
    ['Ticket', 'ticket', ticketLayout],
    ['Receipt', 'receipt', receiptLayout],
    ['HpkeCertificate', 'hpkeCertificate', hpkeCertificateLayout],
    ['Ask', 'ask', askLayout],
  ] as const)('%s is tagged with the checksum of its TL-B line, which is its field list', (name, tag, of) => {
    const source = readFileSync(path.join(__dirname, '../../../src/protocol/signed.ts'), 'utf8');
    const line = new RegExp(`^ \\* (\\w+ .* = ${name})$`, 'm').exec(source)![1]!;
    const constructor = line.split(' ')[0]!;
    const fields = of.places.map((place) => `${place.name}:${CODECS[place.kind].tlb}`);
    expect([constructor, ...fields, '=', name].join(' ')).toBe(line);
    expect(TAG[tag]).toBe(crc32(line) & 0x7fffffff);
    expect(of.prefix.readUInt32BE()).toBe(TAG[tag]);
  });

  it('Allocate is tagged with the checksum of its TL-B line', () => {
    const source = readFileSync(path.join(__dirname, '../../../src/protocol/allocate.ts'), 'utf8');
    const line = /^ \* (allocate .* = Allocate)$/m.exec(source)![1]!;
    expect(TAG.allocate).toBe(crc32(line) & 0x7fffffff);
  });

  it.each(LAYOUTS)(
    '%s has no hash for an image of another size or tag, and none is spoilt by the attempt',
    (_, of) => {
      const value = fc.sample(structOf(of), { numRuns: 1, seed: 6 })[0]!;
      const image = of.image(value);
      const hash = of.hash(value);
      const otherTag = Buffer.from(image);
      otherTag[3]! ^= 1;
      for (const wrong of [image.subarray(1), Buffer.concat([image, Buffer.alloc(1)]), otherTag]) {
        expect(() => of.hashImage(wrong)).toThrow(RangeError);
        expect(of.hash(value)).toEqual(hash);
      }
      expect(of.hashImage(image)).toEqual(hash);
    },
  );

  it.each(LAYOUTS)('%s has the same hash again after a value that did not fit', (_, of) => {
    const value = fc.sample(structOf(of), { numRuns: 1, seed: 7 })[0]!;
    const hash = of.hash(value);
    for (const { name } of of.places) {
      expect(() => of.hash({ ...value, [name]: null } as never)).toThrow(RangeError);
      expect(of.hash(value)).toEqual(hash);
    }
  });

  it('a structure longer than one cell cannot be defined', () => {
    const words = (count: number): Fields =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}`, 'u8']));
    expect(layout('Full', 1, words(123)).size).toBe(127);
    expect(() => layout('TooLong', 1, words(124))).toThrow(RangeError);
  });
});

describe('signatures on structures', () => {
  const [receipt] = fc.sample(structOf(receiptLayout), { numRuns: 1, seed: 5 }) as [
    Struct<typeof receiptLayout extends Layout<infer F> ? F : never>,
  ];
  const signed = { value: receipt, signature: sign(receiptLayout.hash(receipt), worker) };

  it('worker signature is good for exactly what was signed, by exactly that key', () => {
    expect(verifySigned(receiptLayout, signed, worker.publicKey)).toBe(true);
    expect(verifySigned(receiptLayout, signed, stranger.publicKey)).toBe(false);
    const image = receiptLayout.image(receipt);
    for (let at = receiptLayout.prefix.length; at < image.length; at++) {
      const forged = Buffer.from(image);
      forged[at]! ^= 1;
      const value = receiptLayout.parse(forged);
      expect(verifySigned(receiptLayout, { value, signature: signed.signature }, worker.publicKey)).toBe(
        false,
      );
    }
  });

  it('travel as image and signature, and share no memory with the packet', () => {
    const packet = encodeSigned(receiptLayout, signed);
    expect(packet).toHaveLength(173);
    const received = decodeSigned(receiptLayout, packet);
    packet.fill(0);
    expect(received).toEqual(signed);
  });

  it('are refused a byte short, a byte long or with a cut signature', () => {
    const packet = encodeSigned(receiptLayout, signed);
    expect(() => decodeSigned(receiptLayout, packet.subarray(1))).toThrow(RangeError);
    expect(() => decodeSigned(receiptLayout, Buffer.concat([packet, Buffer.alloc(1)]))).toThrow(RangeError);
    const cut = { value: receipt, signature: signed.signature.subarray(1) };
    expect(() => encodeSigned(receiptLayout, cut)).toThrow(/signature of Receipt: 63 bytes/);
    expect(verifySigned(receiptLayout, cut, worker.publicKey)).toBe(false);
  });
});

async function cellHashes(images: Buffer, size: number): Promise<Buffer> {
  const worker = new Worker(path.join(__dirname, 'cellHashes.cjs'), { workerData: { images, size } });
  const [hashes] = (await once(worker, 'message')) as [Uint8Array];
  return Buffer.from(hashes);
}

/** A small seeded generator: the same 32-bit numbers on every run. */
function xorshift(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

import fc from 'fast-check';
import { pageChecksum, readPages } from '../../../../src/protocol/audio/oggPages';

/** The sum as RFC 3533 has it, bit by bit. */
function slowChecksum(page: Buffer): number {
  let crc = 0;
  page.forEach((byte, at) => {
    const counted = at >= 22 && at < 26 ? 0 : byte;
    for (let bit = 7; bit >= 0; bit--) {
      const out = (crc >>> 31) ^ ((counted >>> bit) & 1);
      crc = (crc << 1) ^ (out ? 0x04c1_1db7 : 0);
    }
  });
  return crc >>> 0;
}

/** A page of one part. */
function pageOf(body: Buffer): Buffer {
  const full = Math.floor(body.length / 255);
  const segments = Buffer.concat([Buffer.alloc(full, 255), Buffer.from([body.length % 255])]);
  const head = Buffer.alloc(27);
  head.write('OggS');
  head[26] = segments.length;
  const page = Buffer.concat([head, segments, body]);
  page.writeUInt32LE(slowChecksum(page), 22);
  return page;
}

describe('the sum of an OGG page', () => {
  it('is that of the polynomial, bit by bit, whatever the length', () => {
    for (let length = 27; length < 64; length++) {
      const page = Buffer.from(Array.from({ length }, (_, i) => 255 - i * 7));
      expect(pageChecksum(page)).toBe(slowChecksum(page));
    }
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 27, maxLength: 700 }), (bytes) => {
        expect(pageChecksum(Buffer.from(bytes))).toBe(slowChecksum(Buffer.from(bytes)));
      }),
      { seed: 4 },
    );
  });

  it('tells of any one byte that was changed', () => {
    const page = pageOf(Buffer.from(Array.from({ length: 300 }, (_, i) => i & 0xff)));
    expect([...readPages(page)]).toHaveLength(1);
    for (let at = 0; at < page.length; at++) {
      const damaged = Buffer.from(page);
      damaged[at]! ^= 0x10;
      expect(() => [...readPages(damaged)]).toThrow(expect.objectContaining({ code: 'invalid_request' }));
    }
  });
});

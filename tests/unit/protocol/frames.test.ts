import fc from 'fast-check';
import { LIMITS } from '../../../src/protocol/limits';
import { FrameKind, createFrameParser, encodeFrame, type Frame } from '../../../src/protocol/wire';
import { codeOf } from './codeOf';

const kinds = [FrameKind.Head, FrameKind.Chunk, FrameKind.Receipt, FrameKind.Error, FrameKind.KeepAlive];
const frameAny: fc.Arbitrary<Frame> = fc.record({
  kind: fc.constantFrom(...kinds),
  payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
});
const encodeAll = (frames: readonly Frame[]): Buffer =>
  Buffer.concat(frames.map(({ kind, payload }) => encodeFrame(kind, payload)));

describe('frame parser', () => {
  const frames: Frame[] = [
    { kind: FrameKind.Head, payload: Buffer.alloc(32, 1) },
    { kind: FrameKind.KeepAlive, payload: Buffer.alloc(0) },
    { kind: FrameKind.Chunk, payload: Buffer.from('sealed') },
    { kind: FrameKind.Receipt, payload: Buffer.alloc(173, 3) },
  ];

  it('finds the same frames when the stream is cut in two at any byte', () => {
    const stream = encodeAll(frames);
    for (let cut = 0; cut <= stream.length; cut++) {
      const parser = createFrameParser();
      const found = [...parser.push(stream.subarray(0, cut)), ...parser.push(stream.subarray(cut))];
      expect(found).toEqual(frames);
      expect(parser.pending()).toBe(0);
    }
  });

  it('finds the same frames byte by byte, and says how much of one is missing its end', () => {
    const stream = encodeAll(frames);
    const parser = createFrameParser();
    const found: Frame[] = [];
    for (const byte of stream.subarray(0, -1)) found.push(...parser.push(Uint8Array.of(byte)));
    expect(found).toEqual(frames.slice(0, -1));
    expect(parser.pending()).toBe(5 + 172);
    expect(parser.push(stream.subarray(-1))).toEqual(frames.slice(-1));
    expect(parser.pending()).toBe(0);
  });

  it('finds any frames in any pieces', () => {
    fc.assert(
      fc.property(
        fc.array(frameAny, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 99 })),
        (all, sizes) => {
          const stream = encodeAll(all);
          const parser = createFrameParser();
          const found: Frame[] = [];
          let at = 0;
          for (const size of [...sizes, stream.length]) {
            found.push(...parser.push(stream.subarray(at, at + size)));
            at += size;
          }
          expect(found).toEqual(all);
        },
      ),
    );
  });

  it('shares no memory with the bytes that were pushed', () => {
    const piece = encodeFrame(FrameKind.Chunk, Buffer.from('kept'));
    const parser = createFrameParser();
    const [whole] = parser.push(piece);
    parser.push(piece.subarray(0, 7));
    const rest = Buffer.from(piece.subarray(7));
    piece.fill(0);
    expect(whole!.payload.toString()).toBe('kept');
    expect(parser.push(rest)[0]!.payload.toString()).toBe('kept');
  });

  it.each([
    ['length zero', Buffer.from('0000000002', 'hex')],
    ['kind zero', Buffer.from('0000000100', 'hex')],
    ['an unknown kind', Buffer.from('0000000106', 'hex')],
    ['a length of 4 GB', Buffer.from('ffffffff02', 'hex')],
  ])('refuses %s as soon as the head is there, and everything after it', (_, bytes) => {
    const parser = createFrameParser();
    expect(parser.push(bytes.subarray(0, 4))).toEqual([]);
    expect(codeOf(() => parser.push(bytes.subarray(4)))).toBe('stream_truncated');
    const good = encodeFrame(FrameKind.KeepAlive, Buffer.alloc(0));
    expect(codeOf(() => parser.push(good))).toBe('stream_truncated');
  });

  it('takes the largest payload and refuses one byte more', () => {
    const parser = createFrameParser(8);
    expect(parser.push(encodeFrame(FrameKind.Chunk, Buffer.alloc(8)))).toHaveLength(1);
    expect(() => parser.push(encodeFrame(FrameKind.Chunk, Buffer.alloc(9)))).toThrow('malformed frame');
  });

  it('sender cannot make a frame that no parser takes', () => {
    const most = Buffer.alloc(LIMITS.framePayloadMaxBytes);
    expect(createFrameParser().push(encodeFrame(FrameKind.Chunk, most))).toHaveLength(1);
    expect(() => encodeFrame(FrameKind.Chunk, Buffer.alloc(most.length + 1))).toThrow(RangeError);
  });

  it('holds one payload at most, however small the pieces', () => {
    const parser = createFrameParser();
    const stream = encodeFrame(FrameKind.Chunk, Buffer.alloc(LIMITS.framePayloadMaxBytes, 5));
    let found = 0;
    for (let at = 0; at < stream.length; at += 16) found += parser.push(stream.subarray(at, at + 16)).length;
    expect(found).toBe(1);
    expect(parser.pending()).toBe(0);
  });
});

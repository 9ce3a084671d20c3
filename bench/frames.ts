import { FrameKind, createFrameParser, encodeFrame } from '../src/protocol/wire';
import { compare, type Contender } from './harness';
import type { Benchmark } from './report';

const STREAM_BYTES = 256 * 1024;

/** The same bytes of a reply, as whole frames or in pieces: a parser that rejoins what it holds would pay by the square. */
export const frames: Benchmark = {
  name: 'frames',
  title: 'Frame parser, per MiB of a reply',
  async run(options) {
    const contender = (name: string, payloadBytes: number, pieceBytes: number): Contender => {
      const frame = encodeFrame(FrameKind.Chunk, Buffer.alloc(payloadBytes, 7));
      const count = Math.ceil(STREAM_BYTES / frame.length);
      const stream = Buffer.concat(new Array<Buffer>(count).fill(frame));
      return {
        name,
        run(operations) {
          for (let i = 0; i < operations * 4; i++) {
            const parser = createFrameParser();
            let found = 0;
            for (let at = 0; at < stream.length; at += pieceBytes) {
              found += parser.push(stream.subarray(at, at + pieceBytes)).length;
            }
            if (found !== count) throw new Error(`${found} frames of ${count}`);
          }
        },
      };
    };
    const measured = await compare(
      [
        contender('64 KiB frames in 64 KiB pieces', 64 * 1024, 64 * 1024),
        contender('64 KiB frames in 1 KiB pieces', 64 * 1024, 1024),
        contender('64 KiB frames in 16-byte pieces', 64 * 1024, 16),
        contender('200-byte frames in 16 KiB pieces', 200, 16 * 1024),
      ],
      { turnMs: 120, ...options },
    );
    return { measured };
  },
};

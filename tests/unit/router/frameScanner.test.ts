import { FrameKind, encodeFrame } from '../../../src/protocol/wire';
import { LIMITS } from '../../../src/protocol/limits';
import { createFrameScanner } from '../../../src/router/frameScanner';

const RECEIPT = Buffer.alloc(173, 7);
const head = encodeFrame(FrameKind.Head, Buffer.alloc(32, 1));
const chunk = encodeFrame(FrameKind.Chunk, Buffer.alloc(3_000, 2));
const keepAlive = encodeFrame(FrameKind.KeepAlive, Buffer.alloc(0));
const receipt = encodeFrame(FrameKind.Receipt, RECEIPT);
const error = encodeFrame(FrameKind.Error, Buffer.from('{}'));

/** Only the head of a frame that claims so many bytes. */
function frameHead(kind: FrameKind, payloadBytes: number): Buffer {
  const out = Buffer.alloc(5, kind);
  out.writeUInt32BE(1 + payloadBytes);
  return out;
}

/** Feeds pieces; answers all that was forwarded and how the reply ended. */
function scanAll(pieces: Buffer[]): {
  forwarded: Buffer;
  last: ReturnType<ReturnType<typeof createFrameScanner>['push']>['last'];
} {
  const scanner = createFrameScanner();
  const forwarded: Buffer[] = [];
  for (const piece of pieces) {
    const scan = scanner.push(piece);
    forwarded.push(...scan.forward);
    if (scan.last) return { forwarded: Buffer.concat(forwarded), last: scan.last };
  }
  return { forwarded: Buffer.concat(forwarded), last: null };
}

function cut(bytes: Buffer, size: number): Buffer[] {
  const pieces = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
  return pieces;
}

test.each([1, 2, 3, 4, 5, 6, 37, 38, 100, 1_000, 5_000])(
  'a reply in pieces of %d bytes is forwarded whole, without its receipt',
  (size) => {
    const body = Buffer.concat([head, chunk, keepAlive, chunk, chunk]);
    const { forwarded, last } = scanAll(cut(Buffer.concat([body, receipt]), size));
    expect(forwarded).toEqual(body);
    expect(last).toEqual({ kind: FrameKind.Receipt, receipt: RECEIPT });
  },
);

test.each([1, 7, 5_000])('an error frame in pieces of %d bytes is forwarded and ends the reply', (size) => {
  const body = Buffer.concat([head, chunk, error]);
  const { forwarded, last } = scanAll(cut(Buffer.concat([body, chunk]), size));
  expect(forwarded).toEqual(body);
  expect(last).toEqual({ kind: FrameKind.Error });
});

test('half a frame is not forwarded', () => {
  const { forwarded, last } = scanAll([head, chunk.subarray(0, 2_999)]);
  expect(forwarded).toEqual(head);
  expect(last).toBeNull();
});

test('frames that came together leave together', () => {
  const scan = createFrameScanner().push(Buffer.concat([head, chunk, chunk]));
  expect(scan.forward).toHaveLength(1);
});

test.each([
  ['an unknown kind', Buffer.from([0, 0, 0, 1, 9])],
  ['kind zero', Buffer.from([0, 0, 0, 1, 0])],
  ['no length', Buffer.from([0, 0, 0, 0, 2])],
  ['a head of 31 bytes', encodeFrame(FrameKind.Head, Buffer.alloc(31))],
  ['a receipt of 172 bytes', encodeFrame(FrameKind.Receipt, Buffer.alloc(172))],
  ['a keep-alive with content', encodeFrame(FrameKind.KeepAlive, Buffer.alloc(1))],
  ['a chunk above the limit', frameHead(FrameKind.Chunk, LIMITS.framePayloadMaxBytes + 1)],
  ['an error above the limit', frameHead(FrameKind.Error, LIMITS.framePayloadMaxBytes + 1)],
])('a frame with %s is refused', (_name, bytes) => {
  expect(() => scanAll([bytes])).toThrow(expect.objectContaining({ code: 'stream_truncated' }) as Error);
});

test('the largest frames pass', () => {
  const largest = encodeFrame(FrameKind.Chunk, Buffer.alloc(LIMITS.framePayloadMaxBytes));
  expect(scanAll([largest]).forwarded).toEqual(largest);
});

test('a reply above the limit is refused', () => {
  const scanner = createFrameScanner();
  const large = encodeFrame(FrameKind.Chunk, Buffer.alloc(LIMITS.chunkMaxBytes - 5));
  const times = LIMITS.responseMaxBytes / LIMITS.chunkMaxBytes;
  for (let i = 0; i < times; i++) scanner.push(large);
  expect(() => scanner.push(keepAlive)).toThrow(
    expect.objectContaining({ code: 'stream_truncated' }) as Error,
  );
});

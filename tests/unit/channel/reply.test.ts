import { createHash } from 'node:crypto';
import {
  ChunkKind,
  CONTENT_MAX_BYTES,
  createReplyOpener,
  createReplySealer,
  createResponseReader,
  decodeContent,
  decodeSettlement,
  encodeContent,
  encodeResponseHead,
  encodeSettlement,
  splitContent,
} from '../../../src/channel';
import { nano } from '../../../src/protocol/amounts';
import { JobOutcome, jobRecordImage, type JobRecord } from '../../../src/protocol/jobRecord';
import { leafHash, prove } from '../../../src/protocol/mountainRange';

const context = { enc: Buffer.alloc(32, 1), secret: Buffer.alloc(32, 2) };
const nonce = Buffer.alloc(32, 3);
const refusal = (code: string) => expect.objectContaining({ code });

function reply(): Buffer[] {
  const sealer = createReplySealer(context, nonce);
  return [
    sealer.seal(ChunkKind.Content, Buffer.from('one')),
    sealer.seal(ChunkKind.Content, Buffer.from('two')),
    sealer.seal(ChunkKind.LastContent, Buffer.from('three')),
    sealer.seal(ChunkKind.Settlement, Buffer.from('record')),
  ];
}

describe('a sealed reply', () => {
  it('opens in order, and both ends hash the same content chunks', () => {
    const sealer = createReplySealer(context, nonce);
    const opener = createReplyOpener(context, nonce);
    const first = sealer.seal(ChunkKind.Content, Buffer.from('one'));
    const last = sealer.seal(ChunkKind.LastContent, Buffer.from('two'));
    const hash = createHash('sha256').update(first).update(last).digest();
    const settlement = sealer.seal(ChunkKind.Settlement, Buffer.from('record'));
    const opened = [first, last, settlement].map((chunk) => opener.open(chunk));
    expect(opened.map(({ kind, plaintext }) => [kind, plaintext.toString()])).toEqual([
      [ChunkKind.Content, 'one'],
      [ChunkKind.LastContent, 'two'],
      [ChunkKind.Settlement, 'record'],
    ]);
    expect(sealer.responseHash()).toEqual(hash);
    expect(opener.responseHash()).toEqual(hash);
  });

  it.each<[string, (chunks: Buffer[]) => Buffer[]]>([
    ['a dropped chunk', ([, b, c, d]) => [b!, c!, d!]],
    ['a doubled chunk', ([a]) => [a!, a!]],
    ['swapped chunks', ([a, b, c]) => [b!, a!, c!]],
    ['a content renamed to the last', ([a]) => [Buffer.concat([Buffer.from([1]), a!.subarray(1)])]],
    [
      'a last content renamed to one of many',
      ([a, b, c]) => [a!, b!, Buffer.concat([Buffer.from([0]), c!.subarray(1)])],
    ],
    ['an unknown kind', ([a]) => [Buffer.concat([Buffer.from([7]), a!.subarray(1)])]],
    ['a settlement before the last content', ([a, , , d]) => [a!, d!]],
    ['anything after the settlement', (chunks) => [...chunks, chunks[3]!]],
    ['a flipped bit', ([a]) => [Buffer.concat([a!.subarray(0, -1), Buffer.from([a!.at(-1)! ^ 1])])]],
    ['an empty chunk', () => [Buffer.alloc(0)]],
  ])('with %s does not open', (_, alter) => {
    const opener = createReplyOpener(context, nonce);
    expect(() => alter(reply()).forEach((chunk) => opener.open(chunk))).toThrow(refusal('reply_unauthentic'));
  });

  it('of another request or another nonce does not open', () => {
    const [first] = reply();
    const other = createReplyOpener({ ...context, secret: Buffer.alloc(32, 9) }, nonce);
    expect(() => other.open(first!)).toThrow(refusal('reply_unauthentic'));
    const replayed = createReplyOpener(context, Buffer.alloc(32, 9));
    expect(() => replayed.open(first!)).toThrow(refusal('reply_unauthentic'));
    expect(() => createReplyOpener(context, Buffer.alloc(31))).toThrow(refusal('reply_unauthentic'));
  });

  it('without its last content is told from one that ended', () => {
    const opener = createReplyOpener(context, nonce);
    const [a, b, c] = reply();
    opener.open(a!);
    opener.open(b!);
    expect(() => opener.assertEnded()).toThrow(refusal('stream_truncated'));
    opener.open(c!);
    expect(() => opener.assertEnded()).not.toThrow();
  });

  it('cannot be sealed out of order', () => {
    const sealer = createReplySealer(context, nonce);
    expect(() => sealer.seal(ChunkKind.Settlement, Buffer.alloc(1))).toThrow(RangeError);
    sealer.seal(ChunkKind.LastContent, Buffer.alloc(1));
    expect(() => sealer.seal(ChunkKind.Content, Buffer.alloc(1))).toThrow(RangeError);
  });
});

describe('content', () => {
  it.each([
    [0, 512],
    [510, 512],
    [511, 1024],
    [CONTENT_MAX_BYTES, 32_768],
  ])('of %i bytes fills a class of %i', (bytes, size) => {
    const data = Buffer.alloc(bytes, 7);
    expect(encodeContent(data).length).toBe(size);
    expect(decodeContent(encodeContent(data))).toEqual(data);
  });

  it('larger than a chunk is split and joined', () => {
    expect(() => encodeContent(Buffer.alloc(CONTENT_MAX_BYTES + 1))).toThrow(RangeError);
    const data = Buffer.alloc(2 * CONTENT_MAX_BYTES + 1, 7);
    expect(splitContent(data).map((piece) => piece.length)).toEqual([
      CONTENT_MAX_BYTES,
      CONTENT_MAX_BYTES,
      1,
    ]);
    expect(splitContent(Buffer.alloc(0)).length).toBe(1);
  });

  it('that is shorter than it says is refused', () => {
    expect(() => decodeContent(Buffer.from([0, 2, 1]))).toThrow(refusal('reply_unauthentic'));
    expect(() => decodeContent(Buffer.from([0]))).toThrow(refusal('reply_unauthentic'));
    expect(decodeContent(Buffer.from([0, 1, 1]))).toEqual(Buffer.from([1]));
  });
});

describe('a response head', () => {
  const head = { status: 200, headers: { 'content-type': 'text/event-stream' } };
  const bytes = Buffer.concat([encodeResponseHead(head), Buffer.from('body')]);

  it('is read however it is cut', () => {
    for (let cut = 0; cut <= bytes.length; cut++) {
      const reader = createResponseReader();
      const parts = [reader.push(bytes.subarray(0, cut)), reader.push(bytes.subarray(cut))];
      expect(parts[1]!.head).toEqual(head);
      expect(Buffer.concat(parts.map((part) => part.body)).toString()).toBe('body');
    }
  });

  it('that is too long, or no JSON, or unknown is refused', () => {
    const tooLong = Buffer.alloc(4);
    tooLong.writeUInt32BE(16 * 1024 + 1, 0);
    for (const bad of [
      tooLong,
      Buffer.from([0, 0, 0, 1, 0x7b]),
      encodeResponseHead({ ...head, status: 99 }),
    ]) {
      expect(() => createResponseReader().push(bad)).toThrow(refusal('reply_unauthentic'));
    }
  });
});

describe('a settlement', () => {
  const hash = Buffer.alloc(32, 1);
  const record: JobRecord = {
    ticketHash: hash,
    modelHash: hash,
    imageId: hash,
    askHash: hash,
    requestHash: hash,
    responseHash: hash,
    promptTokens: 1,
    cachedTokens: 0,
    completionTokens: 2,
    reasoningTokens: 0,
    audioMs: 0,
    fee: nano(3),
    startedAt: 4,
    endedAt: 5,
    outcome: JobOutcome.Completed,
  };
  const leaf = leafHash(jobRecordImage(record));
  const proof = prove([leaf, leaf, leaf], 1);
  const bytes = encodeSettlement(record, proof);

  it('comes back as it was written', () => {
    expect(decodeSettlement(bytes)).toEqual({ record, image: jobRecordImage(record), proof });
  });

  it('that is cut, or longer than it says, is refused', () => {
    for (const bad of [
      bytes.subarray(0, -1),
      Buffer.concat([bytes, Buffer.alloc(1)]),
      bytes.subarray(0, 100),
    ]) {
      expect(() => decodeSettlement(bad)).toThrow(refusal('receipt_bad_proof'));
    }
  });
});

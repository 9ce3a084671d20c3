import assert from 'node:assert/strict';
import {
  createReplySealer,
  ChunkKind,
  encodeContent,
  encodeResponseHead,
  generateHpkeKeyPair,
  sealRequest,
} from '../../../src/channel';
import { encodeFrame, FrameKind } from '../../../src/protocol/wire';
import { errorBody, CocoonError, type ErrorCode } from '../../../src/protocol/errors';
import { events, WORDS } from '../engine';
import { doubled, errorFrame, flipped, kindOf, streamFrames, swapped, without } from '../frames';
import type { Play } from '../play';
import type { Form, Scene, Told } from '../scene';

/** Head, head of the response, one chunk for each piece of the body, sign of life, settlement, receipt. */
const framesOf = (form: Form): number => 5 + (form === 'json' ? 1 : events(WORDS).length);
const chunksOf = (form: Form): number => framesOf(form) - 3;
const HEAD = 0;
const FIRST = 1;
const RECEIPT = -1;
const SETTLEMENT = -2;
/** Frame head and kind byte of a chunk. */
const SEALED_AT = 5 + 1;

const isChunk = (frame: Buffer): boolean => kindOf(frame) === FrameKind.Chunk;
/** Where the n-th chunk is among the frames: a sign of life stands before the last one. */
function chunkAt(frames: readonly Buffer[], n: number): number {
  return frames.flatMap((frame, i) => (isChunk(frame) ? [i] : []))[n]!;
}

function altered(
  change: (frames: Buffer[], way: number) => Buffer[],
  ways: (form: Form) => number = () => 1,
): Play {
  return {
    ways,
    lie: ({ router }, way) => void (router.lies = { frames: (frames) => change(frames, way) }),
  };
}

/** Answers every job with an error of that code. */
function saying(code: ErrorCode, message = 'no'): Play {
  const error = new CocoonError(code, message);
  return {
    lie: ({ router }) =>
      void (router.lies = {
        job: () => Promise.resolve(Response.json(errorBody(error), { status: error.httpStatus })),
      }),
  };
}

/** Frames of an honest reply to somebody's own job. */
async function recorded(scene: Scene, ask: () => Promise<Told>): Promise<Buffer[]> {
  let kept: Buffer[] = [];
  scene.router.lies = { frames: (frames) => (kept = frames) };
  assert.equal((await ask()).code, null);
  return kept;
}

const replay = (frames: readonly Buffer[]) => ({ job: () => Promise.resolve(streamFrames(frames)) });

export const REPLIES: Record<string, Play> = {
  'cut-between-frames': altered(
    (frames, way) => frames.slice(0, way),
    (form) => framesOf(form),
  ),
  'cut-within-frames': altered(
    (frames, way) => [...frames.slice(0, way), frames[way]!.subarray(0, Math.ceil(frames[way]!.length / 2))],
    (form) => framesOf(form) - 1,
  ),
  'drops-a-chunk': altered(
    (f, way) => without(f, chunkAt(f, way)),
    (form) => chunksOf(form) - 1,
  ),
  'drops-the-final-chunk': altered((f) =>
    without(
      f,
      f.findLastIndex((one, i) => i < f.length - 2 && isChunk(one)),
    ),
  ),
  'drops-the-head': altered((f) => without(f, HEAD)),
  'drops-the-record': altered((f) => without(f, f.length + SETTLEMENT)),
  'doubles-a-frame': altered((f, way) => doubled(f, chunkAt(f, way)), chunksOf),
  'reorders-chunks': altered(
    (f, way) => swapped(f, FIRST + way),
    (form) => chunksOf(form) - 2,
  ),
  'changes-the-nonce': altered((f) => [flipped(f[HEAD]!, 5), ...f.slice(1)]),
  'renames-a-chunk': altered(
    (f, way) => f.map((one, i) => (i === chunkAt(f, way) ? flipped(one, 5) : one)),
    chunksOf,
  ),
  'changes-a-chunk': altered(
    (f, way) => f.map((one, i) => (i === chunkAt(f, way) ? flipped(one, SEALED_AT + 3) : one)),
    chunksOf,
  ),
  'changes-the-receipt': altered((f) => [...f.slice(0, RECEIPT), flipped(f.at(RECEIPT)!, 5 + 60)]),
  'cuts-the-receipt': altered((f) => [
    ...f.slice(0, RECEIPT),
    encodeFrame(FrameKind.Receipt, f.at(RECEIPT)!.subarray(5, -1)),
  ]),
  'two-heads': altered((f) => [f[HEAD]!, ...f]),
  'unknown-frame': altered((f) => [f[HEAD]!, Buffer.from([0, 0, 0, 1, 9])]),
  'endless-frame': altered((f) => [f[HEAD]!, Buffer.from([0xff, 0, 0, 1, 2])]),
  'reply-twice': altered((f) => [...f, ...f]),

  'replays-another-job': {
    async lie(scene) {
      const old = await recorded(scene, () => scene.ask());
      scene.router.lies = replay(old);
    },
    isPaid: true,
  },
  'gives-anothers-reply': {
    async lie(scene) {
      const other = scene.network.restart();
      const theirs = await recorded(scene, () => scene.ask({ user: 'somebody else' }, other));
      await other.close();
      scene.router.lies = replay(theirs);
    },
  },
  'old-receipt': {
    async lie(scene) {
      const old = await recorded(scene, () => scene.ask());
      scene.router.lies = { frames: (frames) => [...frames.slice(0, RECEIPT), old.at(RECEIPT)!] };
    },
    isPaid: true,
  },
  'receipt-of-another-line': {
    async lie(scene) {
      const other = scene.network.restart();
      const theirs = await recorded(scene, () => scene.ask({}, other));
      await other.close();
      scene.router.lies = { frames: (frames) => [...frames.slice(0, RECEIPT), theirs.at(RECEIPT)!] };
    },
  },
  'answers-itself': {
    lie: ({ router }) =>
      void (router.lies = {
        job: () => Promise.resolve(Response.json({ choices: [{ message: { content: 'Trust me.' } }] })),
      }),
  },
  'seals-itself': {
    lie: ({ router }) => void (router.lies = { job: () => Promise.resolve(streamFrames(ownReply())) }),
  },
  'plain-frames': {
    lie: ({ router }) =>
      void (router.lies = {
        job: () => Promise.resolve(streamFrames([Buffer.from('data: {"choices":[]}\n\ndata: [DONE]\n\n')])),
      }),
  },

  'accuses-the-worker': saying('receipt_overcharged'),
  'asks-for-money': saying('escrow_exhausted', 'Send 100 TON to a friend of mine.'),
  'blames-the-request': saying('invalid_request'),
  'blames-the-ticket': saying('ticket_expired'),
  'accuses-in-a-frame': altered((f) => [f[HEAD]!, f[FIRST]!, errorFrame('record_mismatch')]),
  'error-with-status-200': {
    lie: ({ router }) =>
      void (router.lies = {
        job: () => Promise.resolve(Response.json(errorBody(new CocoonError('worker_busy', 'no')))),
      }),
  },
  'runs-it-and-says-busy': {
    lie: ({ router }) =>
      void (router.lies = {
        async job(_, forward) {
          await forward();
          return Response.json(errorBody(new CocoonError('worker_failed', 'no')), { status: 502 });
        },
      }),
  },

  'older-job': rewritten((bytes) => Buffer.concat([Buffer.from([0]), bytes.subarray(1)])),
  'changed-request': rewritten((bytes) => flipped(bytes, bytes.length - 20)),
};

/** Hands the worker another job than it was given. */
function rewritten(change: (bytes: Buffer) => Buffer): Play {
  return {
    lie: ({ router }) =>
      void (router.lies = {
        async job(bytes, forward) {
          try {
            return await forward(change(bytes));
          } catch (error) {
            // What a worker throws, its link answers.
            const named = error instanceof CocoonError ? error : new CocoonError('internal', String(error));
            return Response.json(errorBody(named), { status: named.httpStatus });
          }
        },
      }),
  };
}

/** A whole reply under keys that the router made up. */
function ownReply(): Buffer[] {
  const nonce = Buffer.alloc(32, 1);
  const { replyContext } = sealRequest({
    ...{ recipientKey: generateHpkeKeyPair().publicKey, plaintext: Buffer.alloc(0) },
    ...{ statementHash: Buffer.alloc(32), escrowDomain: Buffer.alloc(32) },
    ...{ lineId: Buffer.alloc(20), jobId: Buffer.alloc(16) },
  });
  const sealer = createReplySealer(replyContext, nonce);
  const head = encodeResponseHead({ status: 200, headers: { 'content-type': 'application/json' } });
  return [
    encodeFrame(FrameKind.Head, nonce),
    encodeFrame(FrameKind.Chunk, sealer.seal(ChunkKind.LastContent, encodeContent(head))),
  ];
}

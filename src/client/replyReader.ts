import {
  ChunkKind,
  createReplyOpener,
  createResponseReader,
  decodeContent,
  decodeSettlement,
  type ReplyContext,
  type ResponseHead,
  type Settlement,
  type Timers,
} from '../channel';
import { CocoonError } from '../protocol/errors';
import { LIMITS } from '../protocol/limits';
import { createFrameParser, FrameKind, type Frame } from '../protocol/wire';
import { CLIENT_LIMITS } from './limits';
import { readErrorBody } from './toldError';

/** What comes out of a reply, in this order: one head, data, and one bill after the authenticated end. */
export type ReplyEvent =
  | { kind: 'head'; head: ResponseHead }
  | { kind: 'data'; data: Buffer }
  | { kind: 'bill'; settlement: Settlement; receipt: Buffer; responseHash: Buffer };

/**
 * Opens the frames of a reply as they come. Ends only after a bill: everything else is an error, `stream_truncated`
 * when it just stops, `reply_unauthentic` when somebody changed it, or the error that the worker or router named.
 */
export async function* readReply(
  body: AsyncIterable<Uint8Array>,
  context: ReplyContext,
  timers: Timers,
): AsyncGenerator<ReplyEvent, void> {
  const parser = createFrameParser();
  const reader = createReplyState(context);
  for await (const bytes of withinLimits(body, timers)) {
    for (const frame of parser.push(bytes)) {
      yield* reader.read(frame);
    }
  }
  if (!reader.finished()) throw new CocoonError('stream_truncated', 'The reply ended before its receipt.');
}

/** Lets the transport see the end of a reply whose bill is in hand, so that its connection can be used again. */
export function readToEnd(events: AsyncIterator<ReplyEvent, void>): void {
  events.next().catch(() => undefined);
}

function createReplyState(context: ReplyContext): {
  read(frame: Frame): Generator<ReplyEvent>;
  finished(): boolean;
} {
  let opener: ReturnType<typeof createReplyOpener> | null = null;
  const response = createResponseReader();
  let announced = false;
  let settlement: Settlement | null = null;
  let received = 0;
  let finished = false;

  function* readChunk(payload: Buffer): Generator<ReplyEvent> {
    if (!opener) throw unexpected('a chunk before the head');
    const { kind, plaintext } = opener.open(payload);
    if (kind === ChunkKind.Settlement) {
      settlement = decodeSettlement(plaintext);
      return;
    }
    received += plaintext.length;
    if (received > LIMITS.responseMaxBytes) throw unexpected('more bytes than a response may have');
    const { head, body } = response.push(decodeContent(plaintext));
    if (head && !announced) {
      announced = true;
      yield { kind: 'head', head };
    }
    if (body.length > 0) yield { kind: 'data', data: body };
    if (kind === ChunkKind.LastContent && !announced) throw unexpected('no head in its contents');
  }

  return {
    finished: () => finished,
    *read({ kind, payload }) {
      if (finished) throw unexpected('a frame after its receipt');
      switch (kind) {
        case FrameKind.Head:
          if (opener) throw unexpected('a second head');
          opener = createReplyOpener(context, payload);
          return;
        case FrameKind.Chunk:
          yield* readChunk(payload);
          return;
        case FrameKind.Receipt:
          opener?.assertEnded();
          // Whoever stands between can take the record away: it says nothing of the worker.
          if (!opener || !settlement) throw unexpected('a receipt and no record');
          finished = true;
          yield { kind: 'bill', settlement, receipt: payload, responseHash: opener.responseHash() };
          return;
        case FrameKind.Error:
          throw readErrorBody(payload.toString('utf8'), 'worker_failed');
        case FrameKind.KeepAlive:
          return;
      }
    },
  };
}

/**
 * The bytes of a reply while they keep coming, for no longer than its job may run, and no more than it may have: signs
 * of life cost a router nothing, and it could send them for ever.
 */
async function* withinLimits(
  body: AsyncIterable<Uint8Array>,
  timers: Timers,
): AsyncGenerator<Uint8Array, void> {
  const iterator = body[Symbol.asyncIterator]();
  const deadline = createDeadline(timers, CLIENT_LIMITS.replyMs);
  let received = 0;
  try {
    for (;;) {
      const next = await withTimeout(deadline.within(iterator.next()), CLIENT_LIMITS.replySilenceMs, timers);
      if (next.done) return;
      received += next.value.length;
      if (received > CLIENT_LIMITS.replyWireBytes) throw unexpected('more bytes than a reply may have');
      yield next.value;
    }
  } finally {
    deadline.clear();
    // Not awaited: a body that hangs would hang this too.
    void Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}

/** One time limit over many waits. Each wait has a promise of its own, so that none piles up on a long one. */
function createDeadline(
  timers: Timers,
  ms: number,
): { within<T>(task: Promise<T>): Promise<T>; clear(): void } {
  let isOver = false;
  let fail: (error: CocoonError) => void = () => undefined;
  const late = (): CocoonError =>
    new CocoonError('stream_truncated', `The reply did not end within ${ms / 1000} seconds.`);
  const timer = timers.set(() => {
    isOver = true;
    fail(late());
  }, ms);
  // A program that has nothing else to do may end.
  (timer as { unref?(): void }).unref?.();
  return {
    within: (task) =>
      new Promise((resolve, reject) => {
        fail = reject;
        if (isOver) reject(late());
        task.then(resolve, reject);
      }),
    clear: () => timers.clear(timer),
  };
}

export async function withTimeout<T>(task: Promise<T>, ms: number, timers: Timers): Promise<T> {
  let timer: unknown;
  const late = new Promise<never>((_, reject) => {
    timer = timers.set(
      () => reject(new CocoonError('stream_truncated', `The reply was silent for ${ms / 1000} seconds.`)),
      ms,
    );
  });
  try {
    return await Promise.race([task, late]);
  } finally {
    timers.clear(timer);
  }
}

function unexpected(what: string): CocoonError {
  return new CocoonError('reply_unauthentic', `The reply holds ${what}.`);
}

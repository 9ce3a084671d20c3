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
import { CocoonError, ERROR_CODES, type ErrorCode } from '../protocol/errors';
import { LIMITS } from '../protocol/limits';
import { createFrameParser, FrameKind, type Frame } from '../protocol/wire';
import { CLIENT_LIMITS } from './limits';

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
  for await (const bytes of withSilenceLimit(body, timers)) {
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
          if (!opener || !settlement)
            throw new CocoonError('receipt_bad_proof', 'The reply has a receipt and no record.');
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

/** The error that a JSON body in OpenAI's shape names, when it is one of ours; `fallback` otherwise. */
export function readErrorBody(text: string, fallback: ErrorCode): CocoonError {
  let error: { code?: unknown; message?: unknown } | undefined;
  try {
    error = (JSON.parse(text) as { error?: typeof error } | null)?.error;
  } catch {
    error = undefined;
  }
  const code =
    typeof error?.code === 'string' && error.code in ERROR_CODES ? (error.code as ErrorCode) : fallback;
  const message = typeof error?.message === 'string' ? error.message.slice(0, 500) : 'No reason was given.';
  // The message of one of our errors carries its remedy already.
  return new CocoonError(code, message.replace(` ${ERROR_CODES[code].remedy}`, ''));
}

/** Fails when nothing comes for too long: a worker sends a sign of life every few seconds. */
async function* withSilenceLimit(
  body: AsyncIterable<Uint8Array>,
  timers: Timers,
): AsyncGenerator<Uint8Array, void> {
  const iterator = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await withTimeout(iterator.next(), CLIENT_LIMITS.replySilenceMs, timers);
      if (next.done) return;
      yield next.value;
    }
  } finally {
    // Not awaited: a body that hangs would hang this too.
    void Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
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

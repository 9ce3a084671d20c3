import { CocoonError, errorBody } from '../protocol/errors';
import { cocoonObject, createAnswerMeter, isUsageChunk, parseChunk, type AnswerChunk } from './answer';
import type { JobCost, RunningJob } from './job';
import { readToEnd, type ReplyEvent } from './replyReader';
import { createEventSplitter, encodeComment, encodeEvent } from './sse';

const DONE = '[DONE]';

/**
 * The events of a streamed answer, in OpenAI's form. `[DONE]` is the last and comes only after the bill was verified
 * and is on disk; whatever goes wrong before that throws instead.
 */
export async function* streamAnswer(
  job: RunningJob,
  events: AsyncIterator<ReplyEvent, void>,
  wantsUsage: boolean,
): AsyncGenerator<Buffer, JobCost> {
  const splitter = createEventSplitter();
  const meter = createAnswerMeter();
  let last: AnswerChunk = {};
  let usage: AnswerChunk | null = null;
  let done = false;

  for (let next = await events.next(); !next.done; next = await events.next()) {
    const event = next.value;
    if (event.kind === 'bill') {
      const cost = job.settle(event, meter.delivered());
      readToEnd(events);
      if (splitter.rest() !== '') throw new CocoonError('worker_failed', 'The answer ended within an event.');
      if (!done) throw new CocoonError('worker_failed', 'The engine ended its answer early.');
      yield* farewell(last, usage, cost, wantsUsage);
      return cost;
    }
    if (event.kind !== 'data') continue;
    for (const data of splitter.push(event.data)) {
      if (data === DONE) {
        done = true;
        continue;
      }
      const chunk = parseChunk(data);
      if (!chunk) throw new CocoonError('worker_failed', 'The worker sent an event that is no JSON.');
      meter.add(chunk);
      if (isUsageChunk(chunk)) usage = chunk;
      else if (isShown(chunk)) yield encodeEvent(shownOf(data, chunk));
      if (chunk.id !== undefined) last = chunk;
    }
  }
  throw new CocoonError('stream_truncated', 'The reply ended before its receipt.');
}

/** Loops over chat chunks break at anything else. */
function isShown(chunk: AnswerChunk): boolean {
  return Array.isArray(chunk.choices) || 'error' in chunk;
}

/** Some engines count aloud; OpenAI's say what was used once, at the end. What it cost, this client says alone. */
function shownOf(data: string, chunk: AnswerChunk): string {
  if ((chunk.usage === undefined || chunk.usage === null) && chunk.cocoon === undefined) return data;
  const { usage: _, cocoon: __, ...rest } = chunk;
  return JSON.stringify(rest);
}

/** What follows a verified bill. A caller who asked for no usage gets a comment: extra chunks break some loops. */
function* farewell(
  last: AnswerChunk,
  usage: AnswerChunk | null,
  cost: JobCost,
  wantsUsage: boolean,
): Generator<Buffer> {
  const cocoon = cocoonObject(cost);
  if (wantsUsage) {
    const { id, object, created, model } = last;
    const chunk = usage ?? { id, object, created, model, choices: [] };
    yield encodeEvent(JSON.stringify({ ...chunk, cocoon }));
  } else {
    yield encodeComment(`cocoon ${JSON.stringify(cocoon)}`);
  }
  yield encodeEvent(DONE);
}

/** How a stream that went wrong ends: with an event that the SDKs throw, and without `[DONE]`. */
export function streamError(error: CocoonError): Buffer {
  return encodeEvent(JSON.stringify(errorBody(error)));
}

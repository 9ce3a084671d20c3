import type { ResponseHead } from '../channel';
import { CocoonError } from '../protocol/errors';
import { cocoonObject, createAnswerMeter, parseChunk } from './answer';
import type { RunningJob } from './job';
import type { ModelRequest } from './modelRequest';
import { readToEnd, type ReplyEvent } from './replyReader';
import { NOTHING_DELIVERED } from './settlement';

/** An answer that is no stream, once all of it and its verified bill are here. */
export async function wholeAnswer(
  job: RunningJob,
  head: ResponseHead,
  request: Pick<ModelRequest, 'stream'>,
): Promise<Response> {
  const { body, bill } = await collect(job);
  const meter = createAnswerMeter();
  const json = parseChunk(body.toString('utf8'));
  if (json) meter.add(json);
  const isRefusal = head.status >= 300;
  const cost = job.settle(bill, isRefusal ? NOTHING_DELIVERED : meter.delivered());
  const type = typeOf(head);
  const fits = type === JSON_TYPE ? json !== null : type !== null;
  if (!fits) throw new CocoonError('worker_failed', 'The worker answered with something else than it says.');
  if (request.stream && !isRefusal) {
    throw new CocoonError('worker_failed', 'The worker answered in one piece where a stream was asked for.');
  }
  const headers = { ...commonHeaders(job), 'content-type': type! };
  const paid = { ...headers, 'x-cocoon-cost-nano': cost.costNano.toString() };
  const isAnswer = json !== null && !isRefusal;
  return new Response(
    isAnswer ? JSON.stringify({ ...json, cocoon: cocoonObject(cost) }) : new Uint8Array(body),
    {
      status: head.status,
      headers: paid,
    },
  );
}

const JSON_TYPE = 'application/json';
/** Transcriptions may be asked for as text. */
const TEXT_TYPES: readonly string[] = ['text/plain', 'text/vtt', 'application/x-subrip'];

/** The content type in words of our own, or null for one that no answer has: a header could say anything. */
function typeOf({ headers }: ResponseHead): string | null {
  const type = (headers['content-type'] ?? JSON_TYPE).split(';', 1)[0]!.trim().toLowerCase();
  if (type === JSON_TYPE) return type;
  return TEXT_TYPES.includes(type) ? `${type}; charset=utf-8` : null;
}

async function collect(
  job: RunningJob,
): Promise<{ body: Buffer; bill: Extract<ReplyEvent, { kind: 'bill' }> }> {
  const parts: Buffer[] = [];
  for (let next = await job.events.next(); !next.done; next = await job.events.next()) {
    const event = next.value;
    if (event.kind === 'data') parts.push(event.data);
    if (event.kind === 'bill') {
      readToEnd(job.events);
      return { body: Buffer.concat(parts), bill: event };
    }
  }
  throw new CocoonError('stream_truncated', 'The reply ended before its receipt.');
}

/** An engine that was full or fell over: its bill is still checked, then the next worker is asked. */
export async function billedFailure(job: RunningJob, head: ResponseHead): Promise<CocoonError> {
  const { bill } = await collect(job);
  job.settle(bill, NOTHING_DELIVERED);
  const busy = head.status === 429 || head.status === 503;
  return new CocoonError(
    busy ? 'worker_busy' : 'worker_failed',
    `The engine answered with status ${head.status}.`,
  );
}

/** What every answer of a job says of it. */
export function commonHeaders(job: RunningJob): Record<string, string> {
  return {
    'x-request-id': job.id,
    'x-cocoon-receipt-id': job.id,
    'x-cocoon-worker': job.candidate.worker.address.toString('hex'),
  };
}

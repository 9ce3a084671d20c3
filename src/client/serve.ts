import type { ResponseHead } from '../channel';
import { CocoonError } from '../protocol/errors';
import { cocoonObject, createAnswerMeter, parseChunk } from './answer';
import { pause } from './allocation';
import { faultOf, routeName, type Failures } from './failures';
import { startJob, type JobCost, type JobDeps, type RunningJob } from './job';
import { CLIENT_LIMITS } from './limits';
import { orderOf, type ModelRequest } from './modelRequest';
import { readToEnd, type ReplyEvent } from './replyReader';
import { toCocoonError } from './respond';
import { selectTarget, type SelectDeps, type Target } from './select';
import { streamAnswer, streamError } from './stream';

export interface ServeDeps extends SelectDeps {
  job: JobDeps;
  failures: Failures;
  load: {
    started(workerId: string): void;
    ended(workerId: string): void;
    nextEnd(mostMs: number): Promise<void>;
  };
  /** The worker that a conversation stays with. */
  stayWith: { get(conversation: string): string | null; set(conversation: string, workerId: string): void };
  /** After a job: refills and spare lines, in the background. */
  afterJob(target: Target): void;
  onFault(workerId: string | null, error: CocoonError): void;
}

/** Runs one request: a ticket to one worker, and to the next ones while nothing was handed out yet. */
export async function serveModelRequest(
  request: ModelRequest,
  signal: AbortSignal,
  deps: ServeDeps,
): Promise<Response> {
  const tried = new Set<string>();
  const unseen = new Set<string>();
  let waitedMs = 0;
  let lastError: CocoonError | null = null;
  for (let attempts = 0; ;) {
    signal.throwIfAborted();
    const stayWith = deps.stayWith.get(request.conversation);
    let target: Target | null;
    try {
      target = await selectTarget(request, { tried, stayWith, waitedMs }, deps);
    } catch (error) {
      // What went wrong with the last worker says more than that none is left.
      throw lastError && toCocoonError(error).code === 'no_attested_worker' ? lastError : error;
    }
    if (!target) {
      if (waitedMs >= CLIENT_LIMITS.queueMs) {
        throw (
          lastError ?? new CocoonError('no_attested_worker', 'Every verified worker of this model is busy.')
        );
      }
      const since = deps.job.clock.now();
      await deps.load.nextEnd(CLIENT_LIMITS.queuePollMs);
      waitedMs += Math.max(1, (deps.job.clock.now() - since) * 1_000);
      continue;
    }
    // Requests that were selected in the same turn may have taken the slot or the room.
    if (!stillFits(target, deps)) continue;
    attempts += 1;
    try {
      return await runOnce(target, request, signal, deps);
    } catch (error) {
      if (signal.aborted) throw error;
      lastError = noteFault(target, toCocoonError(error), deps);
      const fault = faultOf(lastError);
      if (fault === 'dishonest' || fault === 'request' || attempts >= CLIENT_LIMITS.attempts) throw lastError;
      const route = routeName(target.candidate);
      if (fault === 'line' && !unseen.has(route)) {
        // A line that was just opened or raised: their view of the chain may be a block older than ours.
        unseen.add(route);
        await pause(deps.job.timers, CLIENT_LIMITS.allocatePollMs);
        await deps.lines.escrow(0);
      } else if (fault !== 'busy') {
        tried.add(route);
      }
    }
  }
}

function stillFits({ candidate, maxFeeNano }: Target, deps: ServeDeps): boolean {
  return deps.freeSlotsOf(candidate) > 0 && (deps.lines.usable(candidate)?.roomNano ?? -1n) >= maxFeeNano;
}

function noteFault(target: Target, error: CocoonError, deps: ServeDeps): CocoonError {
  const fault = faultOf(error);
  deps.failures.note(target.candidate, fault, error.code);
  if (fault === 'dishonest') deps.lines.end(target.usable.line, 'dishonest');
  deps.onFault(target.candidate.worker.id, error);
  return error;
}

/** One ticket. Returns once the first byte of the answer is here, or, for JSON, all of it and its verified bill. */
async function runOnce(
  target: Target,
  request: ModelRequest,
  signal: AbortSignal,
  deps: ServeDeps,
): Promise<Response> {
  const abort = new AbortController();
  const onAbort = (): void => abort.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  deps.load.started(target.candidate.worker.id);
  let handedOver = false;
  let settled = false;
  let job: RunningJob | null = null;
  const finish = (): void => {
    job?.dropped();
    signal.removeEventListener('abort', onAbort);
    deps.load.ended(target.candidate.worker.id);
    // Nothing more is wanted of a reply that went wrong; one that ended well keeps its connection.
    if (!settled) abort.abort();
  };
  const succeeded = (): void => {
    settled = true;
    deps.stayWith.set(request.conversation, target.candidate.worker.id);
    deps.afterJob(target);
  };

  try {
    job = await startJob({ ...target, order: orderOf(request, target.candidate) }, abort.signal, deps.job);
    const head = await readHead(job);
    if (isRetryable(head.status)) throw await billedFailure(job, head);
    if (!isEventStream(head)) {
      const answer = await wholeAnswer(job, head);
      succeeded();
      return answer;
    }
    const events = await withFirstData(job.events);
    handedOver = true;
    const body = streamBody(streamAnswer(job, events, request.wantsUsage), {
      signal,
      finish,
      succeeded,
      failed: (error) => noteFault(target, error, deps),
    });
    return new Response(body, { status: head.status, headers: streamHeaders(job) });
  } finally {
    if (!handedOver) finish();
  }
}

async function readHead(job: RunningJob): Promise<ResponseHead> {
  const first = await job.events.next();
  if (first.done || first.value.kind !== 'head') {
    throw new CocoonError('reply_unauthentic', 'The reply does not begin with a head.');
  }
  return first.value.head;
}

/** Waits for the first data, so that a worker that dies before it can still be replaced. */
async function withFirstData(
  events: AsyncGenerator<ReplyEvent, void>,
): Promise<AsyncIterator<ReplyEvent, void>> {
  let first: IteratorResult<ReplyEvent, void> | null = await events.next();
  return {
    next() {
      if (!first) return events.next();
      const waiting = Promise.resolve(first);
      first = null;
      return waiting;
    },
  };
}

async function wholeAnswer(job: RunningJob, head: ResponseHead): Promise<Response> {
  const { body, bill } = await collect(job);
  const meter = createAnswerMeter();
  const json = parseChunk(body.toString('utf8'));
  if (json) meter.add(json);
  const cost = job.settle(bill, meter.delivered());
  const headers = {
    ...commonHeaders(job),
    'content-type': head.headers['content-type'] ?? 'application/json',
  };
  const paid = { ...headers, 'x-cocoon-cost-nano': cost.costNano.toString() };
  const isAnswer = json !== null && head.status < 300;
  return new Response(
    isAnswer ? JSON.stringify({ ...json, cocoon: cocoonObject(cost) }) : new Uint8Array(body),
    {
      status: head.status,
      headers: paid,
    },
  );
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
async function billedFailure(job: RunningJob, head: ResponseHead): Promise<CocoonError> {
  const { bill } = await collect(job);
  job.settle(bill, createAnswerMeter().delivered());
  const busy = head.status === 429 || head.status === 503;
  return new CocoonError(
    busy ? 'worker_busy' : 'worker_failed',
    `The engine answered with status ${head.status}.`,
  );
}

function streamBody(
  answer: AsyncGenerator<Buffer, JobCost>,
  on: {
    signal: AbortSignal;
    finish: () => void;
    succeeded: () => void;
    failed: (error: CocoonError) => void;
  },
): ReadableStream<Uint8Array> {
  let ended = false;
  const end = (): void => {
    if (!ended) on.finish();
    ended = true;
  };
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const onAbort = (): void => {
        if (!ended) controller.error(on.signal.reason);
        end();
      };
      if (on.signal.aborted) onAbort();
      on.signal.addEventListener('abort', onAbort, { once: true });
    },
    async pull(controller) {
      try {
        const next = await answer.next();
        if (ended) return;
        if (!next.done) {
          controller.enqueue(new Uint8Array(next.value));
          return;
        }
        on.succeeded();
      } catch (error) {
        if (ended) return;
        const named = toCocoonError(error);
        on.failed(named);
        controller.enqueue(new Uint8Array(streamError(named)));
      }
      end();
      controller.close();
    },
    cancel: end,
  });
}

function commonHeaders(job: RunningJob): Record<string, string> {
  return {
    'x-request-id': job.id,
    'x-cocoon-receipt-id': job.id,
    'x-cocoon-worker': job.candidate.worker.address.toString('hex'),
  };
}

function streamHeaders(job: RunningJob): Record<string, string> {
  return {
    ...commonHeaders(job),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
  };
}

function isEventStream(head: ResponseHead): boolean {
  return head.status < 300 && (head.headers['content-type'] ?? '').startsWith('text/event-stream');
}

function isRetryable(status: number): boolean {
  return status === 429 || status >= 500;
}

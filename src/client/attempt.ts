import type { ResponseHead } from '../channel';
import { CocoonError } from '../protocol/errors';
import { faultOf, type Failures } from './failures';
import { startJob, type JobDeps, type RunningJob } from './job';
import { orderOf, type ModelRequest } from './modelRequest';
import type { ReplyEvent } from './replyReader';
import type { SelectDeps, Target } from './select';
import { streamAnswer } from './stream';
import { streamBody, streamHeaders } from './streamBody';
import { billedFailure, wholeAnswer } from './wholeAnswer';

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

/**
 * What an engine may say to the caller: an answer, or what is wrong with his request. Redirects, payment and permission
 * are the worker's own affairs.
 */
const PASSED_ON: ReadonlySet<number> = new Set([200, 400, 404, 413, 415, 422]);

/** One ticket. Returns once the first byte of the answer is here, or, for JSON, all of it and its verified bill. */
export async function runOnce(
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
    if (!PASSED_ON.has(head.status)) throw await billedFailure(job, head);
    if (!isEventStream(head)) {
      const answer = await wholeAnswer(job, head, request);
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

/** What an error says of a worker is remembered; the error, for whoever comes next. */
export function noteFault(target: Target, error: CocoonError, deps: ServeDeps): CocoonError {
  const fault = faultOf(error);
  deps.failures.note(target.candidate, fault, error.code);
  if (fault === 'dishonest') deps.lines.end(target.usable.line, 'dishonest');
  deps.onFault(target.candidate.worker.id, error);
  return error;
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

function isEventStream(head: ResponseHead): boolean {
  return head.status < 300 && (head.headers['content-type'] ?? '').startsWith('text/event-stream');
}

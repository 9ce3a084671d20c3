import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { Clock } from '../chain/types';
import { CocoonError } from '../protocol/errors';
import { LIMITS } from '../protocol/limits';
import { ENVELOPE_HEAD_BYTES, JOB_CONTENT_TYPE } from '../protocol/wire';
import type { AdmittedJob, Admission, EscrowReader } from './admission';
import { asCocoonError, sendError } from './answer';
import type { FaultHook } from './faults';
import type { ReceiptLedger } from './ledger';
import type { RouterLimits } from './limits';
import type { RouterMetrics } from './metrics';
import { receiveBody, type BodyMemory, type BodyReceiver } from './receive';
import { relayJob, type RelayResult } from './relay';
import type { Standings } from './standing';

export interface JobsDeps {
  admission: Admission;
  escrows: EscrowReader;
  ledger: ReceiptLedger;
  standings: Standings;
  metrics: RouterMetrics;
  memory: BodyMemory;
  clock: Clock;
  log: Logger;
  limits: RouterLimits;
  faultPoint: FaultHook;
  isDraining(): boolean;
}

export interface JobHandler {
  /** `POST /v1/jobs`. Settles when the reply ended; never rejects. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Jobs being received or relayed. */
  readonly running: number;
  /** Resolves when no job runs, or after `timeoutMs`; answers whether all ended. */
  idle(timeoutMs: number): Promise<boolean>;
}

/** Request ids: one random prefix per process, then a count. */
const PREFIX_BYTES = 6;

/** From a request to a relayed reply: receive the head, admit, receive the rest, compare the hash, relay. */
export function createJobHandler(deps: JobsDeps): JobHandler {
  const { admission, metrics, limits, faultPoint } = deps;
  const idPrefix = randomBytes(PREFIX_BYTES).toString('hex');
  let started = 0;
  let running = 0;
  let onIdle: () => void = () => undefined;

  const keepReceipt = async (job: AdmittedJob, receipt: Buffer): Promise<void> => {
    const claim = { ...job, capNano: job.entry.capNano as bigint, receipt };
    let result = await deps.ledger.record(claim);
    if (!result.ok && result.code === 'receipt_over_cap') {
      // The cap may have been raised since the ticket was checked.
      const state = await deps.escrows.read(job.escrow, 0);
      const entry = state?.lines.get(job.lineId.toString('hex'));
      if (entry) result = await deps.ledger.record({ ...claim, capNano: entry.capNano });
    }
    metrics.receipts.inc({ outcome: result.ok ? result.outcome : result.code });
    if (!result.ok) throw new CocoonError(result.code, result.message);
  };

  const relay = async (
    request: IncomingMessage,
    response: ServerResponse,
    body: BodyReceiver,
  ): Promise<void> => {
    const job = await admission.check(await body.head());
    const { parts, bytes, ciphertextHash } = await body.rest();
    if (!ciphertextHash.equals(job.ticket.requestHash)) {
      throw new CocoonError('ticket_wrong_request', 'The ticket is for another request.');
    }
    // A body that has ended no longer tells of a client that left while its job was checked.
    if (response.destroyed) throw new CocoonError('invalid_request', 'The client hung up.');
    faultPoint('job.received');
    const release = admission.start(job);
    const requestId = `${idPrefix}-${++started}`;
    const startedAt = performance.now();
    metrics.running.inc();
    try {
      const upstream = job.link.openJob(bytes);
      upstream.once('finish', () => body.release());
      const relayDeps = { limits, faultPoint, keepReceipt };
      const result = await relayJob(job, parts, upstream, response, requestId, relayDeps);
      account(deps, job, result, { requestId, bytesUp: bytes, ms: performance.now() - startedAt });
    } finally {
      metrics.running.dec();
      release();
    }
  };

  return {
    async handle(request, response) {
      running += 1;
      let body: BodyReceiver | null = null;
      try {
        checkRequest(request, deps.isDraining());
        if (running > limits.jobs) throw new CocoonError('rate_limited', 'The router is full.');
        if (request.headers.expect) response.writeContinue();
        body = receiveBody(request, limits, deps.memory);
        await relay(request, response, body);
      } catch (cause) {
        const error = asCocoonError(cause);
        metrics.refusals.inc({ code: error.code });
        if (error.code === 'internal') deps.log.error({ err: cause }, 'job failed here');
        sendError(request, response, error, limits.retryAfterSeconds);
      } finally {
        body?.release();
        running -= 1;
        if (running === 0) onIdle();
      }
    },
    get running() {
      return running;
    },
    idle(timeoutMs) {
      if (running === 0) return Promise.resolve(true);
      return new Promise((resolve) => {
        const timer = setTimeout(() => resolve(false), timeoutMs);
        onIdle = () => {
          clearTimeout(timer);
          resolve(true);
        };
      });
    },
  };
}

function checkRequest(request: IncomingMessage, isDraining: boolean): void {
  if (isDraining) throw new CocoonError('draining', 'The router is shutting down.');
  const type = request.headers['content-type']?.split(';', 1)[0]?.trim();
  if (type !== JOB_CONTENT_TYPE) {
    throw new CocoonError('unsupported_media_type', `A job is sent as ${JOB_CONTENT_TYPE}.`);
  }
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > ENVELOPE_HEAD_BYTES + LIMITS.requestMaxBytes) {
    throw new CocoonError(
      'body_too_large',
      `A job takes at most ${LIMITS.requestMaxBytes} bytes of ciphertext.`,
    );
  }
}

/** Counts and logs one ended job. Sizes, times and public keys only. */
function account(
  deps: JobsDeps,
  job: AdmittedJob,
  result: RelayResult,
  sent: { requestId: string; bytesUp: number; ms: number },
): void {
  const { metrics, standings } = deps;
  const { key } = job.link;
  const escrow = job.escrow.toString('hex');
  const nowUnix = deps.clock.now();
  metrics.jobs.inc({ outcome: result.outcome });
  metrics.bytes.inc({ direction: 'up' }, sent.bytesUp);
  metrics.bytes.inc({ direction: 'down' }, result.bytesDown);
  metrics.requestSeconds.observe(sent.ms / 1000);
  if (result.firstByteMs !== null) {
    metrics.firstTokenSeconds.observe(result.firstByteMs / 1000);
    standings.latency(key, result.firstByteMs);
  }
  if (result.outcome === 'completed') standings.completed(key, escrow, nowUnix);
  else if (result.outcome !== 'client_gone' && result.outcome !== 'worker_refused')
    standings.failed(key, escrow, nowUnix);
  deps.log.info(
    {
      requestId: sent.requestId,
      escrow,
      line: job.lineId.toString('hex'),
      worker: key,
      outcome: result.outcome,
      code: result.code ?? undefined,
      bytesUp: sent.bytesUp,
      bytesDown: result.bytesDown,
      ms: Math.round(sent.ms),
    },
    'job ended',
  );
}

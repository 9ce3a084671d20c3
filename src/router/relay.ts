import type { ServerResponse } from 'node:http';
import { constants, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2';
import { CocoonError, errorBody, type ErrorCode } from '../protocol/errors';
import { LIMITS } from '../protocol/limits';
import { FRAMES_CONTENT_TYPE, FrameKind, encodeFrame } from '../protocol/wire';
import type { AdmittedJob } from './admission';
import { collect } from './collect';
import { createFrameScanner, type Scan } from './frameScanner';
import type { FaultHook } from './faults';
import type { RouterLimits } from './limits';

export interface RelayDeps {
  limits: RouterLimits;
  faultPoint: FaultHook;
  /** Stores a receipt durably, or throws the CocoonError that the client is to see. */
  keepReceipt: (job: AdmittedJob, receipt: Buffer) => Promise<void>;
}

export interface RelayResult {
  outcome:
    'completed' | 'worker_refused' | 'worker_error' | 'worker_failed' | 'receipt_refused' | 'client_gone';
  bytesDown: number;
  /** Milliseconds from sending the job to the first byte of the reply; null when none came. */
  firstByteMs: number | null;
  code: ErrorCode | null;
}

/** HTTP status of an answer that is neither a reply nor an error that a worker may send. */
const MIN_ERROR_STATUS = 400;
const MAX_ERROR_STATUS = 599;

/**
 * Sends one job and passes its reply on, frame by frame, with back-pressure both ways. The last frame, the receipt,
 * waits until it is on disk. Whatever happens the client gets a receipt, an error, or a cut connection; never a
 * reply that looks whole. `response` must not have closed yet: its `close` is how the end of a client is heard.
 */
export function relayJob(
  job: AdmittedJob,
  body: readonly Buffer[],
  upstream: ClientHttp2Stream,
  response: ServerResponse,
  requestId: string,
  deps: RelayDeps,
): Promise<RelayResult> {
  const { limits, faultPoint, keepReceipt } = deps;
  const scanner = createFrameScanner();
  const startedAt = performance.now();
  const result: RelayResult = { outcome: 'worker_failed', bytesDown: 0, firstByteMs: null, code: null };

  return new Promise((resolve) => {
    let settled = false;
    /** Set once the end is known: what follows from the worker no longer matters. */
    let closing = false;
    let hasBody = false;

    const finish = (outcome: RelayResult['outcome'], code: ErrorCode | null): void => {
      if (settled) return;
      settled = true;
      closing = true;
      clearTimeout(idle);
      clearTimeout(wholeJob);
      const isDone = outcome === 'completed' || outcome === 'worker_error' || outcome === 'worker_refused';
      if (!upstream.closed) upstream.close(isDone ? constants.NGHTTP2_NO_ERROR : constants.NGHTTP2_CANCEL);
      resolve({ ...result, outcome, code });
    };

    /** Frames that one read of the worker's socket brought leave in one write, in the same turn of the event loop. */
    let isFlushing = false;
    const flushThisTurn = (): void => {
      if (isFlushing) return;
      isFlushing = true;
      response.cork();
      setImmediate(() => {
        isFlushing = false;
        response.uncork();
        if (!hasBody && !response.writableEnded) response.flushHeaders();
      });
    };

    /** Ends the reply with an error: as JSON while nothing was sent, else as the last frame. */
    const fail = (outcome: RelayResult['outcome'], error: CocoonError): void => {
      if (settled) return;
      waitForReader();
      const text = Buffer.from(JSON.stringify(errorBody(error)));
      if (response.headersSent) response.end(encodeFrame(FrameKind.Error, text));
      else response.writeHead(error.httpStatus, jsonHeaders(requestId, text)).end(text);
      finish(outcome, error.code);
    };
    const workerFailed = (message: string): void =>
      fail('worker_failed', new CocoonError('worker_failed', message));

    const idle = setTimeout(() => {
      // While the client does not read, the worker is not read either.
      if (slowReader) idle.refresh();
      else workerFailed('The worker fell silent.');
    }, limits.workerIdleTimeoutMs);
    const wholeJob = setTimeout(() => workerFailed('The job took too long.'), LIMITS.jobMaxSeconds * 1000);

    /** Outlives the job: a reply whose end nobody reads must not hold its connection. */
    let slowReader: NodeJS.Timeout | undefined;
    const waitForReader = (): void => {
      slowReader ??= setTimeout(() => response.destroy(), limits.slowReaderTimeoutMs);
    };
    const readerKeptUp = (): void => {
      clearTimeout(slowReader);
      slowReader = undefined;
    };

    const pauseForReader = (): void => {
      upstream.pause();
      waitForReader();
      response.once('drain', () => {
        readerKeptUp();
        if (settled) return;
        idle.refresh();
        upstream.resume();
      });
    };

    /** Ends a reply that is whole; the job ends with it. From here on only its reader is waited for. */
    const endReply = (last: Buffer | null, onEnd: () => void): void => {
      clearTimeout(idle);
      clearTimeout(wholeJob);
      waitForReader();
      response.end(last, onEnd);
    };

    const endWithReceipt = async (receipt: Buffer): Promise<void> => {
      closing = true;
      clearTimeout(idle);
      faultPoint('receipt.received');
      try {
        await keepReceipt(job, receipt);
      } catch (cause) {
        return fail('receipt_refused', asCocoonError(cause));
      }
      if (settled) return;
      endReply(encodeFrame(FrameKind.Receipt, receipt), () => {
        faultPoint('reply.ended');
        finish('completed', null);
      });
      faultPoint('receipt.forwarded');
    };

    const onData = (piece: Buffer): void => {
      if (closing) return;
      idle.refresh();
      result.bytesDown += piece.length;
      let scan: Scan;
      try {
        scan = scanner.push(piece);
      } catch {
        return workerFailed("The worker's reply is malformed.");
      }
      let drained = true;
      if (scan.forward.length > 0) {
        hasBody = true;
        flushThisTurn();
        for (const part of scan.forward) drained = response.write(part);
        faultPoint('reply.chunk');
      }
      if (scan.last?.kind === FrameKind.Receipt) return void endWithReceipt(scan.last.receipt);
      if (scan.last) {
        closing = true;
        return endReply(null, () => finish('worker_error', null));
      }
      if (!drained) pauseForReader();
    };

    const onRefusal = (status: number, headers: IncomingHttpHeaders): void => {
      closing = true;
      collect(upstream, limits.workerErrorBytes, limits.workerIdleTimeoutMs).then(
        (text) => {
          if (settled) return;
          const isBusy = status === 429 || status === 503;
          const retryAfter = headers['retry-after'] ?? String(limits.retryAfterSeconds);
          waitForReader();
          response
            .writeHead(status, {
              ...jsonHeaders(requestId, text),
              ...(isBusy && { 'retry-after': retryAfter }),
            })
            .end(text);
          finish('worker_refused', null);
        },
        () => workerFailed('The worker refused the job and gave no reason.'),
      );
    };

    upstream.on('response', (headers) => {
      if (closing) return;
      idle.refresh();
      const status = Number(headers[':status']);
      const type = String(headers['content-type'] ?? '');
      if (status === 200 && type === FRAMES_CONTENT_TYPE) {
        result.firstByteMs = performance.now() - startedAt;
        response.writeHead(200, {
          'content-type': FRAMES_CONTENT_TYPE,
          'cache-control': 'no-store',
          'x-request-id': requestId,
          'x-accel-buffering': 'no',
          'access-control-allow-origin': '*',
        });
        flushThisTurn();
        faultPoint('reply.started');
        upstream.on('data', onData);
        return;
      }
      if (status >= MIN_ERROR_STATUS && status <= MAX_ERROR_STATUS && type.startsWith('application/json')) {
        onRefusal(status, headers);
        return;
      }
      workerFailed('The worker answered with something else than a reply.');
    });
    upstream.on('error', () => undefined);
    upstream.once('close', () => {
      if (!closing) workerFailed('The worker was lost.');
    });
    // A reply that got through has finished before it closes. `writableFinished` does not tell: Node drops what is
    // written between a reset and its `close`, and then calls the response finished although `finish` never comes.
    response.once('close', () => {
      readerKeptUp();
      finish('client_gone', null);
    });

    for (const part of body) upstream.write(part);
    upstream.end();
    faultPoint('job.forwarded');
  });
}

function jsonHeaders(requestId: string, text: Buffer): Record<string, string | number> {
  return {
    'content-type': 'application/json',
    'content-length': text.length,
    'cache-control': 'no-store',
    'x-request-id': requestId,
    'access-control-allow-origin': '*',
  };
}

function asCocoonError(cause: unknown): CocoonError {
  if (cause instanceof CocoonError) return cause;
  return new CocoonError('internal', 'The receipt could not be stored.', { cause });
}

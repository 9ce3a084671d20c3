import type { IncomingMessage, ServerResponse } from 'node:http';
import { CocoonError, errorBody } from '../protocol/errors';

/** A browser may read everything here: it is public or sealed. */
const OPEN_TO_BROWSERS = { 'access-control-allow-origin': '*' } as const;

/** Bytes of a refused request that are read and dropped, so that its sender sees the answer before the end. */
const DISCARD_BYTES = 1024 * 1024;
const DISCARD_MS = 2_000;

export function sendBytes(response: ServerResponse, type: string, bytes: Uint8Array, status = 200): void {
  response
    .writeHead(status, { ...OPEN_TO_BROWSERS, 'content-type': type, 'content-length': bytes.length })
    .end(bytes);
}

export function sendJson(response: ServerResponse, body: unknown, status = 200): void {
  sendBytes(response, 'application/json', Buffer.from(JSON.stringify(body)), status);
}

/** Answers with OpenAI's error body; what is left of the request is dropped. */
export function sendError(
  request: IncomingMessage,
  response: ServerResponse,
  error: CocoonError,
  retryAfterSeconds: number,
): void {
  if (response.headersSent || response.destroyed) return;
  const body = Buffer.from(JSON.stringify(errorBody(error)));
  const isBusy = error.httpStatus === 429 || error.httpStatus === 503;
  const isUnread = !request.complete;
  response.writeHead(error.httpStatus, {
    ...OPEN_TO_BROWSERS,
    'content-type': 'application/json',
    'content-length': body.length,
    ...(isBusy && { 'retry-after': String(retryAfterSeconds) }),
    ...(isUnread && { connection: 'close' }),
  });
  response.end(body);
  if (isUnread) discardRest(request);
}

export function asCocoonError(cause: unknown): CocoonError {
  return cause instanceof CocoonError
    ? cause
    : new CocoonError('internal', 'Something failed here.', { cause });
}

function discardRest(request: IncomingMessage): void {
  let left = DISCARD_BYTES;
  const stop = (): void => void request.destroy();
  const timer = setTimeout(stop, DISCARD_MS).unref();
  request.on('data', (part: Buffer) => {
    left -= part.length;
    if (left < 0) stop();
  });
  request.once('close', () => clearTimeout(timer));
  request.resume();
}

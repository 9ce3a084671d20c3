import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { errorBody, type CocoonError } from '../../protocol/errors';
import { errorHeaders } from '../respond';
import type { GatewayLimits } from './types';
import { drainUpload } from './upload';

/** One request and its answer. */
export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  limits: GatewayLimits;
}

/** Hands an answer on as it comes: each event in a packet of its own, and no faster than it is read. */
export async function sendAnswer(exchange: Exchange, answer: Response): Promise<void> {
  const { request, response, limits } = exchange;
  const headers = Object.fromEntries(answer.headers);
  if (request.method === 'HEAD' || !answer.body) {
    await answer.body?.cancel();
    return sendWhole(exchange, answer.status, headers, Buffer.alloc(0));
  }
  if (!(headers['content-type'] ?? '').startsWith('text/event-stream')) {
    return sendWhole(exchange, answer.status, headers, Buffer.from(await answer.arrayBuffer()));
  }
  response.writeHead(answer.status, headers);
  response.flushHeaders();
  await pump(answer.body, response, limits.stalledMs);
  end(response, limits.stalledMs);
}

/** An answer in OpenAI's shape. After the head there is nothing left to say: a cut connection is no end. */
export async function sendError(exchange: Exchange, error: CocoonError): Promise<void> {
  const { response } = exchange;
  if (response.headersSent || response.destroyed) return void response.destroy();
  if (error.code === 'method_not_allowed') response.setHeader('allow', 'GET, HEAD, OPTIONS');
  if (error.httpStatus === 401) response.setHeader('www-authenticate', 'Bearer');
  // Who knows better when to retry has said so already.
  const hints = response.hasHeader('retry-after') ? {} : errorHeaders(error);
  await sendJson(exchange, error.httpStatus, errorBody(error), hints);
}

export function sendJson(
  exchange: Exchange,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<void> {
  const bytes = Buffer.from(JSON.stringify(body));
  return sendWhole(exchange, status, { 'content-type': 'application/json', ...headers }, bytes);
}

/** An answer of known length. Whoever still sends has time to finish, and then finds it. */
async function sendWhole(
  { request, response, limits }: Exchange,
  status: number,
  headers: Record<string, string>,
  body: Buffer,
): Promise<void> {
  // A body that came with its head is only noticed after the turn in which the head was.
  if (!request.complete) await nextTurn();
  const early = !request.complete;
  response.writeHead(status, {
    ...headers,
    ...(request.method === 'HEAD' ? {} : { 'content-length': body.length }),
    ...(early ? { connection: 'close' } : {}),
  });
  if (request.method !== 'HEAD' && body.length > 0 && !response.write(body)) {
    await taken(response, limits.stalledMs);
  }
  response.flushHeaders();
  // Who waits for leave to send does not begin.
  const sends = early && request.headers.expect === undefined;
  if (sends && !(await drainUpload(request, limits))) return void response.destroy();
  end(response, limits.stalledMs);
}

async function pump(
  body: ReadableStream<Uint8Array>,
  response: ServerResponse,
  stalledMs: number,
): Promise<void> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      if (!response.write(value)) await taken(response, stalledMs);
    }
  } catch (error) {
    await reader.cancel(error).catch(() => undefined);
    throw error;
  }
}

/** Resolves when what was written is on its way; hangs up on a reader that takes nothing for so long. */
function taken(response: ServerResponse, stalledMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (then: () => void) => (): void => {
      clearTimeout(timer);
      response.off('drain', drained).off('close', closed);
      then();
    };
    const drained = settle(resolve);
    const closed = settle(() => reject(new Error('the reader hung up')));
    const timer = setTimeout(() => response.destroy(), stalledMs);
    response.once('drain', drained).once('close', closed);
  });
}

function end(response: ServerResponse, stalledMs: number): void {
  const timer = setTimeout(() => response.destroy(), stalledMs);
  response.once('close', () => clearTimeout(timer)).end();
}

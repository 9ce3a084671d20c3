import { createParser } from 'eventsource-parser';
import { Pool, type Dispatcher } from 'undici';
import { CocoonError } from '../protocol/errors';
import { LIMITS } from '../protocol/limits';
import type { Canary } from './canary';
import type { EngineRequest } from './engineRequest';
import { WORKER_LIMITS } from './limits';

/** An OpenAI-compatible engine on this machine: vLLM, SGLang, llama.cpp's server or the development engine. */
export interface Engine {
  run(request: EngineRequest, signal: AbortSignal): Promise<EngineReply>;
  /** Throws unless the engine lists `models` and answers a request of one token. */
  check(models: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

export type EngineReply =
  | { kind: 'json'; status: number; contentType: string; body: Buffer }
  /** The `data` of each server-sent event, `[DONE]` included. */
  | { kind: 'stream'; status: number; events: AsyncIterable<string> };

export function createEngine(config: {
  url: string;
  connections: number;
  /** The smallest real request to each model. */
  canaries(): Promise<(Canary | null)[]>;
}): Engine {
  const pool = new Pool(config.url, {
    connections: config.connections,
    pipelining: 1,
    connect: { timeout: WORKER_LIMITS.engineConnectTimeoutMs },
    headersTimeout: WORKER_LIMITS.engineSilenceMs,
    bodyTimeout: WORKER_LIMITS.engineSilenceMs,
  });

  const probe = async ({ path, contentType, body }: Canary, signal: AbortSignal): Promise<void> => {
    const headers = { 'content-type': contentType };
    const answer = await pool.request({ method: 'POST', path, body, headers, signal });
    await answer.body.dump();
    if (answer.statusCode === 200) return;
    throw new CocoonError('worker_failed', `The engine answers a canary with status ${answer.statusCode}.`);
  };

  return {
    async run(request, signal) {
      try {
        const response = await pool.request({
          method: request.method,
          path: request.path,
          body: request.body,
          headers: request.contentType === null ? {} : { 'content-type': request.contentType },
          signal,
        });
        return await readReply(response, request.stream, signal);
      } catch (cause) {
        throw engineError(cause, signal);
      }
    },
    async check(models) {
      const signal = AbortSignal.timeout(WORKER_LIMITS.engineHealthTimeoutMs);
      const list = await pool.request({ method: 'GET', path: '/v1/models', signal });
      const body = await readBounded(list.body);
      const served = servedModels(body.toString('utf8'));
      const missing = models.find((model) => !served.includes(model));
      if (list.statusCode !== 200 || missing !== undefined) {
        throw new CocoonError(
          'worker_failed',
          `The engine does not list the model "${missing ?? models.join()}".`,
        );
      }
      for (const canary of await config.canaries()) {
        if (canary) await probe(canary, signal);
      }
    },
    // Whoever waits for an answer has given up by now.
    close: () => pool.destroy(),
  };
}

async function readReply(
  response: Dispatcher.ResponseData,
  stream: boolean,
  signal: AbortSignal,
): Promise<EngineReply> {
  const contentType = String(response.headers['content-type'] ?? 'application/json');
  if (stream && response.statusCode === 200 && contentType.startsWith('text/event-stream')) {
    return { kind: 'stream', status: 200, events: eventsOf(response.body, signal) };
  }
  const body = await readBounded(response.body);
  return { kind: 'json', status: response.statusCode, contentType, body };
}

async function* eventsOf(body: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncIterable<string> {
  let ready: string[] = [];
  const parser = createParser({ onEvent: (event) => ready.push(event.data) });
  const decoder = new TextDecoder();
  let total = 0;
  try {
    for await (const bytes of body) {
      total += bytes.length;
      if (total > LIMITS.responseMaxBytes) throw new CocoonError('worker_failed', 'The answer is too long.');
      parser.feed(decoder.decode(bytes, { stream: true }));
      const events = ready;
      ready = [];
      yield* events;
    }
  } catch (cause) {
    throw engineError(cause, signal);
  }
}

async function readBounded(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let total = 0;
  for await (const bytes of body) {
    total += bytes.length;
    if (total > LIMITS.responseMaxBytes) throw new CocoonError('worker_failed', 'The answer is too long.');
    parts.push(bytes);
  }
  return Buffer.concat(parts);
}

function servedModels(text: string): string[] {
  try {
    const { data } = JSON.parse(text) as { data?: { id?: unknown }[] };
    return (data ?? []).flatMap(({ id }) => (typeof id === 'string' ? [id] : []));
  } catch {
    return [];
  }
}

const TIMEOUTS = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'UND_ERR_CONNECT_TIMEOUT']);

/** The engine's own words stay here: they may quote the prompt. */
function engineError(cause: unknown, signal: AbortSignal): CocoonError {
  if (cause instanceof CocoonError) return cause;
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
  if (signal.aborted) return new CocoonError('worker_failed', 'The job was cut off.', { cause });
  if (TIMEOUTS.has(code))
    return new CocoonError('engine_timeout', 'The engine was silent for too long.', { cause });
  return new CocoonError('worker_failed', 'The engine failed.', { cause });
}

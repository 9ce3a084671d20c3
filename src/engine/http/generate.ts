import { generatePieces, type GenerationRequest, type Piece, type Usage } from '../generation';
import { ApiError, contextLengthExceeded } from '../apiError';
import { ENGINE_LIMITS } from '../limits';
import type { Runtime, Slot } from '../runtime';
import type { Lease, SlotPool } from '../slotPool';
import { asApiError } from './sse';
import type { ChatRequest, CompletionRequest } from './schemas';
import { requestSignals } from './signals';
import type { EarContext } from './transcriptions';

/** Everything a route needs; made once by `createEngine`. */
export interface EngineContext extends EarContext {
  runtime: Runtime;
  pool: SlotPool<Slot>;
  /** Embeddings run one request at a time, beside the slots. */
  embeddingPool: SlotPool<'embedder'>;
  modelId: string;
  earId: string;
  /** Seed of requests that name none, so that they can be repeated as well. */
  defaultSeed: number;
  /** True once no new request is taken. */
  draining(): boolean;
  /** Unix seconds. */
  now(): number;
  newId(): string;
}

type Sampled = ChatRequest | CompletionRequest;

/** Turns a validated request into tokens and settings; throws ApiError when it does not fit the context. */
export function planGeneration(
  context: EngineContext,
  body: Sampled,
  prompt: readonly number[],
  max: { value: number | undefined; param: string; promptParam: string },
): GenerationRequest {
  const { contextLength } = context.runtime;
  const room = contextLength - prompt.length;
  if (room < 1) throw contextLengthExceeded(contextLength, prompt.length, max.value ?? 1, max.promptParam);
  if (max.value !== undefined && max.value > room) {
    throw contextLengthExceeded(contextLength, prompt.length, max.value, max.param);
  }
  return {
    prompt,
    maxTokens: max.value ?? Math.min(room, ENGINE_LIMITS.maxTokensDefault),
    stops: body.stop === undefined ? [] : [body.stop].flat(),
    ignoreEnd: body.ignore_eos ?? false,
    salt: body.cache_salt ?? null,
    sampling: {
      temperature: body.temperature ?? 1,
      topP: body.top_p ?? 1,
      topK: Math.max(0, body.top_k ?? 0),
      minP: body.min_p ?? 0,
      frequencyPenalty: body.frequency_penalty ?? 0,
      presencePenalty: body.presence_penalty ?? 0,
      seed: (body.seed ?? context.defaultSeed) >>> 0,
    },
  };
}

/**
 * Waits for a slot, then hands out the pieces. The wait happens before this returns, so that a full engine is an HTTP
 * status; the slot is given back when the pieces end, for whatever reason.
 */
export async function startGeneration(
  context: EngineContext,
  request: GenerationRequest,
  client: AbortSignal,
): Promise<{ pieces: AsyncGenerator<Piece, void>; signal: AbortSignal }> {
  const signals = requestSignals(client, context.shutdown);
  const preference = (slot: Slot): number => context.runtime.cachedTokens(slot, request.prompt, request.salt);
  try {
    const lease = await context.pool.acquire(preference, signals.queue);
    // A generator that nobody starts never reaches its `finally`: then the signal alone gives the slot back.
    const job = { lease, started: false, done: signals.done };
    signals.job.addEventListener('abort', () => job.started || lease.release(), { once: true });
    return { pieces: run(context, request, job, signals.job), signal: signals.job };
  } catch (error) {
    signals.done();
    throw asApiError(error);
  }
}

async function* run(
  context: EngineContext,
  request: GenerationRequest,
  job: { lease: Lease<Slot>; started: boolean; done: () => void },
  signal: AbortSignal,
): AsyncGenerator<Piece, void> {
  const { lease, done } = job;
  job.started = true;
  let last: Piece | null = null;
  try {
    for await (last of generatePieces(
      context.runtime,
      lease.slot,
      request,
      context.delayMsPerToken,
      signal,
    )) {
      yield last;
    }
  } finally {
    lease.release();
    done();
    context.metrics.finished(last?.usage ?? null, last?.finish ?? 'abort');
  }
}

/** All pieces as one text. */
export async function collect(
  pieces: AsyncGenerator<Piece, void>,
): Promise<Piece & { finish: 'stop' | 'length' }> {
  let text = '';
  try {
    for await (const piece of pieces) {
      text += piece.text;
      if (piece.finish !== null) return { ...piece, text, finish: piece.finish };
    }
  } catch (error) {
    throw asApiError(error);
  }
  throw new ApiError(500, 'internal_error', 'The generation ended without a reason.');
}

export function usageBody(usage: Usage): Record<string, unknown> {
  return {
    prompt_tokens: usage.promptTokens,
    completion_tokens: usage.completionTokens,
    total_tokens: usage.promptTokens + usage.completionTokens,
    prompt_tokens_details: { cached_tokens: usage.cachedTokens },
  };
}

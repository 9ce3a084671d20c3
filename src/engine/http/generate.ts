import {
  generatePieces,
  type FinishReason,
  type GenerationRequest,
  type Piece,
  type PlacedToken,
  type Usage,
} from '../generation';
import { ApiError, contextLengthExceeded, invalidParameter, unsupportedParameter } from '../apiError';
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

/** What a request is made of beside its prompt. */
export interface Demand {
  maxTokens: number | undefined;
  /** Names of the parameters that a refusal must name. */
  maxParam: string;
  promptParam: string;
  /** The text's grammar, and the likeliest tokens to report; null for none. */
  grammar: string | null;
  alternatives: number | null;
}

/** Turns a validated request into tokens and settings; throws ApiError when it does not fit the context. */
export function planGeneration(
  context: EngineContext,
  body: Sampled,
  prompt: readonly number[],
  demand: Demand,
): GenerationRequest {
  const { contextLength } = context.runtime;
  const { maxTokens, grammar } = demand;
  const room = contextLength - prompt.length;
  if (room < 1) throw contextLengthExceeded(contextLength, prompt.length, maxTokens ?? 1, demand.promptParam);
  if (maxTokens !== undefined && maxTokens > room) {
    throw contextLengthExceeded(contextLength, prompt.length, maxTokens, demand.maxParam);
  }
  if (body.ignore_eos && grammar !== null) {
    throw unsupportedParameter(
      'ignore_eos',
      "'ignore_eos': a grammar has an end that cannot be passed over.",
    );
  }
  const maxTokensDefault =
    grammar === null ? ENGINE_LIMITS.maxTokensDefault : ENGINE_LIMITS.maxTokensConstrainedDefault;
  return {
    prompt,
    maxTokens: maxTokens ?? Math.min(room, maxTokensDefault),
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
      bias: biasOf(context, body.logit_bias ?? {}),
      grammar,
      alternatives: demand.alternatives,
    },
  };
}

function biasOf({ runtime }: EngineContext, biases: Record<string, number>): Map<number, number> {
  const entries = Object.entries(biases);
  if (entries.length > ENGINE_LIMITS.biasesMax) {
    throw invalidParameter('logit_bias', `'logit_bias' has at most ${ENGINE_LIMITS.biasesMax} tokens.`);
  }
  return new Map(
    entries.map(([name, bias]) => {
      const token = Number(name);
      if (token < runtime.vocabularySize) return [token, bias];
      const reason = `There is no token ${name}: the model has ${runtime.vocabularySize}.`;
      throw invalidParameter(`logit_bias.${name}`, reason);
    }),
  );
}

/** The same request `n` times, each time with the next seed. */
export function choicesOf(request: GenerationRequest, n: number): GenerationRequest[] {
  const { sampling } = request;
  return Array.from({ length: n }, (_, index) => ({
    ...request,
    sampling: { ...sampling, seed: (sampling.seed + index) >>> 0 },
  }));
}

/** A piece of one of several answers. */
export interface ChoicePiece extends Piece {
  index: number;
  /** Of all answers up to here; a prompt counts once, however many answers it has. */
  usage: Usage;
}

/** What runs before the first piece, in the slot: a request's prompt with the chances of its tokens. */
export type Prelude = (slot: Slot) => Promise<void>;

/**
 * Waits for a slot, then hands out the pieces: one answer after the other, as the development engine has no hurry. The wait
 * happens before this returns, so that a full engine is an HTTP status; the slot is given back when the pieces end, for
 * whatever reason.
 */
export async function startGeneration(
  context: EngineContext,
  requests: readonly GenerationRequest[],
  client: AbortSignal,
  prelude: Prelude = async () => undefined,
): Promise<{ pieces: AsyncGenerator<ChoicePiece, void>; signal: AbortSignal }> {
  const signals = requestSignals(client, context.shutdown);
  const { prompt, salt } = requests[0]!;
  const preference = (slot: Slot): number => context.runtime.cachedTokens(slot, prompt, salt);
  try {
    const lease = await context.pool.acquire(preference, signals.queue);
    // A generator that nobody starts never reaches its `finally`: then the signal alone gives the slot back.
    const job = { lease, started: false, done: signals.done, prelude };
    signals.job.addEventListener('abort', () => job.started || lease.release(), { once: true });
    return { pieces: run(context, requests, job, signals.job), signal: signals.job };
  } catch (error) {
    signals.done();
    throw asApiError(error);
  }
}

async function* run(
  context: EngineContext,
  requests: readonly GenerationRequest[],
  job: { lease: Lease<Slot>; started: boolean; done: () => void; prelude: Prelude },
  signal: AbortSignal,
): AsyncGenerator<ChoicePiece, void> {
  const { lease, done } = job;
  job.started = true;
  let last: ChoicePiece | null = null;
  let before: Usage = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 };
  let finish: FinishReason | null = null;
  try {
    await job.prelude(lease.slot);
    for (const [index, request] of requests.entries()) {
      finish = null;
      const counted = requests[index - 1]?.prompt === request.prompt;
      const { runtime, delayMsPerToken } = context;
      for await (const piece of generatePieces(runtime, lease.slot, request, delayMsPerToken, signal)) {
        last = { ...piece, index, usage: sum(before, piece.usage, counted) };
        finish = piece.finish;
        yield last;
      }
      before = last!.usage;
    }
  } finally {
    lease.release();
    done();
    context.metrics.finished(last?.usage ?? null, finish ?? 'abort');
  }
}

function sum(before: Usage, usage: Usage, promptCounted: boolean): Usage {
  return {
    promptTokens: before.promptTokens + (promptCounted ? 0 : usage.promptTokens),
    cachedTokens: before.cachedTokens + (promptCounted ? 0 : usage.cachedTokens),
    completionTokens: before.completionTokens + usage.completionTokens,
  };
}

/** One answer in full. */
export interface Choice {
  text: string;
  tokens: PlacedToken[];
  finish: FinishReason;
}

/** All pieces as `n` whole answers. */
export async function collect(
  pieces: AsyncGenerator<ChoicePiece, void>,
  n: number,
): Promise<{ choices: Choice[]; usage: Usage }> {
  const choices = Array.from({ length: n }, (): Choice => ({ text: '', tokens: [], finish: 'stop' }));
  let finished = 0;
  let usage: Usage | null = null;
  try {
    for await (const piece of pieces) {
      const choice = choices[piece.index]!;
      choice.text += piece.text;
      choice.tokens.push(...piece.tokens);
      usage = piece.usage;
      if (piece.finish === null) continue;
      choice.finish = piece.finish;
      finished++;
    }
  } catch (error) {
    throw asApiError(error);
  }
  if (finished === n && usage) return { choices, usage };
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

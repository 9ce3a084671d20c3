import { z } from 'zod';
import { CocoonError } from '../protocol/errors';
import { sha256 } from '../protocol/hash';
import { jobFee, type Usage } from '../protocol/price';
import type { Nano } from '../protocol/amounts';
import type { Ask } from '../protocol/signed';
import type { OfferedModel } from '../protocol/wire';
import type { Order } from './job';
import { CLIENT_LIMITS } from './limits';

/** The paths that are sealed and sent to a worker, and what a model must be able to do for each. */
export const MODEL_PATHS: Readonly<Record<string, OfferedModel['capabilities'][number]>> = {
  '/v1/chat/completions': 'chat',
  '/v1/completions': 'completions',
  '/v1/embeddings': 'embeddings',
};

/** A request as a worker's engine will see it, and what of it the bill depends on. */
export interface ModelRequest {
  path: string;
  capability: OfferedModel['capabilities'][number];
  model: string;
  stream: boolean;
  /** Whether the caller asked for the usage chunk; the engine is always asked. */
  wantsUsage: boolean;
  body: Buffer;
  /** Answers per request, each with up to the maximum of tokens. */
  choices: number;
  /** Null when the caller named no maximum. */
  maxTokens: number | null;
  /** Equal for requests that continue one conversation. */
  conversation: string;
}

const count = z.number().int().positive().max(1_000_000).nullish();
const requestSchema = z.looseObject({
  model: z.string().min(1).max(200),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: count,
  max_completion_tokens: count,
  n: z.number().int().positive().max(128).nullish(),
  best_of: z.number().int().positive().max(128).nullish(),
  prompt: z.unknown().optional(),
  messages: z.array(z.unknown()).optional(),
  user: z.string().nullish(),
  prompt_cache_key: z.string().nullish(),
});
type Body = z.infer<typeof requestSchema>;

/** Throws CocoonError `invalid_request`. Fields that this client does not know pass through to the engine. */
export function readModelRequest(path: string, text: string): ModelRequest {
  const capability = MODEL_PATHS[path];
  if (!capability) throw new CocoonError('not_found', `There is no ${path}.`);
  const body = parseBody(text);
  const stream = body.stream === true && capability !== 'embeddings';
  const sealed = stream ? { ...body, stream_options: { ...body.stream_options, include_usage: true } } : body;
  return {
    path,
    capability,
    model: body.model,
    stream,
    wantsUsage: body.stream_options?.include_usage === true,
    body: Buffer.from(JSON.stringify(sealed)),
    choices: Math.max(body.n ?? 1, body.best_of ?? 1) * promptCount(body.prompt),
    maxTokens: body.max_completion_tokens ?? body.max_tokens ?? null,
    conversation: conversationOf(body),
  };
}

/** The largest counts that an honest bill can show. */
export function usageBound(
  request: ModelRequest,
  model: OfferedModel,
  templateTokens: number = CLIENT_LIMITS.templateTokensMax,
): Usage {
  // No tokenizer makes more tokens than bytes; the JSON around a message covers what a template adds to it.
  const bytes = request.body.length + templateTokens;
  const perAnswer = Math.min(
    request.maxTokens ?? model.maxOutputTokens,
    model.maxOutputTokens,
    model.contextLength,
  );
  return {
    promptTokens: request.capability === 'chat' ? Math.min(bytes, model.contextLength) : bytes,
    cachedTokens: 0,
    completionTokens: request.capability === 'embeddings' ? 0 : perAnswer * request.choices,
    reasoningTokens: 0,
    audioMs: 0,
  };
}

/** The request as a job for that candidate. */
export function orderOf(request: ModelRequest, { model, ask }: { model: OfferedModel; ask: Ask }): Order {
  return {
    path: request.path,
    body: request.body,
    model: request.model,
    maxFeeNano: maxFeeOf(request, model, ask),
    bound: usageBound(request, model),
    choices: request.choices,
  };
}

/** What a ticket for this request must permit. */
export function maxFeeOf(request: ModelRequest, model: OfferedModel, ask: Ask): Nano {
  const dearest = ask.cachedPrice > ask.promptPrice ? ask.cachedPrice : ask.promptPrice;
  return jobFee({ ...ask, promptPrice: dearest }, usageBound(request, model, CLIENT_LIMITS.templateTokens));
}

function parseBody(text: string): Body {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new CocoonError('invalid_request', 'The body is not JSON.', { cause });
  }
  const parsed = requestSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new CocoonError(
    'invalid_request',
    `${issue?.path.join('.') || 'body'}: ${issue?.message ?? 'is malformed'}.`,
  );
}

/** Completions take one prompt, a list of prompts, or lists of token numbers. */
function promptCount(prompt: unknown): number {
  return Array.isArray(prompt) && prompt.length > 0 && typeof prompt[0] !== 'number' ? prompt.length : 1;
}

function conversationOf(body: Body): string {
  const start = body.prompt_cache_key ?? body.messages?.slice(0, 2) ?? body.prompt ?? null;
  return sha256(Buffer.from(JSON.stringify([body.model, body.user ?? null, start]))).toString('base64');
}

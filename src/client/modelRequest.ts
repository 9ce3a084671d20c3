import type { Nano } from '../protocol/amounts';
import { TRANSCRIPTION_PATH } from '../protocol/audio/transcription';
import { jobFee, type Usage } from '../protocol/price';
import type { Ask } from '../protocol/signed';
import type { OfferedModel } from '../protocol/wire';
import type { Order } from './job';
import { CLIENT_LIMITS } from './limits';

type Capability = OfferedModel['capabilities'][number];

/** The paths that are sealed and sent to a worker, and what a model must be able to do for each. */
export const MODEL_PATHS: Readonly<Record<string, Capability>> = {
  '/v1/chat/completions': 'chat',
  '/v1/completions': 'completions',
  '/v1/embeddings': 'embeddings',
  [TRANSCRIPTION_PATH]: 'audio',
};

/** A request as a worker's engine will see it, and what of it the bill depends on. */
export interface ModelRequest {
  path: string;
  capability: Capability;
  model: string;
  stream: boolean;
  /** Whether the caller asked for the usage chunk; the engine is always asked. */
  wantsUsage: boolean;
  body: Buffer;
  contentType: string;
  /** Texts that are read apart from one another, each as long as the context at most. */
  prompts: number;
  /** Answers per request, each with up to the maximum of tokens. */
  choices: number;
  /** Null when the caller named no maximum. */
  maxTokens: number | null;
  /** How long the sound plays that is to be transcribed; 0 without one. */
  audioMs: number;
  /** Equal for requests that continue one conversation. */
  conversation: string;
}

/** The largest counts that an honest bill can show. */
export function usageBound(
  request: ModelRequest,
  model: OfferedModel,
  templateTokens: number = CLIENT_LIMITS.templateTokensMax,
): Usage {
  const { capability, audioMs } = request;
  if (capability === 'audio') return { ...NO_TOKENS, audioMs };
  // No tokenizer makes more tokens than bytes; the JSON around a text covers what marks its begin and end.
  const template = capability === 'chat' ? templateTokens : 0;
  const promptTokens = Math.min(request.body.length + template, model.contextLength * request.prompts);
  const perAnswer = Math.min(
    request.maxTokens ?? model.maxOutputTokens,
    model.maxOutputTokens,
    model.contextLength,
  );
  const completionTokens = capability === 'embeddings' ? 0 : perAnswer * request.choices;
  return { ...NO_TOKENS, promptTokens, completionTokens };
}

const NO_TOKENS: Usage = {
  promptTokens: 0,
  cachedTokens: 0,
  completionTokens: 0,
  reasoningTokens: 0,
  audioMs: 0,
};

/** The request as a job for that candidate. */
export function orderOf(request: ModelRequest, { model, ask }: { model: OfferedModel; ask: Ask }): Order {
  return {
    path: request.path,
    body: request.body,
    contentType: request.contentType,
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

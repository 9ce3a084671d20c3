import { COIN_SYMBOL } from '../protocol/amounts';
import type { Candidate } from './market';

type Capability = Candidate['model']['capabilities'][number];

/** Per token, and of `audio` per second of sound. */
type Price = 'prompt' | 'input_cache_read' | 'completion' | 'audio';

/** One row of `GET /v1/models`: OpenAI's fields, then what a buyer wants to know. */
export interface ModelInfo {
  id: string;
  object: 'model';
  /** Unix seconds since when the cheapest ask stands. */
  created: number;
  owned_by: string;
  context_length: number;
  max_output_length: number;
  /** Exact decimal strings in coins of the cheapest ask, of what such a model bills. */
  pricing: { currency: string } & Partial<Record<Price, string>>;
  /** Fields that any engine for such a model should take. Workers pass on more, which an engine may refuse by name. */
  supported_parameters: string[];
  input_modalities: string[];
  output_modalities: string[];
  capabilities: Capability[];
  cocoon: {
    model_hash: string;
    image_ids: string[];
    workers: number;
    /** Unix seconds. */
    price_updated_at: number;
    /** The cheapest ask as it is signed: nanotons per million tokens, and per minute of sound. */
    ask: { prompt_nano: string; cached_nano: string; completion_nano: string; audio_minute_nano: string };
  };
}

/** Models of the same name and different hashes are different models: each name is listed with its cheapest hash. */
export function listModels(candidates: readonly Candidate[]): ModelInfo[] {
  const byName = new Map<string, Candidate[]>();
  for (const candidate of candidates) {
    byName.set(candidate.model.id, [...(byName.get(candidate.model.id) ?? []), candidate]);
  }
  return [...byName.values()].map(describe).sort((a, b) => (a.id < b.id ? -1 : 1));
}

function describe(offers: Candidate[]): ModelInfo {
  const cheapest = offers.reduce((best, one) => (priceOf(one) < priceOf(best) ? one : best));
  const same = offers.filter(({ model }) => model.hash === cheapest.model.hash);
  const { model, ask } = cheapest;
  const { capabilities } = model;
  return {
    id: model.id,
    object: 'model',
    created: ask.notBefore,
    owned_by: 'cocoon',
    context_length: model.contextLength,
    max_output_length: model.maxOutputTokens,
    pricing: { currency: COIN_SYMBOL, ...pricesOf(ask, capabilities) },
    supported_parameters: each(capabilities, ({ parameters }) => parameters),
    input_modalities: each(capabilities, ({ input }) => [input]),
    output_modalities: each(capabilities, ({ output }) => [output]),
    capabilities,
    cocoon: {
      model_hash: model.hash,
      image_ids: [...new Set(same.map(({ worker }) => worker.imageId.toString('hex')))],
      workers: new Set(same.map(({ worker }) => worker.id)).size,
      price_updated_at: ask.notBefore,
      ask: {
        prompt_nano: ask.promptPrice.toString(),
        cached_nano: ask.cachedPrice.toString(),
        completion_nano: ask.completionPrice.toString(),
        audio_minute_nano: ask.audioPrice.toString(),
      },
    },
  };
}

function each<T>(capabilities: readonly Capability[], of: (traits: Traits) => readonly T[]): T[] {
  return [...new Set(capabilities.flatMap((one) => of(TRAITS[one])))];
}

function pricesOf(
  ask: Candidate['ask'],
  capabilities: readonly Capability[],
): Partial<Record<Price, string>> {
  const all: Record<Price, string> = {
    prompt: coinsPerUnit(ask.promptPrice, TOKENS),
    input_cache_read: coinsPerUnit(ask.cachedPrice, TOKENS),
    completion: coinsPerUnit(ask.completionPrice, TOKENS),
    audio: coinsPerUnit(ask.audioPrice, SECONDS),
  };
  return Object.fromEntries(each(capabilities, ({ bills }) => bills).map((name) => [name, all[name]]));
}

/** What a capability brings with it. */
interface Traits {
  input: string;
  output: string;
  bills: readonly Price[];
  parameters: readonly string[];
}

const READ = ['prompt', 'input_cache_read'] as const;
const GENERATING = [
  ...['max_tokens', 'temperature', 'top_p', 'top_k', 'min_p', 'stop', 'seed', 'n', 'logprobs', 'logit_bias'],
  ...['frequency_penalty', 'presence_penalty', 'stream'],
];
const TRAITS: Readonly<Record<Capability, Traits>> = {
  chat: {
    ...{ input: 'text', output: 'text', bills: [...READ, 'completion'] },
    parameters: [
      ...[...GENERATING, 'max_completion_tokens', 'top_logprobs', 'tools', 'tool_choice'],
      ...['parallel_tool_calls', 'response_format', 'structured_outputs'],
    ],
  },
  completions: {
    ...{ input: 'text', output: 'text', bills: [...READ, 'completion'] },
    parameters: [...GENERATING, 'echo'],
  },
  embeddings: {
    ...{ input: 'text', output: 'embeddings', bills: READ },
    parameters: ['encoding_format', 'dimensions'],
  },
  audio: {
    ...{ input: 'audio', output: 'text', bills: ['audio'] },
    parameters: ['response_format', 'language', 'prompt', 'temperature'],
  },
};

/** How many units a signed price counts for. */
const TOKENS = 1_000_000n;
const SECONDS = 60n;
/** Coins with so many digits behind the point are exact for tokens; a sixtieth is cut there. */
const DIGITS = 18;
const NANO_DIGITS = 9;

function coinsPerUnit(nano: bigint, units: bigint): string {
  const scaled = (nano * 10n ** BigInt(DIGITS - NANO_DIGITS)) / units;
  const text = scaled.toString().padStart(DIGITS + 1, '0');
  return `${text.slice(0, -DIGITS)}.${text.slice(-DIGITS)}`.replace(/\.?0+$/, '');
}

function priceOf({ ask }: Candidate): bigint {
  return ask.promptPrice + ask.completionPrice + ask.audioPrice;
}

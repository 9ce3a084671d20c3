import type { Candidate } from './market';

/** One row of `GET /v1/models`: OpenAI's fields, then what a buyer wants to know. */
export interface ModelInfo {
  id: string;
  object: 'model';
  /** Unix seconds since when the cheapest ask stands. */
  created: number;
  owned_by: string;
  context_length: number;
  max_output_length: number;
  /** Nanotons per million tokens, of the cheapest ask. */
  pricing: { prompt_nano: string; cached_nano: string; completion_nano: string; audio_minute_nano: string };
  capabilities: string[];
  cocoon: { model_hash: string; image_ids: string[]; workers: number };
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
  return {
    id: model.id,
    object: 'model',
    created: ask.notBefore,
    owned_by: 'cocoon',
    context_length: model.contextLength,
    max_output_length: model.maxOutputTokens,
    pricing: {
      prompt_nano: ask.promptPrice.toString(),
      cached_nano: ask.cachedPrice.toString(),
      completion_nano: ask.completionPrice.toString(),
      audio_minute_nano: ask.audioPrice.toString(),
    },
    capabilities: model.capabilities,
    cocoon: {
      model_hash: model.hash,
      image_ids: [...new Set(same.map(({ worker }) => worker.imageId.toString('hex')))],
      workers: new Set(same.map(({ worker }) => worker.id)).size,
    },
  };
}

function priceOf({ ask }: Candidate): bigint {
  return ask.promptPrice + ask.completionPrice;
}

import { generatedTextBytes } from '../protocol/generatedText';
import type { Delivered } from './settlement';
import type { JobCost } from './job';

/** The parts of OpenAI's answers that this client reads; everything else passes through untouched. */
export interface AnswerChunk {
  id?: unknown;
  object?: unknown;
  created?: unknown;
  model?: unknown;
  choices?: unknown;
  usage?: unknown;
  cocoon?: unknown;
}

const NOT_SAID = null as number | null;

/** Counts what an answer shows of its own size while it passes. */
export function createAnswerMeter(): { add(chunk: AnswerChunk): void; delivered(): Delivered } {
  let textBytes: number | null = null;
  const usage = { prompt: NOT_SAID, cached: NOT_SAID, completion: NOT_SAID };
  return {
    add(chunk) {
      if (isRecord(chunk.usage)) {
        const { prompt_tokens, completion_tokens, prompt_tokens_details: details } = chunk.usage;
        // A later count corrects an earlier one; what is only left out is not taken back.
        usage.prompt = countOf(prompt_tokens) ?? usage.prompt;
        usage.cached = countOf(isRecord(details) ? details['cached_tokens'] : null) ?? usage.cached;
        usage.completion = countOf(completion_tokens) ?? usage.completion;
      }
      const bytes = generatedTextBytes(chunk);
      if (bytes !== null) textBytes = (textBytes ?? 0) + bytes;
    },
    delivered: () => ({
      promptTokens: usage.prompt,
      cachedTokens: usage.cached,
      completionTokens: usage.completion,
      textBytes,
    }),
  };
}

/** The object that answers carry about what they cost. */
export function cocoonObject(cost: JobCost): { receipt: string; cost_nano: string; worker: string } {
  return { receipt: cost.receiptId, cost_nano: cost.costNano.toString(), worker: cost.worker };
}

export function isUsageChunk(chunk: AnswerChunk): boolean {
  return isRecord(chunk.usage) && Array.isArray(chunk.choices) && chunk.choices.length === 0;
}

export function parseChunk(text: string): AnswerChunk | null {
  try {
    const json: unknown = JSON.parse(text);
    return isRecord(json) ? json : null;
  } catch {
    return null;
  }
}

function countOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

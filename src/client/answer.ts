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
}

/** Counts what an answer shows of its own size while it passes. */
export function createAnswerMeter(): { add(chunk: AnswerChunk): void; delivered(): Delivered } {
  let textBytes = 0;
  let isText = false;
  let usage: { prompt_tokens?: unknown; completion_tokens?: unknown } = {};
  return {
    add(chunk) {
      if (isRecord(chunk.usage)) usage = chunk.usage;
      if (!Array.isArray(chunk.choices)) return;
      isText = true;
      for (const choice of chunk.choices as unknown[]) textBytes += textBytesOf(choice);
    },
    delivered: () => ({
      promptTokens: countOf(usage.prompt_tokens),
      completionTokens: countOf(usage.completion_tokens),
      textBytes: isText ? textBytes : null,
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

/** Bytes of everything that a choice says, whatever it calls it: content, reasoning, refusals, tool arguments. */
function textBytesOf(choice: unknown): number {
  if (!isRecord(choice)) return 0;
  return bytesOfStrings(choice['delta']) + bytesOfStrings(choice['message']) + bytesOfStrings(choice['text']);
}

function bytesOfStrings(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (!isRecord(value) && !Array.isArray(value)) return 0;
  return Object.values(value).reduce<number>((sum, part) => sum + bytesOfStrings(part), 0);
}

function countOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import type { ReportedUsage } from './metering';

/** Reads what matters to the bill out of an engine's JSON; everything else passes through untouched. */

/** OpenAI's `usage`, or null when this object bears none. */
export function usageOf(json: unknown): ReportedUsage | null {
  const usage = field(json, 'usage');
  if (typeof usage !== 'object' || usage === null) return null;
  return {
    promptTokens: number(field(usage, 'prompt_tokens')),
    completionTokens: number(field(usage, 'completion_tokens')),
    cachedTokens: number(field(field(usage, 'prompt_tokens_details'), 'cached_tokens')),
    reasoningTokens: number(field(field(usage, 'completion_tokens_details'), 'reasoning_tokens')),
  };
}

/** UTF-8 bytes of everything that the model wrote: text, reasoning, refusals, calls of tools. */
export function textBytesOf(json: unknown): number {
  const choices = field(json, 'choices');
  if (!Array.isArray(choices)) return 0;
  return choices.reduce<number>((sum, choice) => {
    const written = [field(choice, 'delta'), field(choice, 'message'), field(choice, 'text')];
    return sum + written.reduce<number>((bytes, part) => bytes + stringBytes(part, 0), 0);
  }, 0);
}

/** Fields that the engine writes, not the model. */
const NOT_TEXT = new Set(['role', 'id', 'type', 'index', 'finish_reason']);
const MAX_DEPTH = 6;

function stringBytes(value: unknown, depth: number): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return 0;
  return Object.entries(value).reduce((sum, [name, inner]) => {
    return NOT_TEXT.has(name) ? sum : sum + stringBytes(inner, depth + 1);
  }, 0);
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function number(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

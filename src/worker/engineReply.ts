import { CocoonError } from '../protocol/errors';
import { generatedTextBytes } from '../protocol/generatedText';
import type { ReportedUsage } from './metering';

/** Reads what matters to the bill out of an engine's JSON, and smooths what engines do each in their own way. */

/** OpenAI's `usage`, or null when this object bears none. */
export function usageOf(json: unknown): ReportedUsage | null {
  const usage = field(json, 'usage');
  if (typeof usage !== 'object' || usage === null) return null;
  return {
    promptTokens: number(field(usage, 'prompt_tokens')),
    completionTokens: number(field(usage, 'completion_tokens')),
    cachedTokens: number(field(field(usage, 'prompt_tokens_details'), 'cached_tokens')),
    reasoningTokens: number(field(field(usage, 'completion_tokens_details'), 'reasoning_tokens')),
    audioSeconds: field(usage, 'type') === 'duration' ? number(field(usage, 'seconds')) : null,
  };
}

/** UTF-8 bytes of everything that the model wrote: text, reasoning, refusals, calls of tools. */
export function textBytesOf(json: unknown): number {
  return generatedTextBytes(json) ?? 0;
}

/** Clients know a model by the name that the worker offers; arguments of calls are strings, as OpenAI's are. */
export function smoothed(
  json: unknown,
  model: { id: string; engineModel: string },
): Record<string, unknown> | null {
  if (!isRecord(json)) return null;
  const renames = model.id !== model.engineModel && 'model' in json;
  const restrings = hasArgumentObjects(json['choices']);
  if (!renames && !restrings) return null;
  return {
    ...json,
    ...(renames && { model: model.id }),
    ...(restrings && { choices: (json['choices'] as unknown[]).map(withStringArguments) }),
  };
}

function hasArgumentObjects(choices: unknown): boolean {
  return Array.isArray(choices) && choices.some((choice) => withStringArguments(choice) !== choice);
}

/** The same object when there is nothing to change. */
function withStringArguments(choice: unknown): unknown {
  const part = isRecord(field(choice, 'delta')) ? 'delta' : 'message';
  const message = field(choice, part);
  const calls = field(message, 'tool_calls');
  const isObject = (call: unknown): boolean => {
    const given = field(field(call, 'function'), 'arguments');
    return typeof given === 'object' && given !== null;
  };
  if (!Array.isArray(calls) || !calls.some(isObject)) return choice;
  const strung = calls.map((call: unknown) => {
    if (!isObject(call)) return call;
    const called = field(call, 'function') as Record<string, unknown>;
    return { ...(call as object), function: { ...called, arguments: JSON.stringify(called['arguments']) } };
  });
  return { ...(choice as object), [part]: { ...(message as object), tool_calls: strung } };
}

/**
 * An engine's refusal of a request in OpenAI's one shape: engines word and nest theirs differently. Throws CocoonError
 * where the fault is the worker's: an engine that is down, locked, or without its model.
 */
export function refusalOf(status: number, json: unknown): { error: Record<string, unknown> } {
  if (status >= 500 || WORKERS_FAULT.has(status)) throw engineFault(status);
  const told = isRecord(field(json, 'error')) ? field(json, 'error') : json;
  const message = field(told, 'message') ?? field(json, 'detail');
  return {
    error: {
      message: typeof message === 'string' ? message : `The engine refused the request (${status}).`,
      type: textOr(field(told, 'type'), 'invalid_request_error'),
      param: textOr(field(told, 'param'), null),
      code: textOr(field(told, 'code'), 'invalid_request'),
    },
  };
}

const WORKERS_FAULT: ReadonlySet<number> = new Set([401, 403, 404, 405, 408]);

function engineFault(status: number): CocoonError {
  if (status === 503) return new CocoonError('worker_busy', 'The engine takes no more requests.');
  if (status === 504) return new CocoonError('engine_timeout', 'The engine took too long.');
  return new CocoonError('worker_failed', `The engine answered with status ${status}.`);
}

function textOr<T>(value: unknown, otherwise: T): string | T {
  return typeof value === 'string' && value !== '' ? value : otherwise;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function number(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

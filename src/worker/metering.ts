import { jobFee, type Prices, type Usage } from '../protocol/price';
import type { Nano } from '../protocol/amounts';

/** What an engine says it used; absent numbers mean that it did not say. */
export interface ReportedUsage {
  promptTokens: number;
  cachedTokens: number;
  completionTokens: number;
  reasoningTokens: number;
  /** Of a transcription; null where the engine says nothing about it. */
  audioSeconds: number | null;
}

/** What was seen of a job from outside the engine. Bytes are UTF-8. */
export interface Evidence {
  /** Body that the engine was given. */
  requestBytes: number;
  /** Text of all strings that the model wrote and that went out to the client. */
  deliveredTextBytes: number;
  maxTokens: number;
  choices: number;
  /** How long the sound plays by its container; 0 for requests without one. */
  audioMs: number;
  /** False when the client hung up or the engine broke off. */
  complete: boolean;
}

/** A token holds at least one byte; a template may add its own to the prompt, an end mark to each choice. */
const TEMPLATE_TOKENS = 1_024;
const UNSEEN_TOKENS_PER_CHOICE = 16;
/** Where an engine broke off before it reported: a common mean, well below the one byte that bounds it. */
const BYTES_PER_UNREPORTED_TOKEN = 4;

export const NO_USAGE: Usage = {
  promptTokens: 0,
  cachedTokens: 0,
  completionTokens: 0,
  reasoningTokens: 0,
  audioMs: 0,
};

/**
 * The engine's own usage, bounded by what was delivered: never more completion tokens than were allowed or than
 * the delivered bytes can hold. Chunks of a stream are never counted: they are not tokens.
 */
export function boundedUsage(reported: ReportedUsage | null, seen: Evidence): Usage {
  // An answer that broke off before its first word is free, whatever it cost to compute. A transcript comes whole.
  if (!seen.complete && seen.deliveredTextBytes === 0) return NO_USAGE;
  if (seen.audioMs > 0) return { ...NO_USAGE, audioMs: heard(reported, seen.audioMs) };
  const base = reported ?? estimate(seen);
  const unseen = seen.complete ? UNSEEN_TOKENS_PER_CHOICE * seen.choices : 0;
  const completionTokens = Math.min(
    count(base.completionTokens),
    seen.maxTokens * seen.choices,
    seen.deliveredTextBytes + unseen,
  );
  const promptTokens = Math.min(count(base.promptTokens), seen.requestBytes + TEMPLATE_TOKENS);
  return {
    promptTokens,
    cachedTokens: Math.min(count(base.cachedTokens), promptTokens),
    completionTokens,
    reasoningTokens: Math.min(count(base.reasoningTokens), completionTokens),
    audioMs: 0,
  };
}

/** What is billed is told by the file itself; an engine may only say that it took less. */
function heard(reported: ReportedUsage | null, audioMs: number): number {
  const seconds = reported?.audioSeconds ?? null;
  return seconds !== null && seconds >= 0 ? Math.min(audioMs, Math.ceil(seconds * 1_000)) : audioMs;
}

/** A stream that was cut before the engine's final usage is billed by the bytes that went out. */
function estimate(seen: Evidence): ReportedUsage {
  return {
    promptTokens: Math.floor(seen.requestBytes / BYTES_PER_UNREPORTED_TOKEN),
    cachedTokens: 0,
    completionTokens: Math.ceil(seen.deliveredTextBytes / BYTES_PER_UNREPORTED_TOKEN),
    reasoningTokens: 0,
    audioSeconds: null,
  };
}

function count(value: number): number {
  return Number.isSafeInteger(value) && value > 0 ? Math.min(value, 0xffff_ffff) : 0;
}

/**
 * The bill: never above `maxFee`, and always exactly the price of the counts it states. What the ticket does not
 * cover is taken off the counts, completion first, so that anyone who recomputes the fee gets the same number.
 */
export function billWithin(prices: Prices, usage: Usage, maxFee: bigint): { usage: Usage; fee: Nano } {
  const fee = jobFee(prices, usage);
  if (fee <= maxFee) return { usage, fee };
  const completionTokens = largest(usage.completionTokens, (n) => {
    return jobFee(prices, withCompletion(usage, n)) <= maxFee;
  });
  const fewer = withCompletion(usage, completionTokens);
  const promptTokens = largest(usage.promptTokens, (n) => {
    return jobFee(prices, withPrompt(fewer, n)) <= maxFee;
  });
  const fitted = withPrompt(fewer, promptTokens);
  const fittedFee = jobFee(prices, fitted);
  return fittedFee <= maxFee ? { usage: fitted, fee: fittedFee } : { usage: NO_USAGE, fee: 0n as Nano };
}

function withCompletion(usage: Usage, completionTokens: number): Usage {
  return { ...usage, completionTokens, reasoningTokens: Math.min(usage.reasoningTokens, completionTokens) };
}

function withPrompt(usage: Usage, promptTokens: number): Usage {
  return { ...usage, promptTokens, cachedTokens: Math.min(usage.cachedTokens, promptTokens) };
}

/** Largest n in 0..most for which `fits` holds, 0 when none does; `fits` must be monotone. */
export function largest(most: number, fits: (n: number) => boolean): number {
  let low = 0;
  let high = most;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * The most completion tokens per choice that `maxFee` pays for, for a request of `requestBytes`; 0 when it does
 * not pay for one. The prompt's own tokens are known only after the run, so they are taken at a common mean;
 * `billWithin` keeps the bill below the ticket whatever they turn out to be.
 */
export function affordableTokens(
  prices: Prices,
  request: { requestBytes: number; choices: number; wanted: number },
  maxFee: bigint,
): number {
  const promptTokens = Math.ceil(request.requestBytes / BYTES_PER_UNREPORTED_TOKEN);
  return largest(request.wanted, (n) => {
    return jobFee(prices, { ...NO_USAGE, promptTokens, completionTokens: n * request.choices }) <= maxFee;
  });
}

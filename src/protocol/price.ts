import type { Ask } from './signed';
import type { Nano } from './amounts';

/** What one job used, as the engine counted it and bounded by what was delivered. */
export interface Usage {
  /** All prompt tokens, cached ones included. */
  promptTokens: number;
  cachedTokens: number;
  /** All completion tokens, reasoning ones included. */
  completionTokens: number;
  reasoningTokens: number;
  audioMs: number;
}

export type Prices = Pick<Ask, 'promptPrice' | 'cachedPrice' | 'completionPrice' | 'audioPrice'>;

// Token prices are per 10^6 tokens, audio per 60,000 ms; 6 x 10^6 is their common denominator.
const COMMON = 6_000_000n;
const TOKEN_WEIGHT = 6n;
const AUDIO_MS_WEIGHT = 100n;
const COUNTS = ['promptTokens', 'cachedTokens', 'completionTokens', 'reasoningTokens', 'audioMs'] as const;
const COUNT_MAX = 0xffff_ffff;

/**
 * The fee of one job: the exact sum of price x count, rounded up once. Nanotons, in full precision: absurd prices
 * give a fee above 64 bits, which is above any ticket's maximum. Reasoning tokens are completion tokens and cost
 * nothing on their own. Throws RangeError on counts that no job record could hold: more cached than prompt tokens
 * would make the fee negative.
 */
export function jobFee(prices: Prices, usage: Usage): Nano {
  checkUsage(usage);
  const fresh = BigInt(usage.promptTokens - usage.cachedTokens);
  const tokens =
    prices.promptPrice * fresh +
    prices.cachedPrice * BigInt(usage.cachedTokens) +
    prices.completionPrice * BigInt(usage.completionTokens);
  const sum = tokens * TOKEN_WEIGHT + prices.audioPrice * BigInt(usage.audioMs) * AUDIO_MS_WEIGHT;
  return ((sum + COMMON - 1n) / COMMON) as Nano;
}

function checkUsage(usage: Usage): void {
  for (const name of COUNTS) {
    const count = usage[name];
    if (!Number.isInteger(count) || count < 0 || count > COUNT_MAX) {
      throw new RangeError(`Usage.${name}: ${count} is not u32`);
    }
  }
  if (usage.cachedTokens > usage.promptTokens) {
    throw new RangeError(`Usage: ${usage.cachedTokens} cached of ${usage.promptTokens} prompt tokens`);
  }
  if (usage.reasoningTokens > usage.completionTokens) {
    throw new RangeError(
      `Usage: ${usage.reasoningTokens} reasoning of ${usage.completionTokens} completion tokens`,
    );
  }
}

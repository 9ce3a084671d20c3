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

/** The fee of one job: the exact sum of price x count, rounded up once. Nanotons. */
export function jobFee(prices: Prices, usage: Usage): Nano {
  const fresh = BigInt(usage.promptTokens - usage.cachedTokens);
  const tokens =
    prices.promptPrice * fresh +
    prices.cachedPrice * BigInt(usage.cachedTokens) +
    prices.completionPrice * BigInt(usage.completionTokens);
  const sum = tokens * TOKEN_WEIGHT + prices.audioPrice * BigInt(usage.audioMs) * AUDIO_MS_WEIGHT;
  return ((sum + COMMON - 1n) / COMMON) as Nano;
}

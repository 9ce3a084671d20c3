import { GATEWAY_LIMITS } from '../../limits';
import type { Rate } from './keyTypes';

/** How a key stands with its rate after one more request. Milliseconds. */
export interface RateStanding {
  allowed: boolean;
  limit: number;
  remaining: number;
  /** Until all are there again. */
  resetMs: number;
  /** Until one is there; 0 when one is. */
  retryMs: number;
}

/** A token bucket per key: full at first, refilled evenly. A refused request takes nothing. */
export function createRates(nowMs: () => number): { take(id: string, rate: Rate): RateStanding } {
  const buckets = new Map<string, { tokens: number; atMs: number }>();
  return {
    take(id, { requests, seconds }) {
      const now = nowMs();
      const perMs = requests / (seconds * 1_000);
      const before = buckets.get(id) ?? { tokens: requests, atMs: now };
      const filled = Math.min(requests, before.tokens + (now - before.atMs) * perMs);
      const allowed = filled >= 1;
      const tokens = allowed ? filled - 1 : filled;
      buckets.delete(id);
      if (buckets.size >= GATEWAY_LIMITS.keys) buckets.delete(buckets.keys().next().value!);
      buckets.set(id, { tokens, atMs: now });
      return {
        allowed,
        limit: requests,
        remaining: Math.floor(tokens),
        resetMs: Math.ceil((requests - tokens) / perMs),
        retryMs: tokens >= 1 ? 0 : Math.ceil((1 - tokens) / perMs),
      };
    },
  };
}

/** As OpenAI writes them. */
export function rateHeaders({
  allowed,
  limit,
  remaining,
  resetMs,
  retryMs,
}: RateStanding): Record<string, string> {
  const headers = {
    'x-ratelimit-limit-requests': String(limit),
    'x-ratelimit-remaining-requests': String(remaining),
    'x-ratelimit-reset-requests': duration(resetMs),
  };
  if (allowed) return headers;
  return {
    ...headers,
    'retry-after': String(Math.ceil(retryMs / 1_000)),
    'retry-after-ms': String(retryMs),
  };
}

/** 61_000 -> `1m1s`, 250 -> `250ms`. */
function duration(ms: number): string {
  if (ms < 1_000) return `${ms}ms`;
  const seconds = Math.ceil(ms / 1_000);
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${seconds}s` : `${minutes}m${seconds % 60}s`;
}

import { InvalidArgumentError } from 'commander';
import type { Rate } from '../../client/gateway';
import { nano, parseCoins, type Nano } from '../../protocol/amounts';

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, min: 60, m: 60, h: 3_600, d: 86_400 };
const MODELS_MAX = 100;
const REQUESTS_MAX = 1_000_000;
const SECONDS_MAX = 3_650 * 86_400;

/** `0.5` -> half a coin in nanotons. */
export function limitOf(text: string): Nano {
  try {
    return nano(parseCoins(text));
  } catch {
    throw new InvalidArgumentError('an amount in coins such as 0.5 is needed.');
  }
}

/** `30d`, `12h`, `45min`, `90s` -> seconds. */
export function secondsOf(text: string): number {
  const match = /^(\d{1,9})(s|min|m|h|d)$/.exec(text);
  const seconds = Number(match?.[1] ?? 0) * (UNIT_SECONDS[match?.[2] ?? ''] ?? 0);
  if (seconds > 0 && seconds <= SECONDS_MAX) return seconds;
  throw new InvalidArgumentError('a time such as 30d, 12h, 45min or 90s is needed.');
}

/** `60/min`, `5/s`, `1000/d` -> so many requests in so long. */
export function rateOf(text: string): Rate {
  const match = /^(\d{1,7})\/(s|min|m|h|d)$/.exec(text);
  const requests = Number(match?.[1] ?? 0);
  const seconds = UNIT_SECONDS[match?.[2] ?? ''];
  if (seconds !== undefined && requests > 0 && requests <= REQUESTS_MAX) return { requests, seconds };
  throw new InvalidArgumentError('a rate such as 60/min, 5/s or 1000/d is needed.');
}

/** `a,b` -> its names. */
export function modelsOf(text: string): string[] {
  const models = text.split(',').map((name) => name.trim());
  if (models.length <= MODELS_MAX && models.every((name) => name !== '')) return models;
  throw new InvalidArgumentError('names of models with commas between them are needed.');
}

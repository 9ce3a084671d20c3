import { Command, InvalidArgumentError } from 'commander';
import type { Rate } from '../../client/gateway';

export interface SandboxOptions {
  port: number;
  /** An OpenAI-compatible engine on this machine; null for the development engine. */
  engine: string | null;
  slots: number;
  delayMsPerToken: number;
  keys: SandboxKeys;
  /** Of the limited key. */
  rate: Rate;
  json: boolean;
}

export interface SandboxKeys {
  funded: string;
  second: string;
  empty: string;
  limited: string;
}

export const SANDBOX_DEFAULTS: SandboxOptions = {
  port: 8_787,
  engine: null,
  slots: 4,
  delayMsPerToken: 0,
  keys: {
    funded: 'sk-cocoon-sandbox-funded',
    second: 'sk-cocoon-sandbox-second',
    empty: 'sk-cocoon-sandbox-empty',
    limited: 'sk-cocoon-sandbox-limited',
  },
  rate: { requests: 1, seconds: 60 },
  json: false,
};

interface Flags extends Omit<SandboxOptions, 'engine' | 'keys' | 'rate' | 'json'> {
  engine?: string;
  json?: true;
  fundedKey: string;
  secondKey: string;
  emptyKey: string;
  limitedKey: string;
  limitedRate: number;
}

/** `cocoon gateway --sandbox`. */
export function readSandboxOptions(argv: readonly string[]): SandboxOptions {
  const { keys, rate, port, slots, delayMsPerToken } = SANDBOX_DEFAULTS;
  const flags = new Command('cocoon gateway --sandbox')
    .description(
      'A whole SIMULATED network in this process, and a gateway before it: to look at, and for tests',
    )
    .option('--sandbox', 'no real network, no real money, nothing kept secret')
    .option('--port <number>', 'of the gateway, 0 for any', wholeNumber(0, 65_535), port)
    .option(
      '--engine <url>',
      'an OpenAI-compatible engine on this machine, instead of the development engine',
    )
    .option('--funded-key <key>', 'an API key with money', keyOf, keys.funded)
    .option('--second-key <key>', 'another one, whose answers and receipts are its own', keyOf, keys.second)
    .option('--empty-key <key>', 'one with next to nothing: its requests are answered 402', keyOf, keys.empty)
    .option('--limited-key <key>', 'one whose rate is soon used up: then 429', keyOf, keys.limited)
    .option(
      '--limited-rate <n>',
      'requests a minute of the limited key',
      wholeNumber(1, 6_000),
      rate.requests,
    )
    .option('--slots <n>', 'requests that the engine runs at once', wholeNumber(1, 512), slots)
    .option(
      '--delay-ms-per-token <n>',
      'slows the development engine down',
      wholeNumber(0, 60_000),
      delayMsPerToken,
    )
    .option('--json', 'print where it is, and the keys, as one JSON line')
    .parse([...argv], { from: 'user' })
    .opts<Flags>();
  return {
    port: flags.port,
    engine: flags.engine ?? null,
    slots: flags.slots,
    delayMsPerToken: flags.delayMsPerToken,
    keys: {
      funded: flags.fundedKey,
      second: flags.secondKey,
      empty: flags.emptyKey,
      limited: flags.limitedKey,
    },
    rate: { requests: flags.limitedRate, seconds: rate.seconds },
    json: flags.json ?? false,
  };
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`a whole number from ${least} to ${most} is needed.`);
  };
}

function keyOf(text: string): string {
  if (/^\S{1,200}$/.test(text)) return text;
  throw new InvalidArgumentError('a key of up to 200 characters without spaces is needed.');
}

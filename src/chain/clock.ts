import { z } from 'zod';
import { CHAIN_LIMITS } from './limits';
import type { Clock } from './types';

/** What a chain says of its time. `standing` is a devnet's frozen clock. */
export interface ChainTime {
  unix: number;
  standing: boolean;
}

export type ChainTimeSource = () => Promise<ChainTime>;

export interface ChainClock extends Clock {
  /** Reads the chain's time once. Never rejects: a failed reading makes the last one older. */
  sync(): Promise<void>;
  /**
   * By how many seconds the chain's last known time differs from `now()`; infinite before the first reading.
   * Programs take no new work beyond `LIMITS.clockSkewSeconds`.
   */
  chainOffsetSeconds(): number;
  stop(): void;
}

export interface ChainClockDeps {
  source: ChainTimeSource;
  /** 'chain': follow the chain, as on a devnet. 'system': keep the system's time and watch the distance. */
  follow: 'chain' | 'system';
  /** Milliseconds that only grow, and the system's Unix time. */
  monotonicMs?: () => number;
  systemMs?: () => number;
  /** 0: nobody polls, `sync` is called by hand. */
  pollMs?: number;
}

/** The time of the last block: what contracts compare dates with. */
export function blockTimeSource(chain: { blockTime(): Promise<number> }): ChainTimeSource {
  return async () => ({ unix: await chain.blockTime(), standing: false });
}

const devnetReply = z.object({ unix: z.number(), frozen: z.boolean() });

/** The exact clock of a devnet, from its `/clock`. */
export function devnetTimeSource(devnetUrl: string, send: typeof fetch = fetch): ChainTimeSource {
  return async () => {
    const signal = AbortSignal.timeout(CHAIN_LIMITS.requestTimeoutMs);
    const reply = await send(new URL('/clock', devnetUrl), { signal });
    const { unix, frozen } = devnetReply.parse(await reply.json());
    return { unix, standing: frozen };
  };
}

/** The one clock of a program. Resolves after the first reading, or the first failure to read. */
export async function createChainClock(deps: ChainClockDeps): Promise<ChainClock> {
  const monotonicMs = deps.monotonicMs ?? (() => performance.now());
  const systemMs = deps.systemMs ?? Date.now;
  const pollMs = deps.pollMs ?? CHAIN_LIMITS.clockPollMs;
  let reading: (ChainTime & { atMs: number }) | null = null;
  let timer: NodeJS.Timeout | null = null;
  let stopped = false;
  let latest = 0;

  /** The chain's time carried on from the last reading, but not for ever: a chain that is not seen may stand still. */
  const chainNow = (): number => {
    if (!reading) return systemMs() / 1000;
    const passed = Math.max(0, (monotonicMs() - reading.atMs) / 1000);
    return reading.unix + (reading.standing ? 0 : Math.min(passed, CHAIN_LIMITS.clockCarrySeconds));
  };

  const sync = async (): Promise<void> => {
    const askedMs = monotonicMs();
    try {
      const time = await deps.source();
      // The answer was true somewhere between question and now.
      reading = { ...time, atMs: (askedMs + monotonicMs()) / 2 };
    } catch {
      // The offset grows, or its reading goes stale, and that is what stops new work.
    }
  };

  const poll = (): void => {
    if (stopped || pollMs === 0) return;
    timer = setTimeout(() => void sync().then(poll), pollMs);
    // A program that has nothing else to do may end; in a page there is no such thing.
    (timer as { unref?(): void }).unref?.();
  };

  await sync();
  poll();

  /** Never backwards: a correction makes the clock wait for the chain instead. */
  const now = (): number => {
    latest = Math.max(latest, deps.follow === 'chain' ? chainNow() : systemMs() / 1000);
    return latest;
  };

  return {
    now,
    sync,
    chainOffsetSeconds() {
      if (!reading) return Number.POSITIVE_INFINITY;
      const passed = (monotonicMs() - reading.atMs) / 1000;
      const silence = reading.standing ? 0 : Math.max(0, passed - CHAIN_LIMITS.clockCarrySeconds);
      const apart = chainNow() - now();
      return silence > Math.abs(apart) ? silence : apart;
    },
    stop() {
      stopped = true;
      if (timer) clearTimeout(timer);
    },
  };
}

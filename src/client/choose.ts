import type { Timers } from '../channel';
import { CLIENT_LIMITS } from './limits';
import type { Candidate } from './market';
import { maxFeeOf, type ModelRequest } from './modelRequest';

export interface Ranked {
  candidate: Candidate;
  maxFeeNano: bigint;
  freeSlots: number;
  /** Lower is better: the price, made worse by load, failures and latency. */
  score: number;
}

/** Orders candidates for one request. */
export function rank(
  candidates: readonly Candidate[],
  request: ModelRequest,
  freeSlotsOf: (candidate: Candidate) => number,
): Ranked[] {
  return candidates
    .map((candidate) => {
      const maxFeeNano = maxFeeOf(request, candidate.model, candidate.ask);
      const freeSlots = freeSlotsOf(candidate);
      return { candidate, maxFeeNano, freeSlots, score: scoreOf(candidate, maxFeeNano, freeSlots) };
    })
    .sort((a, b) => a.score - b.score);
}

/**
 * One of the best few, at random: if all clients took the very best, it would be full and the second idle. A
 * conversation stays with its worker while that one is nearly as good, since its prefix is cached there.
 */
export function pick(
  ranked: readonly Ranked[],
  stayWith: string | null,
  random: () => number,
): Ranked | null {
  const best = ranked[0];
  if (!best) return null;
  const good = ranked.filter(
    ({ score }) => score <= (best.score * (100 + CLIENT_LIMITS.bestFewPercent)) / 100,
  );
  const same = good.find(({ candidate }) => candidate.worker.id === stayWith);
  const few = good.slice(0, CLIENT_LIMITS.bestFew);
  return same ?? few[Math.floor(random() * few.length)] ?? best;
}

function scoreOf(candidate: Candidate, maxFeeNano: bigint, freeSlots: number): number {
  const load = 1 - Math.min(1, freeSlots / candidate.worker.slots);
  const latency = Math.min(candidate.medianLatencyMs ?? 0, 4_000) / 4_000;
  return (Number(maxFeeNano) + 1) * (1 + load / 2) * (2 - candidate.successRate) * (1 + latency);
}

/**
 * Free slots between two looks at the order book: what the book said, less the jobs of ours that began since, plus
 * those that ended.
 */
export function createLoad(timers: Timers): {
  started(workerId: string): void;
  ended(workerId: string): void;
  freeSlots(candidate: Candidate): number;
  /** Resolves when a job ends, or after `mostMs`; those who waited longest are told first. */
  nextEnd(mostMs: number): Promise<void>;
} {
  const running = new Map<string, number>();
  const waiting = new Set<() => void>();
  const seen = new Map<string, { bookAtUnix: number; running: number }>();
  const add = (workerId: string, by: number): void => {
    const now = (running.get(workerId) ?? 0) + by;
    if (now === 0) running.delete(workerId);
    else running.set(workerId, now);
  };
  return {
    started: (workerId) => add(workerId, 1),
    ended(workerId) {
      add(workerId, -1);
      for (const wake of [...waiting]) wake();
    },
    nextEnd: (mostMs) =>
      new Promise((resolve) => {
        const wake = (): void => {
          timers.clear(timer);
          waiting.delete(wake);
          resolve();
        };
        const timer = timers.set(wake, mostMs);
        waiting.add(wake);
      }),
    freeSlots({ worker, router, bookAtUnix, freeSlots }) {
      const now = running.get(worker.id) ?? 0;
      const name = `${router} ${worker.id}`;
      const before = seen.get(name);
      if (before?.bookAtUnix !== bookAtUnix) seen.set(name, { bookAtUnix, running: now });
      const then = before?.bookAtUnix === bookAtUnix ? before.running : now;
      return Math.max(0, Math.min(worker.slots - now, freeSlots + then - now));
    },
  };
}

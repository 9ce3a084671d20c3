import { Address } from '@ton/core';
import type { Chain, Clock, EscrowState } from '../chain/types';
import { CocoonError } from '../protocol/errors';
import { LIMITS } from '../protocol/limits';
import { WORKER_LIMITS } from './limits';

/**
 * Finalized escrow states. `chain.escrow` answers null for anything that is not a genuine escrow of this registry,
 * so an address from a stranger is safe to ask about.
 */
export interface Escrows {
  /**
   * Read at most `maxAgeSeconds` ago; null for no genuine escrow. Throws CocoonError `chain_unavailable` when
   * nothing younger than a minute is to be had, or when the chain's time is too far from ours.
   */
  read(accountHash: Buffer, maxAgeSeconds: number): Promise<EscrowState | null>;
  /** What was read last, however old. */
  cached(accountHash: Buffer): EscrowState | null;
}

export function createEscrows(deps: { chain: Chain; clock: Clock }): Escrows {
  const cache = new Map<string, { state: EscrowState | null; askedAtUnix: number }>();
  const reading = new Map<string, Promise<EscrowState | null>>();

  const fetchState = (key: string, accountHash: Buffer): Promise<EscrowState | null> => {
    const current = reading.get(key);
    if (current) return current;
    const askedAtUnix = deps.clock.now();
    const request = deps.chain
      .escrow(new Address(0, accountHash))
      .then((state) => {
        cache.delete(key);
        cache.set(key, { state, askedAtUnix });
        const oldest = cache.keys().next();
        if (cache.size > WORKER_LIMITS.escrowCacheEntries && !oldest.done) cache.delete(oldest.value);
        return state;
      })
      .finally(() => reading.delete(key));
    reading.set(key, request);
    return request;
  };

  return {
    cached: (accountHash) => cache.get(accountHash.toString('latin1'))?.state ?? null,
    async read(accountHash, maxAgeSeconds) {
      const key = accountHash.toString('latin1');
      const known = cache.get(key);
      if (known && deps.clock.now() - known.askedAtUnix <= maxAgeSeconds) return known.state;
      try {
        return inTime(await fetchState(key, accountHash), deps.clock.now());
      } catch (cause) {
        if (known?.state && isFresh(known.state, deps.clock.now())) return known.state;
        if (cause instanceof CocoonError && cause.code === 'chain_unavailable') throw cause;
        throw new CocoonError('chain_unavailable', 'The escrow cannot be read.', { cause });
      }
    },
  };
}

function inTime(state: EscrowState | null, now: number): EscrowState | null {
  if (state && !isFresh(state, now)) {
    throw new CocoonError(
      'chain_unavailable',
      "The chain's last block is more than a minute from this clock.",
    );
  }
  return state;
}

/** A state from before or after this minute is no ground for a job. */
export function isFresh(state: EscrowState, now: number): boolean {
  return Math.abs(now - state.readAtUnix) < LIMITS.chainReadMaxAgeSeconds;
}

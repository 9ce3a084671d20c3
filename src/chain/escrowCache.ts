import { Address } from '@ton/core';
import { CocoonError } from '../protocol/errors';
import { LIMITS } from '../protocol/limits';
import { CHAIN_LIMITS } from './limits';
import type { Chain, Clock, EscrowState } from './types';

/** Finalized escrow states, shared by all jobs of a process. */
export interface EscrowCache {
  /**
   * Not older than `maxAgeSeconds`, a minute by default; null when no genuine escrow is there. Throws CocoonError
   * `chain_unavailable` when nothing young enough can be had.
   */
  read(account: Buffer, maxAgeSeconds?: number): Promise<EscrowState | null>;
  /** The same by address; `minFresh` is a time before which a reading is too old, Unix seconds. */
  get(address: Address, options?: { minFresh?: number }): Promise<EscrowState | null>;
  /** What was read last, however old. */
  cached(account: Buffer): EscrowState | null;
  forget(account: Buffer): void;
  size(): number;
}

interface Entry {
  state: EscrowState | null;
  /** The time of the block; of the request for what is absent. */
  atUnix: number;
}

/**
 * Reads each escrow once for all who ask at the same time, and again in the background once a reading is half as old
 * as anybody accepts, so that a busy escrow is never waited for.
 */
export function createEscrowCache(
  deps: { chain: Pick<Chain, 'escrow'>; clock: Clock },
  config: { maxAgeSeconds?: number; entries?: number } = {},
): EscrowCache {
  const { chain, clock } = deps;
  const maxAge = config.maxAgeSeconds ?? LIMITS.chainReadMaxAgeSeconds;
  const maxEntries = config.entries ?? CHAIN_LIMITS.escrowCacheEntries;
  const entries = new Map<string, Entry>();
  const reading = new Map<string, Promise<Entry>>();

  function refresh(key: string, account: Buffer): Promise<Entry> {
    const current = reading.get(key);
    if (current) return current;
    const askedAt = clock.now();
    const request = chain
      .escrow(new Address(0, account))
      .then((state) => {
        const entry = { state, atUnix: state?.readAtUnix ?? askedAt };
        entries.delete(key);
        entries.set(key, entry);
        if (entries.size > maxEntries) entries.delete(entries.keys().next().value!);
        return entry;
      })
      .finally(() => reading.delete(key));
    reading.set(key, request);
    return request;
  }

  async function read(account: Buffer, maxAgeSeconds: number): Promise<EscrowState | null> {
    const key = account.toString('latin1');
    const known = entries.get(key);
    const accepted =
      known?.state === null ? Math.min(maxAgeSeconds, CHAIN_LIMITS.absentSeconds) : maxAgeSeconds;
    const age = known ? clock.now() - known.atUnix : Number.POSITIVE_INFINITY;
    if (known && age < accepted) {
      // A failure here is nobody's answer: the reading in hand is still good, and a later one will be asked for.
      if (age > accepted / 2) refresh(key, account).catch(() => undefined);
      touch(key, known);
      return known.state;
    }
    return inTime((await refresh(key, account)).state);
  }

  function touch(key: string, entry: Entry): void {
    entries.delete(key);
    entries.set(key, entry);
  }

  /** A chain that stands still, or whose time is not ours, is no ground for a job. */
  function inTime(state: EscrowState | null): EscrowState | null {
    if (state && Math.abs(clock.now() - state.readAtUnix) >= maxAge) {
      throw new CocoonError('chain_unavailable', "The chain's last block is too far from this clock.");
    }
    return state;
  }

  return {
    read: (account, maxAgeSeconds = maxAge) => read(account, Math.min(maxAgeSeconds, maxAge)),
    get: (address, { minFresh } = {}) =>
      read(address.hash, minFresh === undefined ? maxAge : Math.min(maxAge, clock.now() - minFresh)),
    cached: (account) => entries.get(account.toString('latin1'))?.state ?? null,
    forget: (account) => void entries.delete(account.toString('latin1')),
    size: () => entries.size,
  };
}

import { Address } from '@ton/core';
import type { Chain, Clock, RegistryRules, WorkerState } from '../../chain/types';
import { CocoonError } from '../../protocol/errors';
import { LIMITS } from '../../protocol/limits';
import { CLIENT_LIMITS } from '../limits';

/** The registry's lists, read again every few seconds. */
export function createRules(chain: Chain, clock: Clock): () => Promise<RegistryRules> {
  let known: { atUnix: number; rules: Promise<RegistryRules> } | null = null;
  return () => {
    if (known && clock.now() - known.atUnix < CLIENT_LIMITS.rulesFreshSeconds) return known.rules;
    const rules = chain
      .registryRules()
      .then((read) => {
        requireRecent(read.readAtUnix, clock.now());
        return read;
      })
      .catch((cause: unknown) => {
        known = null;
        throw named(cause, "The registry's lists cannot be read.");
      });
    known = { atUnix: clock.now(), rules };
    return rules;
  };
}

/** Finalized Worker contracts, read every 20 s, or anew where a reading from before `sinceUnix` does not do. */
export function createWorkerStates(
  chain: Chain,
  clock: Clock,
): { read(address: Buffer, sinceUnix?: number): Promise<WorkerState | null> } {
  const cache = new Map<string, { atUnix: number; state: Promise<WorkerState | null> }>();
  return {
    read(address, sinceUnix = 0) {
      const name = address.toString('hex');
      const known = cache.get(name);
      const isFresh = known && clock.now() - known.atUnix < CLIENT_LIMITS.workerFreshSeconds;
      if (isFresh && known.atUnix >= sinceUnix) return known.state;
      const state = chain
        .worker(new Address(0, address))
        .then((read) => {
          if (read) requireRecent(read.readAtUnix, clock.now());
          return read;
        })
        .catch((cause: unknown) => {
          cache.delete(name);
          throw named(cause, 'A Worker contract cannot be read.');
        });
      if (!known && cache.size >= 4_096) cache.delete(cache.keys().next().value!);
      cache.set(name, { atUnix: clock.now(), state });
      return state;
    },
  };
}

function named(cause: unknown, problem: string): CocoonError {
  if (cause instanceof CocoonError && cause.code === 'chain_disagrees') return cause;
  return new CocoonError('chain_unavailable', problem, { cause });
}

/** What is read is of now, or it is worth nothing: a chain that stands still may hide a revocation. */
function requireRecent(readAtUnix: number, nowUnix: number): void {
  if (Math.abs(nowUnix - readAtUnix) < LIMITS.chainReadMaxAgeSeconds) return;
  throw new CocoonError('chain_unavailable', "The chain's last block is too far from this clock.");
}

import type { FoundCollateral } from './found';
import { MAX_KEPT } from './limits';
import type { PlatformFamily } from './platform';
import type { Searched } from './search';

/** Answers from memory while they are good, and makes one search at a time for each family. */
export function createKept(
  now: () => number,
): (family: PlatformFamily, search: () => Promise<Searched>) => Promise<FoundCollateral> {
  const kept = new Map<string, Searched>();
  const running = new Map<string, Promise<Searched>>();

  async function run(key: string, search: () => Promise<Searched>): Promise<Searched> {
    try {
      const found = await search();
      kept.delete(key);
      kept.set(key, found);
      if (kept.size > MAX_KEPT) kept.delete(kept.keys().next().value!);
      return found;
    } finally {
      running.delete(key);
    }
  }

  return async ({ fmspc, ca }, search) => {
    const key = `${fmspc}-${ca}`;
    const known = kept.get(key);
    if (known !== undefined && now() < known.until) return known.found;
    const started = running.get(key) ?? run(key, search);
    running.set(key, started);
    return (await started).found;
  };
}

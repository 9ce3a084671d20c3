import type { Timers } from '../../channel';

/**
 * What jobs give, in their order: all of them, or, once one is good, those that end within a grace time; null for the rest,
 * which go on. Rejects when one rejects before that.
 */
export async function soonest<T>(
  jobs: readonly Promise<T>[],
  isGood: (result: T) => boolean,
  graceMs: number,
  timers: Timers,
): Promise<(T | null)[]> {
  const results: (T | null)[] = jobs.map(() => null);
  let timer: unknown = null;
  let end: () => void = () => undefined;
  const grace = new Promise<void>((resolve) => (end = resolve));
  const noted = jobs.map(async (job, i) => {
    const result = await job;
    results[i] = result;
    if (timer === null && isGood(result)) timer = timers.set(end, graceMs);
  });
  try {
    await Promise.race([Promise.all(noted), grace]);
  } finally {
    if (timer !== null) timers.clear(timer);
    // Those that are left have nobody to tell.
    for (const job of noted) job.catch(() => undefined);
  }
  return [...results];
}

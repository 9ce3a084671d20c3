import type { Clock } from '../chain/types';
import type { Lines } from './lines';
import type { Market } from './market';
import type { Target } from './select';

/** After a refusal nothing is tried again for so long: the money will not be there a moment later. */
const REST_SECONDS = 30;
/** Room for so many jobs like the last one is kept ahead of need. */
const JOBS_AHEAD = 4n;

/**
 * Refills and spare lines in the background, before anybody waits for them: a new line takes seconds. A line is
 * refilled only while every job on it is accounted for, which each receipt's verification has shown.
 */
export function createRefill(deps: { market: Market; lines: Lines; clock: Clock }): {
  afterJob(target: Target): void;
  idle(): Promise<void>;
} {
  const { market, lines, clock } = deps;
  let running: Promise<void> | null = null;
  let restUntil = 0;

  const run = async ({ candidate, maxFeeNano }: Target): Promise<void> => {
    const sameModel = (await market.candidates()).filter(({ model }) => model.id === candidate.model.id);
    const spares = lines.spares(sameModel, 0);
    const low = (lines.usable(candidate)?.roomNano ?? 0n) < maxFeeNano * JOBS_AHEAD;
    const wishes = [...(low ? [candidate] : []), ...spares].map((wish) => ({
      candidate: wish,
      needNano: wish === candidate ? maxFeeNano * JOBS_AHEAD : maxFeeNano,
    }));
    if (wishes.length > 0) await lines.fund(wishes);
  };

  return {
    afterJob(target) {
      if (running || clock.now() < restUntil) return;
      running = run(target)
        .catch(() => {
          // Nobody waits for this: the next request that needs the room is told why it cannot have it.
          restUntil = clock.now() + REST_SECONDS;
        })
        .finally(() => {
          running = null;
        });
    },
    async idle() {
      await running;
    },
  };
}

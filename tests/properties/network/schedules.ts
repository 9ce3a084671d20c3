import fc from 'fast-check';
import { demandEverything, demandLines } from './check';
import { settleDown } from './chainSteps';
import { noCounts, type Counts } from './events';
import { perform } from './perform';
import { cutDown } from './shrink';
import { schedule, type Step } from './steps';
import { thawWorker } from './workerSteps';
import { beginningOf, type Beginnings } from './beginnings';
import { worldLike, type World } from './world';

// A schedule is a pure function of a seed and its number, whatever ran before it.

export function scheduleOf(seed: number, index: number): Step[] {
  return fc.sample(schedule, { seed: seedOf(seed, index), numRuns: 1 })[0]!;
}

/** Neighbours share nothing: both numbers are mixed into all 32 bits. */
function seedOf(seed: number, index: number): number {
  let mixed = Math.imul(seed ^ 0x9e37_79b9, 0x85eb_ca6b) ^ Math.imul(index + 1, 0xc2b2_ae35);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b_3c6d);
  return mixed ^ (mixed >>> 13);
}

/** Runs the steps from the beginning, and lets everything arrive at the end. Throws what is broken. */
export async function runSteps(first: World, steps: readonly Step[], counts: Counts): Promise<void> {
  const world = worldLike(first, counts);
  for (const step of steps) {
    await perform(world, step);
    demandLines(world);
  }
  await settleDown(world);
  for (const index of world.workers.keys()) await thawWorker(world, index);
  demandEverything(world);
}

export interface Violation {
  seed: number;
  index: number;
  /** What is broken. */
  reason: string;
  /** The shortest steps that were found to break it. */
  steps: Step[];
}

/** Null when everything holds. `counts` grow by what happened. */
export async function runSchedule(
  begin: Beginnings,
  seed: number,
  index: number,
  counts: Counts,
): Promise<{ steps: number; violation: Violation | null }> {
  const steps = scheduleOf(seed, index);
  const first = beginningOf(begin, index);
  try {
    await runSteps(first, steps, counts);
    return { steps: steps.length, violation: null };
  } catch {
    return { steps: steps.length, violation: await shrunk(first, seed, index, steps) };
  }
}

/** Cut down; the reason is that of the steps that remain. */
async function shrunk(first: World, seed: number, index: number, steps: Step[]): Promise<Violation> {
  const reasonOf = (some: readonly Step[]): Promise<string> =>
    runSteps(first, some, noCounts()).then(() => '', String);
  const shortest = await cutDown(steps, async (some) => (await reasonOf(some)) !== '');
  return { seed, index, reason: await reasonOf(shortest), steps: shortest };
}

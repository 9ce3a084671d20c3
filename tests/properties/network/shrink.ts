import type { Step } from './steps';

/** Whether these steps still break something. */
export type Breaks = (steps: readonly Step[]) => Promise<boolean>;

/** Tries after which the shortest so far has to do: cutting down must end, and be the same on every machine. */
const MAX_TRIES = 300;

/** Cuts steps that break something down to those that are needed, with values as simple as they may be. */
export async function cutDown(steps: readonly Step[], breaks: Breaks): Promise<Step[]> {
  let tries = MAX_TRIES;
  const stillBreaks: Breaks = (some) => (tries-- > 0 ? breaks(some) : Promise.resolve(false));
  return simplified(await withoutIdle([...steps], stillBreaks), stillBreaks);
}

/** Leaves out ever smaller pieces, the last first. */
async function withoutIdle(steps: Step[], breaks: Breaks): Promise<Step[]> {
  let best = steps;
  for (let size = Math.ceil(best.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = best.length - size; at > -size; at -= size) {
      const fewer = [...best.slice(0, Math.max(at, 0)), ...best.slice(at + size)];
      if (fewer.length > 0 && (await breaks(fewer))) best = fewer;
    }
  }
  return best;
}

async function simplified(steps: Step[], breaks: Breaks): Promise<Step[]> {
  const best = [...steps];
  for (let at = 0; at < best.length; at++) {
    for (let simpler = candidates(best[at]!), tried = 0; tried < simpler.length; tried++) {
      const replaced = best.with(at, simpler[tried] as Step);
      if (!(await breaks(replaced))) continue;
      best[at] = simpler[tried] as Step;
      [simpler, tried] = [candidates(best[at]), -1];
    }
  }
  return best;
}

/** Values a little simpler than this one: nothing, half of it, or one of its parts simplified or left out. */
function candidates(value: unknown): unknown[] {
  if (typeof value === 'bigint') return value > 1n ? [0n, 1n, value / 2n] : value === 1n ? [0n] : [];
  if (typeof value === 'number') return value > 1 ? [0, 1, Math.floor(value / 2)] : value === 1 ? [0] : [];
  if (Array.isArray(value)) {
    const left = value.length > 1 ? value.map((_, at) => value.filter((_item, other) => other !== at)) : [];
    return [
      ...left,
      ...value.flatMap((item, at) => candidates(item).map((simpler) => value.with(at, simpler))),
    ];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    candidates(inner).map((simpler) => ({ ...value, [name]: simpler })),
  );
}

import { isDeepStrictEqual } from 'node:util';
import { actionsOf, apply, sentence, type Action } from './actions';
import { createContract, shown, type Shown } from './contract';
import type { Rules } from './rules';
import { firstState, type Instance } from './state';

export interface Replayed {
  paths: number;
  steps: number;
  /** The first path on which contract and model part, or null. */
  disagreement: { trace: string[]; model: Shown; contract: Shown } | null;
}

const STEPS = 14;
/** Of ten steps, so many are chosen among those that change something. */
const EFFECTIVE_IN_TEN = 8;

/** Random paths of the search's graph on the real contracts, compared after each step; path n of a seed is always the same. */
export async function replay(rules: Rules, world: Instance, seed: number, paths: number): Promise<Replayed> {
  const actions = actionsOf(world);
  let steps = 0;
  for (let path = 0; path < paths; path++) {
    const random = createRandom(seed * 100_003 + path);
    const contract = await createContract(world);
    const trace: Action[] = [];
    let state = firstState(world);
    while (trace.length < STEPS) {
      const changing = actions.filter((action) => apply(rules, world, state, action) !== state);
      const pool = random(10) < EFFECTIVE_IN_TEN ? changing : actions;
      const action = pool[random(pool.length)]!;
      if (
        isBeyond(action, state.flights.length, world) ||
        (action.kind === 'tick' && state.now === world.lastTick)
      )
        continue;
      if (action.kind === 'topUp' && state.purse === 0) continue;
      state = apply(rules, world, state, action);
      await contract.act(action);
      trace.push(action);
      steps += 1;
      const [model, real] = [shown(state), await contract.show()];
      if (!isDeepStrictEqual(model, real)) {
        return {
          paths: path + 1,
          steps,
          disagreement: { trace: trace.map(sentence), model, contract: real },
        };
      }
    }
  }
  return { paths, steps, disagreement: null };
}

/** The search does not look at more payouts under way than this. */
function isBeyond(action: Action, flights: number, world: Instance): boolean {
  return action.kind === 'settle' && flights === world.flights;
}

/** Numbers from 0 up to a bound: mulberry32, for the same paths everywhere. */
function createRandom(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

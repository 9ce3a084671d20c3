import { actionsOf, apply, type Action } from './actions';
import { brokenBy, brokenIn } from './invariants';
import type { Rules } from './rules';
import { firstState, keyOf, type Instance, type State } from './state';

export interface Found {
  /** Distinct states, steps that led from one to another, and the longest of the shortest ways to a state. */
  states: number;
  transitions: number;
  depth: number;
  /** Whether nothing was left to look at. */
  complete: boolean;
  violations: Violation[];
}

export interface Violation {
  what: string;
  /** The shortest way there. */
  trace: Action[];
}

export interface Limits {
  /** Steps from the first state, at most. */
  depth?: number;
  /** Ends the search once so many invariants are broken. */
  violations?: number;
}

/** Breadth first, every state once, so that the first way to a state is a shortest one. */
export function explore(rules: Rules, world: Instance, limits: Limits = {}): Found {
  const { depth: deepest = Infinity, violations: enough = 1 } = limits;
  const actions = actionsOf(world);
  const visited = createVisited(firstState(world));
  const found: Found = { states: 0, transitions: 0, depth: 0, complete: true, violations: [] };
  const report = (what: string, trace: Action[]): void => {
    if (!found.violations.some((violation) => violation.what === what))
      found.violations.push({ what, trace });
  };
  for (let at = 0; at < visited.states.length && found.violations.length < enough; at++) {
    const state = visited.states[at]!;
    const depth = visited.depths[at]!;
    found.states += 1;
    found.depth = depth;
    const broken = brokenIn(rules, world, state);
    if (broken) {
      report(broken, visited.traceTo(at));
      continue;
    }
    if (depth >= deepest) {
      found.complete = false;
      continue;
    }
    for (const action of actions) {
      const next = apply(rules, world, state, action);
      if (next === state) continue;
      found.transitions += 1;
      const wrong = brokenBy(world, state, action, next);
      if (wrong) report(wrong, [...visited.traceTo(at), action]);
      else visited.add(next, at, action);
    }
    visited.forget(at);
  }
  return found;
}

interface Visited {
  states: (State | undefined)[];
  depths: number[];
  add(state: State, from: number, action: Action): void;
  /** Its way is kept, the state itself no longer. */
  forget(at: number): void;
  traceTo(at: number): Action[];
}

function createVisited(first: State): Visited {
  const known = new Set([keyOf(first)]);
  const states: (State | undefined)[] = [first];
  const [parents, depths]: [number[], number[]] = [[-1], [0]];
  const actions: (Action | undefined)[] = [undefined];
  return {
    states,
    depths,
    add(state, from, action) {
      const key = keyOf(state);
      if (known.has(key)) return;
      known.add(key);
      states.push(state);
      parents.push(from);
      depths.push(depths[from]! + 1);
      actions.push(action);
    },
    forget: (at) => (states[at] = undefined),
    traceTo(at) {
      const trace: Action[] = [];
      for (let step = at; step > 0; step = parents[step]!) trace.unshift(actions[step]!);
      return trace;
    },
  };
}

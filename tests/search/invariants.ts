import { apply, type Action } from './actions';
import type { Rules } from './rules';
import type { Entry, Instance, State } from './state';

// What must hold in every state and across every step. Nothing here asks the rules what is right: ends of lines, sums and
// claims are computed anew.

/** The first of the invariants that does not hold in a state, or null. */
export function brokenIn(rules: Rules, world: Instance, state: State): string | null {
  const under = (line: number): number =>
    state.flights.reduce((sum, flight) => sum + (flight.line === line ? flight.amount : 0), 0);
  const outside = state.purse + state.earned[0]! + state.earned[1]!;
  if (state.held + outside + under(0) + under(1) !== world.units) return 'I-1: money appeared or vanished';
  let locked = 0;
  for (const [line, entry] of state.lines.entries()) {
    const paid = state.earned[line]! + under(line);
    if (paid > state.signed[line]!) return `I-3: line ${line} was paid more than its worker signed for`;
    if (!entry) continue;
    if (entry.paid !== paid) return `I-2: line ${line} counts another sum than was sent`;
    if (entry.paid > entry.cap) return `I-3: line ${line} was paid more than its cap`;
    locked += entry.cap - entry.paid;
    if (!isPayable(rules, world, state, entry, line))
      return `I-4: a true claim of line ${line} is not paid in full`;
  }
  if (state.locked !== locked) return 'I-4: locked is not the sum of what lines have left';
  if (state.locked > state.held) return 'I-4: more is locked than there is';
  if (state.budget < 0) return "I-13: the signer's budget is below zero";
  return brokenExit(rules, world, state);
}

/** Liveness: whatever a worker could sign now, up to the cap, is paid in full at once. */
function isPayable(rules: Rules, world: Instance, state: State, entry: Entry, line: number): boolean {
  if (state.now > lastTickOf(entry, world.settleBy[line]!)) return true;
  const wanted = entry.cap - entry.paid;
  return rules.due(entry, entry.cap, state.held) === wanted;
}

/** Liveness (I-5): free money at once; and alone, with payouts coming back as late as they like, everything. */
function brokenExit(rules: Rules, world: Instance, state: State): string | null {
  const free = state.held - state.locked;
  if (free > 0 && rules.free(state) !== free) return 'I-5: free money is not free';
  let left = state;
  for (const line of [0, 1]) left = apply(rules, world, left, { kind: 'close', line });
  for (let tick = state.now; tick < world.lastTick; tick++)
    left = apply(rules, world, left, { kind: 'tick' });
  left = withdrawAll(rules, world, left);
  while (left.flights.length > 0) {
    left = apply(rules, world, left, { kind: 'arrive', flight: 0, accepted: false });
  }
  left = withdrawAll(rules, world, left);
  return left.held === 0 ? null : 'I-5: the client alone does not get everything out';
}

function withdrawAll(rules: Rules, world: Instance, state: State): State {
  const pruned = [0, 1].reduce((left, line) => apply(rules, world, left, { kind: 'prune', line }), state);
  return apply(rules, world, pruned, { kind: 'withdraw', amount: rules.free(pruned) });
}

/** The first rule of conduct that a step breaks, or null. */
export function brokenBy(world: Instance, before: State, action: Action, after: State): string | null {
  for (const line of [0, 1]) {
    const broken = brokenLine(world, before, action, after, line);
    if (broken) return broken;
  }
  return brokenPowers(before, action, after);
}

function brokenLine(
  world: Instance,
  before: State,
  action: Action,
  after: State,
  line: number,
): string | null {
  const [old, now] = [before.lines[line]!, after.lines[line]!];
  const settleBy = world.settleBy[line]!;
  if (!old) return now && before.now >= settleBy ? `I-11: line ${line} was opened after its end` : null;
  if (!now)
    return before.now > settleBy ? null : `I-11: line ${line} was forgotten while it could be opened anew`;
  const last = lastTickOf(old, settleBy);
  const isRunning = before.now <= last;
  const isSettled = action.kind === 'settle' && action.line === line;
  if (isSettled && !isRunning && now.paid !== old.paid) return `I-5: line ${line} was paid after its end`;
  if (old.closeAt !== 0 && now.closeAt !== old.closeAt) return `I-9: the end of line ${line} was moved`;
  if (old.closeAt !== 0 && now.cap > old.cap) return `I-9: line ${line} was raised while it was ending`;
  if (now.cap > old.cap && action.kind !== 'allocate') return `I-13: line ${line} was raised by nobody`;
  if (!isRunning || isSettled) return null;
  if (now.cap - now.paid < old.cap - old.paid) return `I-4: what line ${line} may still earn was taken away`;
  const promised = Math.min(last, before.now + world.closeDelay);
  return lastTickOf(now, settleBy) < promised ? `I-4: line ${line} ends before its closing delay` : null;
}

/** I-13: who may do what. */
function brokenPowers(before: State, action: Action, after: State): string | null {
  const { kind } = action;
  if (kind === 'allocate' && action.by !== 'client') {
    if (action.by !== before.signer && before !== after) return 'I-13: a signer of the past allocated';
    if (after.locked - before.locked > before.budget - after.budget)
      return 'I-13: the signer locked more than its budget lost';
  } else if (kind !== 'setSigner' && (after.budget !== before.budget || after.signer !== before.signer)) {
    return "I-13: the signer changed without the client's word";
  }
  const isMoved = after.purse !== before.purse;
  return isMoved && kind !== 'withdraw' && kind !== 'topUp'
    ? "I-13: the client's money moved without his word"
    : null;
}

function lastTickOf(entry: Entry, settleBy: number): number {
  return entry.closeAt === 0 ? settleBy : Math.min(entry.closeAt, settleBy);
}

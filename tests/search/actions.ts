import type { Allocator, Rules } from './rules';
import type { Entry, Flight, Instance, State } from './state';

/** One message, one arrival, or one tick of the clock. */
export type Action =
  | { kind: 'allocate'; by: Allocator; entry: 'open' | 'raise'; line: number; cap: number; sum: number }
  | { kind: 'allocate'; by: Allocator; entry: 'close'; line: number; cap: 0; sum: 0 }
  | { kind: 'settle'; line: number; total: number; final: boolean }
  | { kind: 'arrive'; flight: number; accepted: boolean }
  | { kind: 'close' | 'prune'; line: number }
  | { kind: 'withdraw'; amount: number }
  | { kind: 'setSigner'; signer: number; budget: number }
  | { kind: 'topUp' }
  | { kind: 'tick' };

/** Everything that anybody can try in such a world. */
export function actionsOf({ units, flights }: Instance): Action[] {
  const amounts = Array.from({ length: units + 1 }, (_, amount) => amount);
  const lines = [0, 1];
  const entries = (by: Allocator, line: number): Action[] => [
    { kind: 'allocate', by, entry: 'close', line, cap: 0, sum: 0 },
    ...(['open', 'raise'] as const).flatMap((entry) =>
      amounts.flatMap((cap): Action[] => [
        { kind: 'allocate', by, entry, line, cap, sum: cap },
        // The signed sum is too small for what the list says.
        ...(cap > 0 ? [{ kind: 'allocate', by, entry, line, cap, sum: cap - 1 } as const] : []),
      ]),
    ),
  ];
  return [
    { kind: 'tick' },
    { kind: 'topUp' },
    ...(['client', 0, 1] as const).flatMap((by) => lines.flatMap((line) => entries(by, line))),
    ...lines.flatMap((line) =>
      amounts.flatMap((total) =>
        [false, true].map((final): Action => ({ kind: 'settle', line, total, final })),
      ),
    ),
    ...Array.from({ length: flights }, (_, flight) => flight).flatMap((flight) =>
      [false, true].map((accepted): Action => ({ kind: 'arrive', flight, accepted })),
    ),
    ...lines.flatMap((line): Action[] => [
      { kind: 'close', line },
      { kind: 'prune', line },
    ]),
    ...amounts.slice(1).map((amount): Action => ({ kind: 'withdraw', amount })),
    ...[0, 1].flatMap((signer) =>
      [0, units].map((budget): Action => ({ kind: 'setSigner', signer, budget })),
    ),
  ];
}

/** The state after it; the same state when it is refused, skipped, or cannot happen here. */
export function apply(rules: Rules, world: Instance, state: State, action: Action): State {
  switch (action.kind) {
    case 'tick':
      return state.now < world.lastTick ? { ...state, now: state.now + 1 } : state;
    case 'topUp':
      return state.purse > 0 ? { ...state, purse: state.purse - 1, held: state.held + 1 } : state;
    case 'allocate':
      return allocate(rules, world, state, action);
    case 'settle':
      return settle(rules, world, state, action);
    case 'arrive':
      return arrive(rules, state, action);
    case 'close':
      return closeLine(rules, world, state, action.line);
    case 'prune':
      return prune(rules, world, state, action.line);
    case 'withdraw':
      return rules.withdraws(action.amount, rules.free(state))
        ? { ...state, held: state.held - action.amount, purse: state.purse + action.amount }
        : state;
    case 'setSigner':
      return { ...state, signer: action.signer, budget: action.budget };
  }
}

type Of<Kind extends Action['kind']> = Extract<Action, { kind: Kind }>;

function allocate(rules: Rules, world: Instance, state: State, action: Of<'allocate'>): State {
  const { by, line, cap, sum } = action;
  if (!rules.accepts(state, by, sum, rules.free(state))) return state;
  if (action.entry === 'close') return closeLine(rules, world, state, line);
  const entry = state.lines[line]!;
  const settleBy = world.settleBy[line]!;
  const raised = action.entry === 'open' ? cap : cap - (entry?.cap ?? 0);
  if (raised > sum || raised < 0) return state;
  let next: State;
  if (action.entry === 'open') {
    if (!rules.opens(entry, state.now, settleBy)) return state;
    next = withEntry(state, line, { cap, paid: 0, closeAt: 0 });
  } else {
    if (!entry || raised === 0 || !rules.raises(entry, state.now, settleBy)) return state;
    next = withEntry(state, line, { ...entry, cap });
  }
  const budget = by === 'client' ? state.budget : rules.budgetAfter(state.budget, raised);
  return { ...next, locked: state.locked + raised, budget };
}

function settle(rules: Rules, world: Instance, state: State, { line, total, final }: Of<'settle'>): State {
  const entry = state.lines[line]!;
  if (!entry || state.now > rules.lastTick(entry, world.settleBy[line]!)) return state;
  const amount = rules.due(entry, total, state.held);
  // A limit of the search, not a rule: what is under way arrives first.
  if (amount > 0 && state.flights.length === world.flights) return state;
  if (amount === 0 && !final) return state;
  let after: Entry = { ...entry, paid: entry.paid + amount };
  let { locked } = state;
  locked -= amount;
  if (final) {
    const cap = rules.finalCap(after, total);
    locked -= after.cap - cap;
    after = { ...after, cap, closeAt: after.closeAt === 0 ? world.settleBy[line]! : after.closeAt };
  }
  const signed = replaced(state.signed, line, Math.max(state.signed[line]!, total));
  const flights = amount > 0 ? sorted([...state.flights, { line, amount }]) : state.flights;
  return { ...withEntry(state, line, after), held: state.held - amount, locked, signed, flights };
}

function arrive(rules: Rules, state: State, { flight, accepted }: Of<'arrive'>): State {
  const payout = state.flights[flight];
  if (!payout) return state;
  const { line, amount } = payout;
  const flights = state.flights.filter((_, index) => index !== flight);
  if (accepted) {
    return { ...state, flights, earned: replaced(state.earned, line, state.earned[line]! + amount) };
  }
  const home = { ...state, flights, held: state.held + amount };
  const entry = state.lines[line];
  if (!entry) return home;
  return withEntry({ ...home, locked: state.locked + amount }, line, {
    ...entry,
    paid: rules.restored(entry, amount),
  });
}

function closeLine(rules: Rules, world: Instance, state: State, line: number): State {
  const entry = state.lines[line];
  if (!entry) return state;
  const closeAt = rules.closesAt(entry, state.now, world.closeDelay);
  return closeAt === entry.closeAt ? state : withEntry(state, line, { ...entry, closeAt });
}

function prune(rules: Rules, world: Instance, state: State, line: number): State {
  const entry = state.lines[line];
  if (!entry) return state;
  const settleBy = world.settleBy[line]!;
  const left = rules.pruned(entry, state.now, rules.lastTick(entry, settleBy), settleBy);
  if (left === entry) return state;
  const kept = left ? left.cap - left.paid : 0;
  return withEntry({ ...state, locked: state.locked - (entry.cap - entry.paid) + kept }, line, left);
}

function withEntry(state: State, line: number, entry: Entry | null): State {
  return { ...state, lines: replaced(state.lines, line, entry) };
}

function replaced<T>(values: readonly T[], at: number, value: T): T[] {
  return values.map((old, index) => (index === at ? value : old));
}

function sorted(flights: Flight[]): Flight[] {
  return flights.sort((a, b) => a.line - b.line || a.amount - b.amount);
}

/** A step of a trace, as a sentence. */
export function sentence(action: Action): string {
  switch (action.kind) {
    case 'allocate': {
      const by = action.by === 'client' ? 'client' : `signer ${action.by}`;
      const to = action.entry === 'close' ? '' : ` to ${action.cap}, sum ${action.sum}`;
      return `${by}: ${action.entry} line ${action.line}${to}`;
    }
    case 'settle':
      return `anybody: settle line ${action.line}, ${action.final ? 'final ' : ''}receipt of ${action.total}`;
    case 'arrive':
      return `payout ${action.flight} ${action.accepted ? 'is taken by its Worker' : 'comes back'}`;
    case 'close':
      return `client: close line ${action.line}`;
    case 'prune':
      return `anybody: prune line ${action.line}`;
    case 'withdraw':
      return `client: withdraw ${action.amount}`;
    case 'setSigner':
      return `client: set signer ${action.signer} with a budget of ${action.budget}`;
    case 'topUp':
      return 'client: top up 1';
    case 'tick':
      return 'a tick passes';
  }
}

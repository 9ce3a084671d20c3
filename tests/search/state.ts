/**
 * One escrow with two lines, as small as it can be and still go wrong. Amounts are units, time counts ticks; gas and rent
 * are left out, because what a message costs is exact in tests/flows and random in tests/properties.
 */
export interface State {
  now: number;
  /** Units in the escrow above its reserve, and how many of them the contract believes to be locked. */
  held: number;
  locked: number;
  /** Entries of the ledger; null when there is none. */
  lines: readonly (Entry | null)[];
  /** Which of two keys signs, and what it may still lock. */
  signer: number;
  budget: number;
  /** Payouts under way, in the order of line and amount. */
  flights: readonly Flight[];
  /** By line: what its Worker took. */
  earned: readonly number[];
  /** By line: the highest total that its worker ever signed. */
  signed: readonly number[];
  /** What the client has outside. */
  purse: number;
}

export interface Entry {
  cap: number;
  paid: number;
  /** 0 while the line is open. */
  closeAt: number;
}

export interface Flight {
  line: number;
  amount: number;
}

/** How large the world is that is searched. */
export interface Instance {
  name: string;
  /** All the money that there is. */
  units: number;
  /** By line: the last tick at which a receipt is paid. */
  settleBy: readonly number[];
  closeDelay: number;
  /** Payouts that may be under way at once. */
  flights: number;
  /** The clock stops here: every line has ended and could be deleted. */
  lastTick: number;
}

export const INSTANCES: Readonly<Record<'small' | 'whole', Instance>> = {
  small: { name: 'small', units: 2, settleBy: [2, 1], closeDelay: 1, flights: 1, lastTick: 3 },
  whole: { name: 'whole', units: 3, settleBy: [3, 2], closeDelay: 1, flights: 2, lastTick: 4 },
};

/** Open, and a unit is still outside for a top-up. */
export function firstState({ units }: Instance): State {
  return {
    now: 0,
    held: units - 1,
    locked: 0,
    lines: [null, null],
    signer: 0,
    budget: units,
    flights: [],
    earned: [0, 0],
    signed: [0, 0],
    purse: 1,
  };
}

/** Two states with one key are the same state. Numbers below zero are broken states, which have keys too. */
export function keyOf(state: State): string {
  const [first, second] = state.lines;
  const [a, b] = state.flights;
  return String.fromCharCode(
    state.now,
    state.held + OFFSET,
    state.locked + OFFSET,
    state.signer,
    state.budget + OFFSET,
    state.purse + OFFSET,
    ...entryKey(first),
    ...entryKey(second),
    state.earned[0]! + OFFSET,
    state.earned[1]! + OFFSET,
    state.signed[0]!,
    state.signed[1]!,
    a ? 1 + a.line * OFFSET + a.amount : 0,
    b ? 1 + b.line * OFFSET + b.amount : 0,
  );
}

const OFFSET = 64;
const NO_ENTRY = [0, 0, 0];

function entryKey(entry: Entry | null | undefined): number[] {
  return entry ? [entry.cap + OFFSET, entry.paid + OFFSET, entry.closeAt] : NO_ENTRY;
}

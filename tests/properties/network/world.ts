import type { Cell, StateInit } from '@ton/core';
import type { Cast } from './cast';
import { copied } from './books';
import type { Emulator, Sent } from './emulator';
import type { EscrowBooks } from './escrowRules';
import type { Counts } from './events';
import type { WorkerBooks } from './workerRules';

/** A contract and what the model says of it. */
export interface Account<Books> {
  /** Account hash in hex. */
  hash: string;
  /** As the emulator takes it. */
  state: string;
  balance: bigint;
  books: Books;
  /** The state that thaws it, while it is frozen. */
  frozen: StateInit | null;
}

export interface EscrowAccount extends Account<EscrowBooks> {
  /** Money was taken out by force: it may owe more than it has, until somebody brings it. */
  drained: boolean;
  /** The last external message that it took. */
  lastExternal: Cell | null;
}

export interface WorkerAccount extends Account<WorkerBooks> {
  deployed: boolean;
}

/** A payout on its way to a Worker, or back. */
export interface Payout {
  escrow: number;
  /** The line's id in hex. */
  id: string;
  amount: bigint;
}

/** A message on its way, and the payout that it carries. */
export interface Flight {
  sent: Sent;
  payout: Payout | null;
}

/** Terms that the Registry would grant now. */
export interface Terms {
  feeBps: number;
  unbondingSeconds: number;
  minStake: bigint;
}

/** Everything at one moment of a schedule. */
export interface World {
  cast: Cast;
  emulator: Emulator;
  prices: Prices;
  now: number;
  lt: bigint;
  escrows: EscrowAccount[];
  workers: WorkerAccount[];
  /** What is on its way, in no order. */
  bag: Flight[];
  /** Nanotons that came in, went out to people, and that the chain took, since the beginning. */
  flows: { began: bigint; in: bigint; out: bigint; chain: bigint };
  terms: Terms;
  /** Escrow and line -> the most that its key has signed, the most that was allocated, and what Workers were paid. */
  lines: Map<string, { signed: bigint; cap: bigint; accepted: bigint }>;
  counts: Counts;
}

/** What the Worker asks for, nanotons. */
export interface Prices {
  /** Least value of a claim. */
  payOut: bigint;
  /** What a payout must bring beside its amount. */
  payoutGas: bigint;
  reserve: bigint;
}

/** A world that begins as `first` is now and shares nothing with it that changes. */
export function worldLike(first: World, counts: Counts): World {
  return {
    ...first,
    escrows: first.escrows.map((escrow) => ({ ...escrow, books: copied(escrow.books) })),
    workers: first.workers.map((worker) => ({ ...worker, books: copied(worker.books) })),
    bag: [...first.bag],
    flows: { ...first.flows },
    terms: { ...first.terms },
    lines: new Map([...first.lines].map(([name, line]) => [name, { ...line }])),
    counts,
  };
}

/** What is known of a line of an escrow beyond its entry. */
export function lineOf(
  world: World,
  escrow: number,
  id: string,
): { signed: bigint; cap: bigint; accepted: bigint } {
  const name = `${escrow}/${id}`;
  let line = world.lines.get(name);
  if (!line) world.lines.set(name, (line = { signed: 0n, cap: 0n, accepted: 0n }));
  return line;
}

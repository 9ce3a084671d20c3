import { readAccount } from './accounts';
import { readEscrowBooks, readWorkerBooks, textOf } from './books';
import { demand, demandSame } from './demand';
import { floorOf, lockedOf, reserveOf } from './escrowRules';
import { demandAllAccounted } from './chain';
import { lineOf, type World } from './world';
import { owedToAll } from './workerRules';

/** Rent of a Worker for longer than any schedule lasts. */
const WORKER_RENT = 20_000_000n;

/** Told where they part, for the whole is long. */
function demandBooks(found: object, expected: object, whose: string): void {
  const [is, should] = [textOf(found), textOf(expected)];
  if (is === should) return;
  const at = [...is].findIndex((letter, place) => letter !== should[place]);
  const around = (text: string): string => text.slice(Math.max(0, at - BEFORE), at + AFTER);
  demand(false, `the books of ${whose} are not the model's: "${around(is)}", expected "${around(should)}"`);
}

/** Letters around a difference. */
const [BEFORE, AFTER] = [60, 30];

/** The contract's whole data is what the model says, and the rules hold of it. */
export function demandEscrow(world: World, index: number): void {
  const escrow = world.escrows[index]!;
  const { data } = readAccount(escrow.state);
  demand(data !== null, `I-11: escrow ${index} is gone`);
  const { books, counters } = readEscrowBooks(data);
  demandBooks(books, escrow.books, `escrow ${index}`);
  const locked = lockedOf(escrow.books);
  demandSame(counters.locked, locked, `I-4: locked of escrow ${index}`);
  demandSame(counters.entries, escrow.books.lines.size, `entries of escrow ${index}`);
  if (escrow.drained && escrow.balance >= locked + reserveOf(escrow.books)) escrow.drained = false;
  if (!escrow.drained)
    demand(locked <= escrow.balance - floorOf(escrow.books), `I-4: escrow ${index} owes more than it has`);
  for (const [id, { cap, paid }] of escrow.books.lines) {
    const line = lineOf(world, index, id);
    demand(
      paid >= 0n && paid <= cap && paid <= line.signed,
      `I-3: escrow ${index} paid ${paid} of line ${id}`,
    );
  }
}

export function demandWorker(world: World, index: number): void {
  const worker = world.workers[index]!;
  if (!worker.deployed || worker.frozen) return;
  const { data } = readAccount(worker.state);
  demand(data !== null, `I-11: worker ${index} is gone`);
  demandBooks(readWorkerBooks(data), worker.books, `worker ${index}`);
  const { stake, earnings } = worker.books;
  const counted = stake + earnings + owedToAll(worker.books);
  demand(
    worker.balance + WORKER_RENT >= counted + world.prices.reserve,
    `I-2: worker ${index} counts what it has not`,
  );
}

/** Of all escrows together: no line was ever paid more than its key signed and its client allocated (I-3, I-11). */
export function demandLines(world: World): void {
  for (const [name, { signed, cap, accepted }] of world.lines) {
    demand(
      accepted <= signed && accepted <= cap,
      `I-3, I-11: Workers had ${accepted} of ${name}, signed ${signed}, cap ${cap}`,
    );
  }
  demandAllAccounted(world);
}

export function demandEverything(world: World): void {
  world.escrows.forEach((_, index) => demandEscrow(world, index));
  world.workers.forEach((_, index) => demandWorker(world, index));
  demandLines(world);
}

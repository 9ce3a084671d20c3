import { beginCell, storeStateInit, type Cell, type StateInit } from '@ton/core';
import { payoutStipendNano, PRICES_2026 } from '../../../wrappers/escrowCosts';
import { readAccount } from './accounts';
import { copied, readEscrowBooks } from './books';
import { deliver, deliverExternal, post, type PersonalMessage } from './chain';
import { demandEscrow } from './check';
import { demand, demandSame } from './demand';
import type { Ran } from './emulator';
import { allocate, type EscrowBooks, type ListEntry, type Payment } from './escrowRules';
import { lineOf, type EscrowAccount, type World } from './world';

// What must come of a message to an escrow, given what the rules say of it.

/** What the rules say: the exit code, what the escrow keeps ("all": the value too), and the payouts that leave. */
export interface Verdict {
  exit: number;
  keep: bigint | 'all';
  payments?: readonly Payment[];
}

export const refusal = (exit: number): Verdict => ({ exit, keep: 0n });

/** Whatever a person asks for costs less. */
export const PLENTY = 1_000_000_000n;

/** More than carrying an excess costs: less than this is not sent back. */
const NOT_WORTH_SENDING = 100_000n;

/**
 * Sends a message and demands what `judge` says, which may change the books that it is given: they are the new ones when the
 * message is accepted. Without `ample` value a message may also do nothing at all, and then exactly nothing.
 */
export async function command(
  world: World,
  index: number,
  message: PersonalMessage,
  judge: (books: EscrowBooks, held: bigint) => Verdict,
  ample = true,
): Promise<Ran> {
  const escrow = world.escrows[index]!;
  const before = escrow.balance;
  const ran = await deliver(world, escrow, message);
  const held = before - ran.rent;
  const books = copied(escrow.books);
  const verdict = judge(books, held);
  if (ran.exit === 0) {
    demandSame(0, verdict.exit, `escrow ${index} accepted what the rules refuse`);
    escrow.books = books;
    demandKept(escrow, ran, verdict, held, message);
    demandPaid(world, index, ran, verdict);
  } else {
    if (ample) demandSame(ran.exit, verdict.exit, `exit code of escrow ${index}`);
    else if (verdict.exit === 0) world.counts.out_of_gas++;
    demandNothing(escrow, ran, held, message.value);
  }
  post(
    world,
    ran.sent,
    ran.exit === 0 ? (verdict.payments ?? []).map(({ id, amount }) => ({ escrow: index, id, amount })) : [],
  );
  demandEscrow(world, index);
  return ran;
}

/** I-1: it keeps exactly what is not the sender's, and the sender has the rest. */
function demandKept(
  escrow: EscrowAccount,
  ran: Ran,
  { keep, payments = [] }: Verdict,
  held: bigint,
  { from, value }: PersonalMessage,
): void {
  if (keep === 'all') {
    demandSame(escrow.balance, held + value - ran.gas, 'I-1: balance after a deposit');
    return;
  }
  const [excess, ...more] = ran.sent.slice(payments.length);
  demandSame(more.length, 0, 'messages beyond the excess');
  if (excess) {
    demandSame(escrow.balance, keep, 'I-1: what the escrow keeps');
    demandSame(excess.to, from.hash.toString('hex'), 'I-1: who has the excess');
  } else {
    const more = escrow.balance - keep;
    demand(more >= 0n && more < NOT_WORTH_SENDING, () => `I-1: the escrow keeps ${more} too much`);
  }
}

/** I-2: each payment left in a message of its own, to the Worker of its line, with the amount and the stipend. */
function demandPaid(world: World, index: number, ran: Ran, { payments = [] }: Verdict): void {
  const stipend = payoutStipendNano(world.escrows[index]!.books.lines.size);
  payments.forEach(({ id, amount }, at) => {
    const sent = ran.sent[at];
    demand(sent !== undefined, () => `I-2: nothing was sent for line ${id}`);
    const { line } = world.cast.lines.find((role) => role.id.toString('hex') === id)!;
    demandSame(sent.to, line.workerAddress.toString('hex'), `where line ${id} is paid`);
    demandSame(sent.value, amount + stipend, `I-2: what was sent for line ${id}`);
    const body = sent.body.clone();
    body.skip(32);
    demandSame(body.loadUintBig(64), amount, `I-2: amount of the payout of line ${id}`);
    demandSame(body.loadBuffer(20).toString('hex'), id, 'line of a payout');
    demandSame(body.loadUint(16), line.feeBps, 'fee of a payout');
    demandSame(body.loadBuffer(20).toString('hex'), line.feeTo.toString('hex'), 'recipient of a fee');
    demandSame(
      body.loadBuffer(16).toString('hex'),
      line.workerKey.subarray(0, 16).toString('hex'),
      'key of a payout',
    );
  });
}

/** A refused message changes nothing, and its value goes back, or stays when it is too little to be carried. */
function demandNothing(escrow: EscrowAccount, ran: Ran, held: bigint, value: bigint): void {
  const [bounce, ...more] = ran.sent;
  demandSame(more.length, 0, 'messages of a refusal');
  if (bounce) {
    demand(bounce.bounced, 'a refusal sent a message of its own');
    demandSame(escrow.balance, held, 'I-1: balance after a refusal');
  } else {
    const gained = escrow.balance - held;
    demand(ran.exit === null || gained < NOT_WORTH_SENDING, () => `I-1: a refusal kept ${gained}`);
    demand(gained >= 0n && gained <= value, () => `I-1: the escrow gained ${gained} by a refusal`);
  }
}

const NOTHING = { raised: 0n, skipped: 0 };

/** Answer of an account whose code did not run. */
export const NOT_RUN = -1;

/** What an external allocation asks for, and what the rules say of it; `exits` lists every acceptable answer. */
export interface External {
  body: Cell;
  init?: StateInit;
  entries: readonly ListEntry[];
  sum: bigint;
  /** The most that the budget may be charged beside what is raised. */
  most: bigint;
  /** The list is shorter than it says: it is paid for, and nothing else happens. */
  broken: boolean;
}

/** What a transaction answers that ran out of gas; 10,000 gas are lent at 66.67 nanotons. */
const OUT_OF_GAS = -14;
const GAS_CREDIT_NANO = 666_670n;
/** A message's own cell, at most. */
const ROOT_BITS = 1_023;

/** What the chain takes before any code runs, at most: an escrow that holds less takes no external message in. */
function carriageNano(body: Cell, init: StateInit | undefined): bigint {
  const cells = new Map<string, Cell>();
  const collect = (cell: Cell): void => {
    cells.set(cell.hash().toString('hex'), cell);
    for (const child of cell.refs) collect(child);
  };
  collect(body);
  if (init) collect(beginCell().store(storeStateInit(init)).endCell());
  const bits = [...cells.values()].reduce((sum, cell) => sum + cell.bits.length, 0);
  const { lumpNano, bitPrice16, cellPrice16 } = PRICES_2026;
  return lumpNano + 1n + (BigInt(bits + ROOT_BITS) * bitPrice16 + BigInt(cells.size) * cellPrice16) / 65_536n;
}

/** The code does not begin, or ends before it accepts: what is lent for that is at most what the account holds. */
export function isTooPoor(balance: bigint, exit: number, body: Cell, init?: StateInit): boolean {
  const carriage = carriageNano(body, init);
  if (exit === NOT_RUN) return balance < carriage;
  return exit === OUT_OF_GAS && balance < carriage + GAS_CREDIT_NANO;
}

/** Sends an external message; 0 among `exits` lets it be accepted. Returns the exit code. */
export async function external(
  world: World,
  index: number,
  { body, init, entries, sum, most, broken }: External,
  exits: readonly number[],
): Promise<number> {
  const escrow = world.escrows[index]!;
  const [before, state] = [escrow.balance, escrow.state];
  const ran = await deliverExternal(world, escrow, body, init);
  const exit = typeof ran === 'number' ? ran || NOT_RUN : 0;
  demand(
    exits.includes(exit) || isTooPoor(before, exit, body, init),
    () => `I-13: escrow ${index} answered ${exit}, expected ${exits.join(' or ')}`,
  );
  if (typeof ran === 'number') {
    demandSame(escrow.state, state, 'state after a refused external message');
    return exit;
  }
  demandSame(ran.exit !== 0, broken, 'I-13: an accepted external message failed');
  demandSame(ran.sent.length, 0, 'messages of an allocation by the signer');
  const budget = escrow.books.budget;
  const { raised, skipped } = broken ? NOTHING : allocate(escrow.books, entries, sum, world.now);
  world.counts.skipped_entry += skipped;
  const cost = before - ran.rent - escrow.balance;
  const charged = budget - raised - budgetOnChain(escrow);
  demand(
    charged >= cost && charged <= (broken ? most + sum : most),
    () => `I-13: the budget was charged ${charged} for a cost of ${cost}`,
  );
  escrow.books.seqno++;
  escrow.books.budget = budget - raised - charged;
  escrow.lastExternal = body;
  noteCaps(world, index);
  demandEscrow(world, index);
  return 0;
}

function budgetOnChain(escrow: EscrowAccount): bigint {
  return readEscrowBooks(readAccount(escrow.state).data!).books.budget;
}

/** Remembers the most that each line was ever allowed. */
export function noteCaps(world: World, index: number): void {
  for (const [id, { cap }] of world.escrows[index]!.books.lines) {
    const line = lineOf(world, index, id);
    if (cap > line.cap) line.cap = cap;
  }
}

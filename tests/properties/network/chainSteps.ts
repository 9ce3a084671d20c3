import { beginCell, type Cell } from '@ton/core';
import { Worker } from '../../../build/Worker/Worker_Worker';
import { HOUR, OUTSIDER, REGISTRY } from './cast';
import { deliver, deliverFlight, post } from './chain';
import { demandEscrow, demandEverything, demandWorker } from './check';
import { demand, demandSame } from './demand';
import * as escrowRules from './escrowRules';
import { termsBody, termsOf } from './registryRole';
import { lineOf, type Flight, type World } from './world';
import * as rules from './workerRules';

// What the chain does by itself: messages arrive, in any order, and time passes.

const REGISTRY_HASH = REGISTRY.hash.toString('hex');

/** One of the messages on their way arrives. */
export async function arrive(world: World, pick: number): Promise<void> {
  if (world.bag.length === 0) return;
  const index = pick % world.bag.length;
  const [flight] = world.bag.splice(index, 1);
  if (index > 0) world.counts.delivered_late++;
  const { to } = flight!.sent;
  if (to === REGISTRY_HASH) return answerOfRegistry(world, flight!);
  const escrow = world.escrows.findIndex(({ hash }) => hash === to);
  if (escrow >= 0) return backAtEscrow(world, escrow, flight!);
  const worker = world.workers.findIndex(({ hash }) => hash === to);
  return atWorker(world, worker, flight!);
}

/** Everything that is on its way arrives. */
export async function settleDown(world: World): Promise<void> {
  // Each payout comes back at most once, and each report is answered once.
  while (world.bag.length > 0) await arrive(world, 0);
}

/** I-2, I-9: what bounced is owed again, and the escrow got at least as much as it owes. */
async function backAtEscrow(world: World, index: number, flight: Flight): Promise<void> {
  const escrow = world.escrows[index]!;
  const { payout } = flight;
  demand(payout !== null && payout.escrow === index, `escrow ${index} got what is not its own`);
  const before = escrow.balance;
  const line = escrow.books.lines.get(payout.id);
  const ran = await deliverFlight(world, escrow, flight);
  demandSame(ran.exit, 0, 'I-9: exit code of a bounce');
  demandSame(ran.sent.length, 0, 'messages of a bounce');
  const gained = escrow.balance - (before - ran.rent);
  demand(gained >= payout.amount, () => `I-2: a bounce of ${payout.amount} brought ${gained}`);
  escrowRules.restore(escrow.books, payout);
  world.counts.bounce++;
  if (!line) world.counts.bounce_without_entry++;
  if (!line || line.closeAt !== 0 || world.now > escrowRules.lastSecond(line)) world.counts.late_bounce++;
  demandEscrow(world, index);
}

async function atWorker(world: World, index: number, flight: Flight): Promise<void> {
  const worker = world.workers[index]!;
  const { payout } = flight;
  demand(payout !== null, `worker ${index} got a message that nobody sends`);
  const before = worker.balance;
  const ran = await deliverFlight(world, worker, flight);
  const held = before - ran.rent;
  const exit = judgePayout(world, index, flight);
  demandSame(ran.exit, exit, `exit code of a payout to worker ${index}`);
  if (exit === 0) {
    demand(worker.balance - held >= payout.amount, `I-2: worker ${index} counts more than it got`);
    lineOf(world, payout.escrow, payout.id).accepted += payout.amount;
    world.counts.payout++;
    post(world, ran.sent);
  } else {
    const [back] = ran.sent;
    demand(back?.bounced === true, 'I-9: a refused payout did not come back');
    demandSame(worker.balance, held, `I-1: worker ${index} kept something of a refused payout`);
    post(world, ran.sent, [payout]);
  }
  demandWorker(world, index);
}

/** The exit code; the books are those of afterwards. */
function judgePayout(world: World, index: number, { sent, payout }: Flight): number | null {
  const worker = world.workers[index]!;
  if (!worker.deployed) {
    world.counts.undeployed_worker++;
    return null;
  }
  if (worker.frozen) {
    world.counts.frozen_worker++;
    return null;
  }
  const { line } = world.cast.lines.find(({ id }) => id.toString('hex') === payout!.id)!;
  return rules.pay(
    worker.books,
    {
      amount: payout!.amount,
      key: line.workerKey.subarray(0, 16).toString('hex'),
      feeBps: line.feeBps,
      feeTo: line.feeTo.toString('hex'),
    },
    sent.value - payout!.amount,
    world.prices.payoutGas,
    world.now,
  );
}

/** The stand-in for the Registry grants today's terms to whoever staked, and hears who leaves. */
async function answerOfRegistry(world: World, { sent }: Flight): Promise<void> {
  world.flows.out += sent.value;
  world.flows.chain += sent.forwardFee;
  if (sent.body.preloadUint(32) !== Worker.opcodes.WorkerStaked) return;
  const index = world.workers.findIndex(({ hash }) => hash === sent.from);
  await grantTo(world, index, sent.value);
}

async function grantTo(world: World, index: number, value: bigint): Promise<void> {
  const worker = world.workers[index]!;
  const before = worker.balance;
  const ran = await deliver(world, worker, { from: REGISTRY, value, body: termsBody(world.terms) });
  post(world, ran.sent);
  if (worker.frozen) return;
  demandSame(ran.exit, 0, `exit code of terms to worker ${index}`);
  demandSame(worker.balance, before - ran.rent, `I-1: what worker ${index} keeps of an answer`);
  rules.takeTerms(worker.books, termsOf(world.terms));
  world.counts.terms++;
  demandWorker(world, index);
}

export function wait(world: World, seconds: number): void {
  world.now += seconds;
  world.counts.clock++;
}

/** Nothing arrives for hours; then everything may at once. */
export function stopChain(world: World, hours: number): void {
  world.now += hours * HOUR;
  world.counts.chain_stop++;
}

/** What nobody should understand: it is thrown back, and nothing changes. */
export async function foreignMessage(world: World, to: number, form: number): Promise<void> {
  const accounts = [...world.escrows, ...world.workers];
  const account = accounts[to % accounts.length]!;
  const before = account.balance;
  const body = FOREIGN[form % FOREIGN.length]!;
  const ran = await deliver(world, account, { from: OUTSIDER, value: 1_000_000_000n, body });
  demand(ran.exit !== 0, 'a foreign message was understood');
  demandSame(account.balance, before - ran.rent, 'I-1: balance after a foreign message');
  post(world, ran.sent);
  demandEverything(world);
  world.counts.foreign_message++;
}

const word = (...words: number[]): Cell => {
  const builder = beginCell();
  for (const value of words) builder.storeUint(value, 32);
  return builder.endCell();
};

/** Unknown words, words that only contracts of the same network say, and a bounce that nobody sent back. */
const FOREIGN: readonly Cell[] = [
  word(1),
  word(Worker.opcodes.WorkerStaked, 0, 0, 0),
  word(Worker.opcodes.SlotDenied),
  word(0xffff_ffff, Worker.opcodes.Payout, 0, 1, 0, 0, 0, 0, 0),
];

/** The owner changes what the Registry grants from now on. */
export function govern(world: World, { feeBps, unbondingSeconds, minStake }: World['terms']): void {
  world.terms = { feeBps, unbondingSeconds, minStake };
}

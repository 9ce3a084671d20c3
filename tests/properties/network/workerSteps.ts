import type { Address, Cell } from '@ton/core';
import * as messages from '../../../wrappers/Worker';
import { frozen, stateOf } from './accounts';
import { copied } from './books';
import { OUTSIDER, PROVIDERS, REGISTRY, ROUTERS, WORKERS } from './cast';
import { deliver, post, type PersonalMessage } from './chain';
import { demandWorker } from './check';
import { demand, demandSame } from './demand';
import type { Ran } from './emulator';
import { slotDeniedBody, termsBody, termsOf } from './registryRole';
import type { World } from './world';
import * as rules from './workerRules';

const NOT_PROVIDER = 1100;
const NOT_REGISTRY = 1102;
const VALUE_TOO_SMALL = 1103;
export const PLENTY = 1_000_000_000n;
const THAW_NANO = 50_000_000n;

/** The exit code, and what of `held` the Worker keeps; the value too when it keeps everything. */
interface Verdict {
  exit: number;
  keep: bigint | 'all';
}
export const refusal = (exit: number): Verdict => ({ exit, keep: 0n });

/** Sends a message to a Worker and demands what `judge` says; a frozen Worker does nothing. */
export async function command(
  world: World,
  index: number,
  message: PersonalMessage,
  judge: (books: rules.WorkerBooks, held: bigint) => Verdict,
): Promise<Ran> {
  const worker = world.workers[index]!;
  const before = worker.balance;
  const ran = await deliver(world, worker, message);
  const held = before - ran.rent;
  post(world, ran.sent);
  if (worker.frozen) {
    demandSame(ran.exit, null, `worker ${index} is frozen and ran`);
    return ran;
  }
  const books = copied(worker.books);
  const { exit, keep } = judge(books, held);
  demandSame(ran.exit, exit, `exit code of worker ${index}`);
  if (exit === 0) {
    worker.books = books;
    const kept = keep === 'all' ? held + message.value - ran.gas : keep;
    demandSame(worker.balance, kept, `I-1: what worker ${index} keeps`);
  } else if (ran.sent.length > 0) {
    demandSame(worker.balance, held, `I-1: balance of worker ${index} after a refusal`);
  }
  demandWorker(world, index);
  return ran;
}

export const feeTo = (router: number): Buffer => messages.feeToOf(ROUTERS[router]!);
const providerOf = (index: number): Address => PROVIDERS[WORKERS[index]!.provider]!;
const senderOf = (index: number, byProvider: boolean): Address => (byProvider ? providerOf(index) : OUTSIDER);

/** Somebody who is no escrow pays a Worker, or pretends to: what he does not bring is not counted (I-2). */
export async function payOut(
  world: World,
  index: number,
  plan: { key: 'fresh' | 'old' | 'never'; amount: bigint; spare: bigint; router: number; feeBps: number },
): Promise<void> {
  const key = WORKERS[index]!.keys[plan.key].publicKey.subarray(0, 16);
  const amount = plan.amount > 2n ** 60n ? 2n ** 60n : plan.amount;
  const payout = {
    amount,
    key: key.toString('hex'),
    feeBps: plan.feeBps,
    feeTo: feeTo(plan.router).toString('hex'),
  };
  const body = messages.payoutBody({
    amountNano: amount,
    lineId: Buffer.alloc(20, 9),
    feeBps: plan.feeBps,
    feeTo: feeTo(plan.router),
    keyPrefix: key,
  });
  const value = amount + plan.spare;
  const worker = world.workers[index]!;
  // With less than the gas of a refusal the exit code is that of the machine: nothing may change then.
  if (value < world.prices.payoutGas && !worker.frozen) {
    const before = worker.balance;
    const ran = await deliver(world, worker, { from: OUTSIDER, value, body });
    demand(ran.exit !== 0, `I-2: worker ${index} counted what it did not get`);
    demand(worker.balance >= before - ran.rent, `I-1: worker ${index} paid for a forged payout`);
    post(world, ran.sent);
    demandWorker(world, index);
    world.counts.out_of_gas++;
  } else {
    await command(world, index, { from: OUTSIDER, value, body }, (books) => {
      const exit = rules.pay(books, payout, plan.spare, world.prices.payoutGas, world.now);
      return { exit, keep: 'all' };
    });
  }
  world.counts.forged_payout++;
}

/** I-6: the provider claims, asking nobody. */
export async function claim(world: World, index: number, byProvider: boolean, poor: boolean): Promise<void> {
  const value = poor ? world.prices.payOut - 1n : PLENTY;
  let tax = 0n;
  const ran = await command(
    world,
    index,
    { from: senderOf(index, byProvider), value, body: messages.claimBody() },
    (books, held) => {
      if (!byProvider) return refusal(NOT_PROVIDER);
      if (poor) return refusal(VALUE_TOO_SMALL);
      const claimed = rules.claim(books, held, world.prices.reserve);
      if (typeof claimed === 'number') return refusal(claimed);
      tax = claimed.tax;
      return { exit: 0, keep: held - claimed.claimed };
    },
  );
  if (ran.exit !== 0) return;
  // The treasury has its part, unless that is too little to be carried.
  const [toTreasury] = ran.sent.filter(({ to }) => to === world.workers[index]!.books.treasury);
  demand(toTreasury === undefined || toTreasury.value <= tax, 'I-10: the treasury had more than its tax');
  demand(toTreasury !== undefined || tax < NOT_WORTH_SENDING, `the treasury had nothing of ${tax}`);
  world.counts.claim++;
  if (toTreasury) world.counts.tax++;
}

const NOT_WORTH_SENDING = 200_000n;

export async function pullFee(world: World, index: number, router: number): Promise<void> {
  const { exit } = await command(
    world,
    index,
    { from: ROUTERS[router]!, value: PLENTY, body: messages.pullFeeBody() },
    (books, held) => {
      const pulled = rules.pullFee(books, feeTo(router).toString('hex'));
      if (typeof pulled === 'number') return refusal(pulled);
      return { exit: 0, keep: held > pulled.due ? held - pulled.due : 0n };
    },
  );
  if (exit === 0) world.counts.pull_fee++;
}

/** Commands of the provider that move none of the Worker's money. */
async function quietly(
  world: World,
  index: number,
  byProvider: boolean,
  body: Cell,
  apply: (books: rules.WorkerBooks) => number,
): Promise<boolean> {
  const message = { from: senderOf(index, byProvider), value: PLENTY, body };
  const { exit } = await command(world, index, message, (books, held) => {
    const refused = byProvider ? apply(books) : NOT_PROVIDER;
    return { exit: refused, keep: held };
  });
  return exit === 0;
}

export async function list(
  world: World,
  index: number,
  router: number,
  maxBps: number,
  by: boolean,
): Promise<void> {
  const body = messages.listRecipientBody(feeTo(router), maxBps);
  const name = feeTo(router).toString('hex');
  if (await quietly(world, index, by, body, (books) => rules.list(books, name, maxBps, world.now)))
    world.counts.list++;
}

export async function delist(world: World, index: number, router: number, by: boolean): Promise<void> {
  const body = messages.delistRecipientBody(feeTo(router));
  const name = feeTo(router).toString('hex');
  if (await quietly(world, index, by, body, (books) => rules.delist(books, name, world.now)))
    world.counts.delist++;
}

export async function unstake(world: World, index: number, by: boolean): Promise<void> {
  if (await quietly(world, index, by, messages.unstakeBody(), (books) => rules.unstake(books, world.now)))
    world.counts.unstake++;
}

export async function stake(world: World, index: number, asked: bigint, by: boolean): Promise<void> {
  const amount = asked > 2n ** 60n ? 2n ** 60n : asked;
  const { exit } = await command(
    world,
    index,
    {
      from: senderOf(index, by),
      value: amount + PLENTY,
      body: messages.stakeBody(amount, providerOf(index)),
    },
    (books, held) => {
      if (!by) return refusal(NOT_PROVIDER);
      const least = world.prices.reserve + books.stake + rules.owedToAll(books);
      rules.stake(books, amount);
      return { exit: 0, keep: (held > least ? held : least) + amount };
    },
  );
  if (exit === 0) world.counts.stake++;
}

export async function withdrawStake(world: World, index: number, by: boolean): Promise<void> {
  const { exit } = await command(
    world,
    index,
    { from: senderOf(index, by), value: PLENTY, body: messages.withdrawStakeBody() },
    (books, held) => {
      if (!by) return refusal(NOT_PROVIDER);
      const withdrawn = rules.withdrawStake(books, held, world.now);
      return typeof withdrawn === 'number' ? refusal(withdrawn) : { exit: 0, keep: withdrawn.kept };
    },
  );
  if (exit === 0) world.counts.withdraw_stake++;
}

/** A provider leaves: its stake is back after the unbonding time, to the second. */
export async function retire(world: World, index: number): Promise<void> {
  await unstake(world, index, true);
  const { unstakeAt } = world.workers[index]!.books;
  if (unstakeAt > world.now) world.now = unstakeAt - 1;
  await withdrawStake(world, index, true);
  world.now++;
  await withdrawStake(world, index, true);
}

/** I-10: only the Registry grants terms, and they only ever get better. */
export async function grantTerms(world: World, index: number, byRegistry: boolean): Promise<void> {
  const from = byRegistry ? REGISTRY : OUTSIDER;
  const { exit } = await command(
    world,
    index,
    { from, value: PLENTY, body: termsBody(world.terms) },
    (books, held) => {
      if (!byRegistry) return refusal(NOT_REGISTRY);
      rules.takeTerms(books, termsOf(world.terms));
      return { exit: 0, keep: held };
    },
  );
  if (exit === 0) world.counts.terms++;
}

/** I-6: the Registry takes a machine's slot away; earnings and payouts do not notice. */
export async function revoke(world: World, index: number, byRegistry: boolean): Promise<void> {
  const newest = WORKERS[index]!.keys.fresh.publicKey.subarray(0, 16).toString('hex');
  const from = byRegistry ? REGISTRY : OUTSIDER;
  const { exit } = await command(
    world,
    index,
    { from, value: PLENTY, body: slotDeniedBody() },
    (books, held) => {
      if (!byRegistry) return refusal(NOT_REGISTRY);
      rules.endActivity(books, newest, world.now);
      return { exit: 0, keep: held };
    },
  );
  if (exit === 0) world.counts.revocation++;
}

export function freezeWorker(world: World, index: number): void {
  const worker = world.workers[index]!;
  if (worker.frozen) return;
  worker.frozen = stateOf(worker.state);
  worker.state = frozen(worker.state);
}

/** Whoever brings its state has the Worker back as it was. */
export async function thawWorker(world: World, index: number): Promise<void> {
  const worker = world.workers[index]!;
  const init = worker.frozen;
  if (!init) return;
  worker.frozen = null;
  await command(world, index, { from: OUTSIDER, value: THAW_NANO, init }, () => ({ exit: 0, keep: 'all' }));
  world.counts.thawed_worker++;
}

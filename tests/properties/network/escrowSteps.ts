import { beginCell, type Cell } from '@ton/core';
import { escrowDomain } from '../../../src/protocol/domain';
import * as messages from '../../../wrappers/Escrow';
import { settleValueNano } from '../../../wrappers/escrowCosts';
import { TEST_NETWORK_ID } from '../../support/chain';
import { frozen, stateOf, withBalance } from './accounts';
import { amountOf, isOpen, lineName, lineRole, senderOf } from './allocations';
import { HOUR, LINES, OUTSIDER, REGISTRY, SIGNERS } from './cast';
import { deliver, deliverExternal, post } from './chain';
import { demandEscrow } from './check';
import { demand, demandSame } from './demand';
import { command, PLENTY, refusal, type Verdict } from './escrowMoves';
import * as rules from './escrowRules';
import { writeReceipt, type ReceiptPlan } from './receipts';
import type { Amount, Value } from './steps';
import type { World } from './world';

const NOT_CLIENT = 1200;
const ALREADY_OPEN = 1201;
const NOT_OPEN = 1202;
const ZERO_SIGNER = 1203;
const CLOSE_DELAY_OUT_OF_BOUNDS = 1204;
const NOT_ENOUGH_FREE = 1205;
const BAD_RECEIPT = 1220;
const MOST = 2n ** 64n - 1n;
/** A message without references costs this to carry. */
const LUMP = 66_667n;

/** Anybody settles a batch. Reports what the rules made of it. */
export async function settle(
  world: World,
  index: number,
  plans: readonly ReceiptPlan[],
  value: Value = 'plenty',
): Promise<void> {
  const written = plans.map((plan) => writeReceipt(world, index, plan));
  const claims = written.map(({ claim }) => claim);
  const body = messages.settleBody(written.map(({ item }) => item));
  const formula = settleValueNano(plans.length, world.escrows[index]!.books.lines.size);
  if (value === 'edge') return settleAtTheEdge(world, index, claims, body);
  const brought =
    value === 'plenty' ? PLENTY : value === 'formula' ? formula : (formula * BigInt(value)) / 100n;
  countClaims(world, index, plans, claims);
  const { exit } = await settleWith(world, index, claims, body, brought, value === 'plenty');
  if (exit === BAD_RECEIPT) world.counts.bad_receipt++;
}

function settleWith(
  world: World,
  index: number,
  claims: readonly rules.Claim[],
  body: Cell,
  value: bigint,
  ample: boolean,
): ReturnType<typeof command> {
  const { counts } = world;
  let settled: ReturnType<typeof rules.settle> = null;
  const judge = (books: rules.EscrowBooks, held: bigint): Verdict => {
    settled = rules.settle(books, claims, held - rules.floorOf(books), world.now);
    if (settled === null) return refusal(BAD_RECEIPT);
    const spent = settled.payments.reduce((sum, { amount }) => sum + amount, 0n);
    return { exit: 0, keep: held - spent, payments: settled.payments };
  };
  return command(world, index, { from: OUTSIDER, value, body }, judge, ample).then((ran) => {
    if (ran.exit === 0 && settled !== null) {
      counts.settle++;
      if (settled.short) counts.short_settle++;
      counts.final += settled.finals;
    }
    return ran;
  });
}

/** A nanoton below what it costs nothing happens, and exactly nothing; at what it costs all of it does. */
async function settleAtTheEdge(
  world: World,
  index: number,
  claims: readonly rules.Claim[],
  body: Cell,
): Promise<void> {
  const trial = {
    ...world,
    escrows: world.escrows.map((escrow) => ({ ...escrow })),
    flows: { ...world.flows },
  };
  const ran = await deliver(trial, trial.escrows[index]!, { from: OUTSIDER, value: PLENTY, body });
  const excess = ran.sent.at(-1);
  // Without a payout gas alone decides, and its limit is rounded down.
  if (ran.exit !== 0 || !excess || ran.sent.length < 2) return;
  const least = PLENTY - excess.value - LUMP;
  const { exit } = await settleWith(world, index, claims, body, least - 1n, false);
  demand(exit !== 0, 'I-1: a settle that did not bring what it costs');
  await settleWith(world, index, claims, body, least, true);
  world.counts.value_edge++;
}

function countClaims(
  world: World,
  index: number,
  plans: readonly ReceiptPlan[],
  claims: readonly rules.Claim[],
): void {
  const { counts } = world;
  const { lines } = world.escrows[index]!.books;
  for (const { lie } of plans) {
    if (lie === 'swapped') counts.swapped_signature++;
    if (lie === 'foreign') counts.foreign_receipt++;
  }
  if (new Set(claims.map(({ id }) => id)).size < claims.length) counts.duplicated_line++;
  for (const { id, total } of claims) {
    const line = lines.get(id);
    if (!line) continue;
    if (total > line.cap) counts.over_reported++;
    if (total < line.paid) counts.stale_receipt++;
    if (world.now > rules.lastSecond(line)) counts.lapse++;
  }
}

/** A worker ends a line, and tries to be paid more for it afterwards. */
export async function finish(
  world: World,
  index: number,
  line: number,
  total: bigint,
  later: bigint,
): Promise<void> {
  const plan = { line, lie: 'none' as const };
  await settle(world, index, [{ ...plan, total, final: true }]);
  const ended = world.escrows[index]!.books.lines.get(lineName(world, line));
  const more = total + later;
  await settle(world, index, [{ ...plan, total: more < MOST ? more : MOST, final: false }]);
  if (ended && ended.closeAt !== 0 && later > 0n) world.counts.final_then_later++;
}

export async function close(
  world: World,
  index: number,
  lines: readonly number[],
  byClient = true,
): Promise<void> {
  const ids = lines.map((line) => lineRole(world, line).id);
  let closed = 0;
  await command(
    world,
    index,
    { from: senderOf(index, byClient), value: PLENTY, body: messages.closeBody(ids) },
    (books, held) => {
      if (!byClient) return refusal(NOT_CLIENT);
      closed = rules.close(
        books,
        lines.map((line) => lineName(world, line)),
        world.now,
      );
      return { exit: 0, keep: held };
    },
  );
  if (!byClient) world.counts.not_the_client++;
  if (closed > 0) world.counts.close++;
}

export async function prune(world: World, index: number, lines: readonly number[]): Promise<void> {
  const ids = lines.map((line) => lineRole(world, line).id);
  let pruned = { deleted: 0, emptied: 0 };
  await command(
    world,
    index,
    { from: OUTSIDER, value: PLENTY, body: messages.pruneBody(ids) },
    (books, held) => {
      pruned = rules.prune(
        books,
        lines.map((line) => lineName(world, line)),
        world.now,
      );
      return { exit: 0, keep: held };
    },
  );
  if (pruned.deleted > 0) world.counts.prune++;
  if (pruned.emptied > 0) world.counts.tombstone++;
}

/** I-5: at once, and only what is free. */
export async function withdraw(
  world: World,
  index: number,
  amount: Amount | 'all',
  byClient = true,
): Promise<number> {
  const asked = amount === 'all' ? 0n : amountOf(world, index, amount);
  const { exit } = await command(
    world,
    index,
    { from: senderOf(index, byClient), value: PLENTY, body: messages.withdrawBody(asked) },
    (books, held) => {
      if (!byClient) return refusal(NOT_CLIENT);
      const free = rules.freeOf(books, held);
      const taken = asked === 0n ? free : asked;
      return taken > 0n && taken <= free ? { exit: 0, keep: held - taken } : refusal(NOT_ENOUGH_FREE);
    },
  );
  if (!byClient) world.counts.not_the_client++;
  world.counts[exit === 0 ? 'withdraw' : 'refused_withdrawal']++;
  return exit!;
}

export async function setSigner(
  world: World,
  index: number,
  signer: number,
  budget: bigint,
  byClient: boolean,
): Promise<void> {
  // The thief's place stands for nobody's key.
  const key = signer === SIGNERS.length - 1 ? Buffer.alloc(32) : SIGNERS[signer]!.publicKey;
  const { exit } = await command(
    world,
    index,
    { from: senderOf(index, byClient), value: PLENTY, body: messages.setSignerBody(key, budget) },
    (books, held) => {
      if (!byClient) return refusal(NOT_CLIENT);
      if (!isOpen(books)) return refusal(NOT_OPEN);
      if (signer === SIGNERS.length - 1) return refusal(ZERO_SIGNER);
      books.signer = key.toString('hex');
      books.budget = budget;
      return { exit: 0, keep: held };
    },
  );
  if (!byClient) world.counts.not_the_client++;
  if (exit === 0) world.counts.signer_change++;
}

/** I-11: once in its life, and its domain is that of this moment. */
export async function open(
  world: World,
  index: number,
  plan: { budget: bigint; closeDelay: number; byClient: boolean },
): Promise<void> {
  const { budget: signerBudgetNano, closeDelay: closeDelaySeconds, byClient } = plan;
  const signer = SIGNERS[index % SIGNERS.length]!.publicKey;
  const { exit } = await command(
    world,
    index,
    {
      from: senderOf(index, byClient),
      value: PLENTY,
      body: messages.openBody({ signer, signerBudgetNano, closeDelaySeconds }),
    },
    (books) => {
      if (!byClient) return refusal(NOT_CLIENT);
      if (isOpen(books)) return refusal(ALREADY_OPEN);
      if (closeDelaySeconds < 24 * HOUR || closeDelaySeconds > 72 * HOUR)
        return refusal(CLOSE_DELAY_OUT_OF_BOUNDS);
      const scope = { networkId: TEST_NETWORK_ID, registry: REGISTRY.hash, self: hashOf(world, index) };
      Object.assign(books, {
        signer: signer.toString('hex'),
        budget: signerBudgetNano,
        closeDelay: closeDelaySeconds,
        born: world.lt,
        domain: escrowDomain(scope, world.lt).toString('hex'),
      });
      return { exit: 0, keep: 'all' };
    },
  );
  if (!byClient) world.counts.not_the_client++;
  world.counts[exit === 0 ? 'open' : 'refused_open']++;
}

const hashOf = (world: World, index: number): Buffer => Buffer.from(world.escrows[index]!.hash, 'hex');

export async function topUp(
  world: World,
  index: number,
  value: bigint,
  form: 'plain' | 'text' | 'op',
): Promise<void> {
  const text = beginCell().storeUint(0, 32).storeStringTail('for you').endCell();
  const body = form === 'plain' ? undefined : form === 'text' ? text : messages.topUpBody();
  const message = { from: OUTSIDER, value, ...(body && { body }) };
  await command(world, index, message, () => ({ exit: 0, keep: 'all' }));
  world.counts.top_up++;
}

/** I-9: a payout is on its way, its line ends and is pruned; what comes back of it finds no entry, and is free money. */
export async function bounceAfterTheEnd(world: World, index: number, line: number): Promise<void> {
  await settle(world, index, [{ line, total: MOST, final: false, lie: 'none' }]);
  const { settleBy } = lineRole(world, line).line;
  if (world.now <= settleBy) world.now = settleBy + 1;
  await prune(world, index, [line]);
}

/** What dearer storage could do in years: the escrow has less than it must keep. */
export function drain(world: World, index: number, balance: bigint): void {
  const escrow = world.escrows[index]!;
  if (balance >= escrow.balance) return;
  world.flows.chain += escrow.balance - balance;
  escrow.state = withBalance(escrow.state, balance);
  escrow.balance = balance;
  if (balance >= rules.lockedOf(escrow.books) + rules.reserveOf(escrow.books)) return;
  escrow.drained = true;
  world.counts.balance_below_reserve++;
}

/** While it is frozen nothing happens in it; whoever brings its state gets it back as it was. */
export async function freezeAndThaw(world: World, index: number): Promise<void> {
  const escrow = world.escrows[index]!;
  // A payout that bounces off a frozen escrow would be money without an entry: free, and no longer owed.
  if (world.bag.some(({ sent, payout }) => sent.to === escrow.hash || payout?.escrow === index)) return;
  const init = stateOf(escrow.state);
  escrow.state = frozen(escrow.state);
  const [item] = [writeReceipt(world, index, { line: 0, total: 1n, final: false, lie: 'none' }).item];
  const before = escrow.balance;
  const ran = await deliver(world, escrow, {
    from: OUTSIDER,
    value: PLENTY,
    body: messages.settleBody([item]),
  });
  demandSame(ran.exit, null, 'a frozen escrow ran');
  demandSame(escrow.balance, before - ran.rent, 'I-1: balance of a frozen escrow');
  post(world, ran.sent);
  if (escrow.lastExternal) {
    const exit = await deliverExternal(world, escrow, escrow.lastExternal);
    demand(typeof exit === 'number', 'I-13: a frozen escrow took an allocation');
  }
  const thawed = await deliver(world, escrow, { from: OUTSIDER, value: PLENTY, init });
  demandSame(thawed.exit, 0, 'I-11: thawing an escrow');
  post(world, thawed.sent);
  demandEscrow(world, index);
  world.counts.frozen_escrow++;
}

/** I-5: the client gets everything but the reserve, alone, after the longest time that a close takes. */
export async function leave(world: World, index: number): Promise<void> {
  const escrow = world.escrows[index]!;
  const all = Array.from({ length: LINES }, (_, line) => line);
  if (escrow.drained || !isOpen(escrow.books)) return;
  await close(world, index, all);
  world.now += escrow.books.closeDelay + 1;
  await prune(world, index, all);
  const exit = await withdraw(world, index, 'all');
  const { books, balance } = escrow;
  demand(exit === 0 || rules.freeOf(books, balance) <= 0n, 'I-5: the client cannot leave');
  // What a final receipt earned and a bounce gave back stays owed until the line's last second.
  const running = [...books.lines.values()].filter((line) => rules.lastSecond(line) >= world.now);
  demand(
    running.every(({ closeAt, settleBy }) => closeAt === settleBy),
    'I-5: a line outlives the closing delay',
  );
  const left = balance - rules.reserveOf(books) - rules.lockedOf(books);
  demand(left <= LUMP, () => `I-5: ${left} stay behind`);
  world.counts.leave++;
}

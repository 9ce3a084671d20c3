import { toNano } from '@ton/core';
import {
  claimBody,
  delistRecipientBody,
  feeToOf,
  GET_WORKER,
  listRecipientBody,
  parseWorker,
  pullFeeBody,
  unstakeBody,
  withdrawStakeBody,
} from '../../wrappers/Worker';
import { escrowReserveNano } from '../../wrappers/escrowCosts';
import { admitKey, tellWorker } from '../support/admittedWorker';
import * as E from '../support/escrow';
import { forceState, stateHash } from '../support/escrowState';
import { LATE_KEY, openLines, withdraw } from '../support/lines';
import { storageFee } from '../support/money';

// Five faults of networks whose proxy holds the money of its clients, all reproducible there, each played against these
// contracts. A router or a provider stands where the proxy stood.

const ONE = toNano('1');

async function workerOf({ chain, worker }: E.EscrowWorld) {
  return parseWorker((await chain.runGetMethod(worker.address, GET_WORKER)).stackReader);
}

/** The provider takes everything out that is his. */
async function leave(world: E.EscrowWorld): Promise<void> {
  const { chain, worker } = world;
  const { address } = worker.provider;
  await tellWorker(chain, worker, address, unstakeBody());
  chain.now! += E.DAY;
  await tellWorker(chain, worker, address, withdrawStakeBody());
  await tellWorker(chain, worker, address, claimBody());
  expect((await workerOf(world)).stakeNano).toBe(0n);
}

test('a forced refund of 15 coins pays 15 coins when the stake is 0 (there it paid 0)', async () => {
  const depositNano = 15n * ONE + escrowReserveNano(1) + toNano('0.001');
  const { world, lines } = await openLines(1, 15n * ONE, {}, { depositNano });
  await leave(world);
  await E.close(world, lines);
  world.chain.now! += 36 * E.HOUR + 1;
  await E.prune(world, lines);
  const [escrow, client] = [await E.escrowBalance(world), await world.client.getBalance()];
  const { transactions } = await withdraw(world);
  expect(await E.escrowBalance(world)).toBe(escrowReserveNano(1));
  const sent = escrow - storageFee(transactions[0]!) - escrowReserveNano(1);
  expect(sent).toBeGreaterThanOrEqual(15n * ONE);
  expect((await world.client.getBalance()) - client).toBeGreaterThan(15n * ONE + ONE - toNano('0.001'));
});

test("an underfunded payout consumes nothing of the worker's claim (there it consumed the voucher)", async () => {
  const { world, lines } = await openLines(1, 5n * ONE);
  const receipt = await E.receiptFor(world, lines[0]!, 5n * ONE);
  const ledger = await stateHash(world);
  await forceState(world, { balanceNano: escrowReserveNano(1) / 10n });
  await E.settle(world, [receipt]);
  expect(await stateHash(world)).toBe(ledger);
  await E.send(world, { from: world.stranger.address, value: 6n * ONE });
  await E.settle(world, [receipt]);
  expect(await E.readLine(world, lines[0]!)).toMatchObject({ paidNano: 5n * ONE });
  expect((await workerOf(world)).earningsNano).toBe(5n * ONE);
});

test('a payout that its Worker refuses consumes nothing either: the same receipt pays in full later', async () => {
  const { world, lines } = await openLines(1, 2n * ONE, { workerKey: LATE_KEY.publicKey });
  const receipt = await E.receiptFor(world, lines[0]!, ONE, {}, LATE_KEY);
  const ledger = await stateHash(world);
  await E.settle(world, [receipt]);
  expect(await stateHash(world)).toBe(ledger);
  expect((await workerOf(world)).earningsNano).toBe(0n);
  await admitKey(world.chain, world.registry.address, world.worker, LATE_KEY.publicKey);
  await E.settle(world, [receipt]);
  expect(await E.readLine(world, lines[0]!)).toMatchObject({ paidNano: ONE });
  expect((await workerOf(world)).earningsNano).toBe(ONE);
});

test('one signed payout drains one line and never a pool (there it drained all clients)', async () => {
  const { world, lines } = await openLines(2, ONE);
  const other = await E.secondEscrow(world);
  const [escrow, elsewhere] = [await E.escrowBalance(world), await E.escrowBalance(other)];
  const { freeNano } = await E.readEscrow(world);
  for (const total of [2n ** 64n - 1n, 3n * ONE, ONE]) {
    const greedy = await E.receiptFor(world, lines[0]!, total);
    await E.settle(world, [greedy, greedy]);
    await E.settle(other, [greedy]);
  }
  expect(await E.readLine(world, lines[0]!)).toMatchObject({ capNano: ONE, paidNano: ONE });
  expect(await E.readLine(world, lines[1]!)).toMatchObject({ capNano: ONE, paidNano: 0n });
  expect(await E.escrowBalance(world)).toBe(escrow - ONE);
  expect(await E.escrowBalance(other)).toBe(elsewhere);
  expect((await E.readEscrow(world)).freeNano).toBe(freeNano);
});

test("a charge beyond one client's balance takes nothing from another's (there it did)", async () => {
  const { world, lines } = await openLines(1, 5n * ONE);
  const other = await E.secondEscrow(world);
  const elsewhere = await stateHash(other);
  const balance = await E.escrowBalance(other);
  const receipt = await E.receiptFor(world, lines[0]!, 5n * ONE);
  const floor = escrowReserveNano(1) / 10n;
  await forceState(world, { balanceNano: 2n * ONE + floor });
  await E.settle(world, [receipt]);
  await E.settle(other, [receipt]);
  expect(await E.readLine(world, lines[0]!)).toMatchObject({ capNano: 5n * ONE, paidNano: 2n * ONE });
  expect(await E.escrowBalance(world)).toBe(floor);
  expect([await stateHash(other), await E.escrowBalance(other)]).toEqual([elsewhere, balance]);
});

test("who closes a router or a worker gets none of a client's money (there its owner got the rest)", async () => {
  const world = await E.createEscrowWorld();
  const { chain, worker, stranger: router } = world;
  const feeTo = feeToOf(router.address);
  const line = E.lineTo(world, { feeBps: 200, feeTo });
  await E.allocateByClient(world, [E.opening(world, line, 2n * ONE)], 2n * ONE);
  await tellWorker(chain, worker, worker.provider.address, listRecipientBody(feeTo, 200));
  await E.settle(world, [await E.receiptFor(world, line, ONE)]);
  const [ledger, escrow] = [await stateHash(world), await E.escrowBalance(world)];
  const { earningsNano, owedNano } = await workerOf(world);
  expect([earningsNano, owedNano]).toEqual([toNano('0.98'), toNano('0.02')]);

  await tellWorker(chain, worker, worker.provider.address, delistRecipientBody(feeTo));
  await tellWorker(chain, worker, router.address, pullFeeBody());
  await leave(world);
  expect([await stateHash(world), await E.escrowBalance(world)]).toEqual([ledger, escrow]);
  await withdraw(world);
  await E.close(world, [line]);
  chain.now! += 36 * E.HOUR + 1;
  await E.prune(world, [line]);
  await withdraw(world);
  expect(await E.escrowBalance(world)).toBe(escrowReserveNano(1));
});

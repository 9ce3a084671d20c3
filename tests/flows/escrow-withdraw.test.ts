import { toNano } from '@ton/core';
import { ESCROW_BASE_RESERVE_NANO, withdrawBody } from '../../wrappers/Escrow';
import * as E from '../support/escrow';
import { forceState } from '../support/escrowState';

const ONE = toNano('1');

/** Ten coins, two of them locked in two lines. */
async function lockedWorld(): Promise<E.EscrowWorld> {
  const world = await E.createEscrowWorld();
  const lines = [0, 1].map((salt) => E.lineTo(world, { salt }));
  await E.allocateByClient(
    world,
    lines.map((line) => E.opening(world, line, ONE)),
    2n * ONE,
  );
  return world;
}

const withdraw = (world: E.EscrowWorld, amount: bigint, value = toNano('0.1')) =>
  E.send(world, { from: world.client.address, value, body: withdrawBody(amount) });

describe('the client', () => {
  test('withdraws free money at once, without help from anyone (I-5)', async () => {
    const world = await lockedWorld();
    const before = { escrow: await E.escrowBalance(world), client: await world.client.getBalance() };
    const result = await withdraw(world, 3n * ONE);
    expect(E.steps(world, result)).toEqual(['client -> escrow Withdraw 0', 'escrow -> client Excesses 0']);
    expect(await E.escrowBalance(world)).toBe(before.escrow - 3n * ONE);
    // The attached tenth of a coin comes back with it, less the gas.
    const received = (await world.client.getBalance()) - before.client - toNano('0.1');
    expect(received).toBeGreaterThan(3n * ONE - toNano('0.001'));
    expect(received).toBeLessThan(3n * ONE);
  });

  test('withdraws all that is free, and nothing that is locked or reserved', async () => {
    const world = await lockedWorld();
    const { freeNano, lockedNano, reserveNano } = await E.readEscrow(world);
    const message = { from: world.client.address, value: toNano('0.1') };
    expect(await E.trySend(world, { ...message, body: withdrawBody(freeNano + 1n) })).toBe(1205);
    expect(await E.trySend(world, { ...message, body: withdrawBody(freeNano) })).toBe(0);
    await withdraw(world, 0n);
    expect(await E.escrowBalance(world)).toBe(lockedNano + reserveNano);
    expect(await E.readEscrow(world)).toMatchObject({ freeNano: 0n, lockedNano });
    expect(await E.trySend(world, { ...message, body: withdrawBody(0n) })).toBe(1205);
    expect(await E.trySend(world, { ...message, body: withdrawBody(1n) })).toBe(1205);
  });

  test('of a poor escrow finds nothing free', async () => {
    const world = await lockedWorld();
    await forceState(world, { balanceNano: ONE });
    expect((await E.readEscrow(world)).freeNano).toBe(0n);
    const message = { from: world.client.address, value: toNano('0.1') };
    expect(await E.trySend(world, { ...message, body: withdrawBody(0n) })).toBe(1205);
    expect(await E.escrowBalance(world)).toBe(ONE);
  });

  test('gets everything but the base reserve after the closing delay, when no worker answers any more (I-5)', async () => {
    const world = await E.createEscrowWorld();
    const lines = [0, 1, 2].map((salt) => E.lineTo(world, { salt }));
    const entries = lines.map((line) => E.opening(world, line, 3n * ONE));
    await E.allocateByClient(world, entries, 9n * ONE);
    await E.settle(world, [await E.receiptFor(world, lines[0]!, ONE)]);
    await E.close(world, lines);
    world.chain.now! += 36 * E.HOUR + 1;
    await E.prune(world, lines);
    await withdraw(world, 0n);
    const { reserveNano } = await E.readEscrow(world);
    expect(await E.escrowBalance(world)).toBe(reserveNano);
    world.chain.now = lines[2]!.settleBy + 1;
    await E.prune(world, lines);
    await withdraw(world, 0n);
    expect(await E.escrowBalance(world)).toBe(ESCROW_BASE_RESERVE_NANO);
  });

  test('pays for his own gas: a nanoton too little and nothing moves', async () => {
    const world = await lockedWorld();
    const body = withdrawBody(ONE);
    const from = world.client.address;
    const least = await E.edgeOf(
      async (value) => (await E.trySend(world, { from, value, body })) === 0,
      toNano('0.1'),
    );
    const before = await E.escrowBalance(world);
    await E.send(world, { from, value: least - 1n, body });
    // What is too little to be sent back stays.
    const kept = (await E.escrowBalance(world)) - before;
    expect(kept).toBeGreaterThanOrEqual(0n);
    expect(kept).toBeLessThan(100_000n);
    await E.send(world, { from, value: least, body });
    expect(await E.escrowBalance(world)).toBe(before + kept - ONE);
  });
});

test('a stranger withdraws nothing, nor does the worker', async () => {
  const world = await lockedWorld();
  const message = { value: toNano('0.1'), body: withdrawBody(1n) };
  for (const from of [world.stranger.address, world.worker.provider.address, world.registry.address]) {
    expect(await E.trySend(world, { ...message, from })).toBe(1200);
  }
  expect(await E.trySend(world, { ...message, from: world.client.address })).toBe(0);
});

test("one client's troubles touch no other escrow (I-8)", async () => {
  const world = await lockedWorld();
  const { freeNano, lockedNano, seqno } = await E.readEscrow(world);
  const poor = await E.secondEscrow(world);
  await forceState(poor, { balanceNano: 1n });
  const line = E.lineTo(poor);
  await E.settle(poor, [await E.receiptFor(poor, line, ONE)]);
  await E.settle(world, [await E.receiptFor(poor, line, ONE)]);
  expect(await E.readEscrow(world)).toMatchObject({ freeNano, lockedNano, seqno });
});

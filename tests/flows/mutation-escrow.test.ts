import { toNano } from '@ton/core';
import { storeEntries } from '../../src/protocol/allocate';
import { allocateBody, allocateExternalBody, withdrawBody } from '../../wrappers/Escrow';
import { allocateBoundNano, allocateCarriageNano, escrowReserveNano } from '../../wrappers/escrowCosts';
import * as E from '../support/escrow';
import { forceState } from '../support/escrowState';

// Edges that no other test stands on, found by changing the contract (docs/mutation.md).

const ONE = toNano('1');

describe('an escrow that cannot pay a whole batch', () => {
  test('pays the first line in full, the second what is left, and the third nothing', async () => {
    const world = await E.createEscrowWorld({ depositNano: 20n * ONE });
    const lines = [0, 1, 2].map((salt) => E.lineTo(world, { salt }));
    await E.allocateByClient(
      world,
      lines.map((line) => E.opening(world, line, ONE)),
      3n * ONE,
    );
    const floor = escrowReserveNano(3) / 10n;
    await forceState(world, { balanceNano: floor + toNano('1.5') });
    const result = await E.settle(
      world,
      await Promise.all(lines.map((line) => E.receiptFor(world, line, ONE))),
    );
    expect(E.steps(world, result)).toEqual([
      'stranger -> escrow Settle 0',
      'escrow -> worker Payout 0',
      'escrow -> worker Payout 0',
      'escrow -> stranger Excesses 0',
    ]);
    const paid = await Promise.all(lines.map(async (line) => (await E.readLine(world, line))!.paidNano));
    expect(paid).toEqual([ONE, toNano('0.5'), 0n]);
    expect(await E.escrowBalance(world)).toBe(floor);
    expect((await E.readEscrow(world)).lockedNano).toBe(toNano('1.5'));
  });
});

test('the client takes a single nanoton out, and the rest stays', async () => {
  const world = await E.createEscrowWorld({ depositNano: 20n * ONE });
  const before = await E.escrowBalance(world);
  const message = { from: world.client.address, value: toNano('0.1'), body: withdrawBody(1n) };
  expect(await E.trySend(world, message)).toBe(0);
  await E.send(world, message);
  expect(await E.escrowBalance(world)).toBe(before - 1n);
});

test('the client closes more lines in one message than a cell holds', async () => {
  const world = await E.createEscrowWorld({ depositNano: 20n * ONE });
  const lines = Array.from({ length: 13 }, (_, salt) => E.lineTo(world, { salt }));
  await E.allocateByClient(
    world,
    lines.map((line) => E.opening(world, line, 1n)),
    13n,
  );
  await E.close(world, lines);
  const closeAt = world.chain.now! + 36 * E.HOUR;
  for (const line of lines) expect(await E.readLine(world, line)).toMatchObject({ closeAt });
});

test('the client cannot allocate a second time what is locked already', async () => {
  const world = await E.createEscrowWorld({ depositNano: 20n * ONE });
  const [first, second] = [E.lineTo(world), E.lineTo(world, { salt: 1 })];
  await E.allocateByClient(world, [E.opening(world, first, 15n * ONE)], 15n * ONE);
  const { freeNano } = await E.readEscrow(world);
  const most = freeNano - (escrowReserveNano(2) - escrowReserveNano(1));
  const tryOpen = (capNano: bigint): Promise<number | null> =>
    E.trySend(world, {
      from: world.client.address,
      value: ONE,
      body: allocateBody([E.opening(world, second, capNano)], capNano),
    });
  expect(await tryOpen(most + 1n)).toBe(1205);
  expect(await tryOpen(most)).toBe(0);
});

test('nor can the signer, whose gas and carriage come first', async () => {
  const world = await E.createEscrowWorld({ depositNano: 20n * ONE });
  const [first, second] = [E.lineTo(world), E.lineTo(world, { salt: 1 })];
  await E.allocateByClient(world, [E.opening(world, first, 15n * ONE)], 15n * ONE);
  const { freeNano } = await E.readEscrow(world);
  const ceiling = freeNano - (escrowReserveNano(2) - escrowReserveNano(1)) - allocateBoundNano(1);
  const tryOpen = async (capNano: bigint): Promise<number> => {
    const signed = await E.signedAllocation(world, [E.opening(world, second, capNano)], capNano);
    return E.tryExternal(world, allocateExternalBody(signed));
  };
  const carriage = allocateCarriageNano(storeEntries([E.opening(world, second, ceiling)]));
  expect(await tryOpen(ceiling)).toBe(1205);
  expect(await tryOpen(ceiling - carriage)).toBe(0);
});

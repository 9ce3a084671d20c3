import { toNano, type Cell } from '@ton/core';
import { internal } from '@ton/sandbox';
import { lineId } from '../../src/protocol/line';
import {
  allocateBody,
  closeBody,
  openBody,
  pruneBody,
  setSignerBody,
  settleBody,
  withdrawBody,
} from '../../wrappers/Escrow';
import { escrowReserveNano } from '../../wrappers/escrowCosts';
import { unstakeBody, withdrawStakeBody } from '../../wrappers/Worker';
import { balanceOf } from '../support/chain';
import * as E from '../support/escrow';
import { forceState } from '../support/escrowState';

const ONE = toNano('1');

/**
 * What goes wrong, reproducibly, where clients share a router's pool: each told again with our contracts.
 */
describe('where a shared pool fails, an escrow of one client', () => {
  test('refunds in full when the provider has no stake left (I-5)', async () => {
    const world = await E.createEscrowWorld({ depositNano: 15n * ONE });
    const line = E.lineTo(world);
    await E.allocateByClient(world, [E.opening(world, line, 9n * ONE)], 9n * ONE);
    const toWorker = (body: Cell) =>
      world.chain.sendMessage(
        internal({
          from: world.worker.provider.address,
          to: world.worker.address,
          value: ONE,
          bounce: true,
          body,
        }),
      );
    await toWorker(unstakeBody());
    world.chain.now! += 2 * E.DAY;
    await toWorker(withdrawStakeBody());
    expect(await balanceOf(world.chain, world.worker.address)).toBeLessThan(ONE);

    await E.close(world, [line]);
    world.chain.now! += 36 * E.HOUR + 1;
    await E.prune(world, [line]);
    const withdrawal = { from: world.client.address, value: toNano('0.1'), body: withdrawBody(0n) };
    const { freeNano } = await E.readEscrow(world);
    expect(freeNano).toBeGreaterThan(15n * ONE - escrowReserveNano(1) - toNano('0.01'));
    await E.send(world, withdrawal);
    expect(await E.escrowBalance(world)).toBe(escrowReserveNano(1));
  });

  test('does not consume the claim that it cannot pay (I-2)', async () => {
    const world = await E.createEscrowWorld();
    const line = E.lineTo(world);
    await E.allocateByClient(world, [E.opening(world, line, 5n * ONE)], 5n * ONE);
    const receipt = await E.receiptFor(world, line, 5n * ONE);
    await forceState(world, { balanceNano: escrowReserveNano(1) / 10n });
    await E.settle(world, [receipt]);
    expect(await E.readLine(world, line)).toMatchObject({ paidNano: 0n, capNano: 5n * ONE });
    await E.send(world, { from: world.stranger.address, value: 6n * ONE });
    await E.settle(world, [receipt]);
    expect(await E.readLine(world, line)).toMatchObject({ paidNano: 5n * ONE });
  });

  test('loses one line at most to a worker that signs whatever it likes (I-3, I-13)', async () => {
    const world = await E.createEscrowWorld();
    const [own, other] = [0, 1].map((salt) => E.lineTo(world, { salt })) as [never, never];
    await E.allocateByClient(
      world,
      [E.opening(world, own, ONE), E.opening(world, other, 4n * ONE)],
      5n * ONE,
    );
    const before = await E.readEscrow(world);
    for (const total of [2n ** 64n - 1n, 3n * ONE, ONE]) {
      await E.settle(world, [await E.receiptFor(world, own, total)]);
    }
    expect(await E.readLine(world, own)).toMatchObject({ paidNano: ONE });
    expect(await E.readLine(world, other)).toMatchObject({ paidNano: 0n, capNano: 4n * ONE });
    expect((await E.readEscrow(world)).freeNano).toBe(before.freeNano);
  });

  test("pays its own debts alone: another escrow's receipts take nothing from it (I-8)", async () => {
    const world = await E.createEscrowWorld();
    const second = await E.secondEscrow(world);
    const line = E.lineTo(world);
    await E.allocateByClient(world, [E.opening(world, line, ONE)], ONE);
    const before = await E.escrowBalance(world);
    const foreign = await E.receiptFor(second, line, ONE);
    const message = { from: world.stranger.address, value: ONE, body: settleBody([foreign]) };
    expect(await E.trySend(world, message)).toBe(1220);
    expect(await E.trySend(second, message)).toBe(0);
    await E.send(second, message);
    expect(await E.escrowBalance(world)).toBe(before);
  });

  test('obeys no key of a router, a provider or the registry', async () => {
    const world = await E.createEscrowWorld();
    const line = E.lineTo(world);
    await E.allocateByClient(world, [E.opening(world, line, ONE)], ONE);
    const before = { ...(await E.readEscrow(world)), balance: await E.escrowBalance(world) };
    const open = { signer: Buffer.alloc(32, 1), signerBudgetNano: 1n, closeDelaySeconds: E.DAY };
    const bodies = [
      openBody(open),
      setSignerBody(open.signer, 1n),
      allocateBody([E.raising(line, 2n * ONE)], ONE),
      closeBody([lineId(line)]),
      withdrawBody(1n),
    ];
    for (const from of [world.stranger, world.worker.provider, world.registry]) {
      for (const body of bodies) {
        expect(await E.trySend(world, { from: from.address, value: ONE, body })).toBe(1200);
      }
      await E.send(world, { from: from.address, value: ONE, body: pruneBody([lineId(line)]) });
    }
    expect({ ...(await E.readEscrow(world)), balance: await E.escrowBalance(world) }).toMatchObject({
      lockedNano: before.lockedNano,
      freeNano: before.freeNano,
      signer: before.signer,
      balance: before.balance,
    });
  });
});

import { toNano } from '@ton/core';
import type { BlockchainTransaction } from '@ton/sandbox';
import { keyPairFromSeed } from '../../src/protocol/ed25519';
import { allocateExternalBody, setSignerBody } from '../../wrappers/Escrow';
import { escrowReserveNano } from '../../wrappers/escrowCosts';
import * as E from '../support/escrow';
import { expectSound, openLines, ordersOf, withdraw } from '../support/lines';
import { burnedBy, heldBy, storageFee } from '../support/money';

// Scenario 12: the chain stands still for ten hours. Then a close, a settle, a withdrawal and a change of the signer come in
// one block, in each of their 24 orders: the outcome is the same.

const ONE = toNano('1');
const EARNED = toNano('0.7');
const STEPS = ['close', 'settle', 'withdraw', 'signer'] as const;
const successor = keyPairFromSeed(Buffer.alloc(32, 6));

test.each(ordersOf(STEPS).map((order) => [order.join(', '), order] as const))(
  'in one block: %s',
  async (_name, order) => {
    const { world, lines } = await openLines(2, ONE);
    const [line, other] = lines as [(typeof lines)[0], (typeof lines)[0]];
    const receipt = await E.receiptFor(world, line, EARNED);
    // Signed before the standstill, for ten minutes: worth nothing afterwards.
    const stale = await E.signedAllocation(world, [E.raising(line, 2n * ONE)], ONE, {
      validUntil: world.chain.now! + 600,
    });
    const everybody = [world.escrow, world.client.address, world.stranger.address, world.worker.address];
    world.chain.now! += 10 * E.HOUR;
    const closeAt = world.chain.now! + 36 * E.HOUR;
    const steps = {
      close: () => E.close(world, [line]),
      settle: () => E.settle(world, [receipt]),
      withdraw: () => withdraw(world),
      signer: () =>
        E.send(world, {
          from: world.client.address,
          value: ONE,
          body: setSignerBody(successor.publicKey, ONE),
        }),
    };
    const before = await E.escrowBalance(world);
    let rent = 0n;
    for (const step of order) {
      const held = await heldBy(world.chain, everybody);
      const result = await steps[step]();
      expect(E.escrowExit(world, result)).toBe(0);
      expect(await heldBy(world.chain, everybody)).toBe(held + ONE - burnedBy(result));
      rent += sum(
        result.transactions.filter(
          ({ inMessage }) => inMessage?.info.dest?.toString() === world.escrow.toString(),
        ),
      );
      await expectSound(world);
    }
    expect(rent).toBeGreaterThan(0n);
    expect(await E.readLine(world, line)).toMatchObject({ capNano: ONE, paidNano: EARNED, closeAt });
    expect(await E.readLine(world, other)).toMatchObject({ capNano: ONE, paidNano: 0n, closeAt: 0 });
    expect(await E.readEscrow(world)).toMatchObject({ signer: successor.publicKey, signerBudgetNano: ONE });
    // All that was free is gone, what is locked for the two workers is there to the nanoton.
    const locked = 2n * ONE - EARNED;
    expect(await E.escrowBalance(world)).toBe(locked + escrowReserveNano(2));
    expect(before - rent - EARNED).toBeGreaterThan(locked);
    expect(await E.exitOfExternal(world, allocateExternalBody(stale))).toBe(1212);

    // Ten hours were lost, the closing delay was not: the worker is paid until its last second.
    world.chain.now = closeAt;
    await E.settle(world, [await E.receiptFor(world, line, ONE)]);
    expect(await E.readLine(world, line)).toMatchObject({ paidNano: ONE });
  },
);

function sum(transactions: readonly BlockchainTransaction[]): bigint {
  return transactions.reduce((total, tx) => total + storageFee(tx), 0n);
}

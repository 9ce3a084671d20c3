import { toNano } from '@ton/core';
import { escrowReserveNano } from '../../wrappers/escrowCosts';
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

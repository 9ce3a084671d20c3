import { toNano, type Message } from '@ton/core';
import { admitKey } from '../support/admittedWorker';
import * as E from '../support/escrow';
import { expectSound, LATE_KEY, openLines, ordersOf, settleAlone } from '../support/lines';

// Scenario 4: a close, a settle, the bounce of its payout and a final receipt race one another. Whatever comes first, the
// line owes its worker the final total, not less and not more.

const ONE = toNano('1');
const PARTIAL = toNano('0.4');
const FINAL = toNano('0.5');
const STEPS = ['settle', 'bounce', 'close', 'final'] as const;
const orders = ordersOf(STEPS).filter((order) => order.indexOf('settle') < order.indexOf('bounce'));

test.each(orders.map((order) => [order.join(', '), order] as const))(
  'in the order %s',
  async (_name, order) => {
    const { world, lines } = await openLines(1, ONE, { workerKey: LATE_KEY.publicKey });
    const line = lines[0]!;
    const receipt = (total: bigint, final = false) => E.receiptFor(world, line, total, { final }, LATE_KEY);
    const late: Message[] = [];
    const steps: Record<(typeof STEPS)[number], () => Promise<unknown>> = {
      settle: async () => late.push(...(await settleAlone(world, [await receipt(PARTIAL)])).payouts),
      // Nothing is under way when the final receipt was paid first: its payout came back within that step.
      bounce: async () => {
        for (const payout of late) await world.chain.sendMessage(payout);
      },
      close: () => E.close(world, [line]),
      final: async () => E.settle(world, [await receipt(FINAL, true)]),
    };
    for (const step of order) {
      await steps[step]();
      await expectSound(world);
    }
    const isClosedFirst = order.indexOf('close') < order.indexOf('final');
    const closeAt = isClosedFirst ? world.chain.now! + 36 * E.HOUR : line.settleBy;
    expect(await E.readLine(world, line)).toEqual({
      capNano: FINAL,
      paidNano: 0n,
      settleBy: line.settleBy,
      closeAt,
    });

    // Later receipts of a worker that said it was done raise nothing, and a raise by the client finds an ended line.
    await E.settle(world, [await receipt(ONE), await receipt(2n ** 64n - 1n, true)]);
    await E.allocateByClient(world, [E.raising(line, 2n * ONE)], ONE);
    expect(await E.readLine(world, line)).toMatchObject({ capNano: FINAL, paidNano: 0n, closeAt });

    await admitKey(world.chain, world.registry.address, world.worker, LATE_KEY.publicKey);
    const before = await E.escrowBalance(world);
    await E.settle(world, [await receipt(PARTIAL), await receipt(ONE), await receipt(FINAL, true)]);
    expect(await E.escrowBalance(world)).toBe(before - FINAL);
    expect(await E.readLine(world, line)).toMatchObject({ capNano: FINAL, paidNano: FINAL });
    expect((await E.readEscrow(world)).lockedNano).toBe(0n);
  },
);

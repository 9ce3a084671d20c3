import { toNano } from '@ton/core';
import { keyPairFromSeed } from '../../src/protocol/ed25519';
import { allocateExternalBody, ESCROW_BASE_RESERVE_NANO, setSignerBody } from '../../wrappers/Escrow';
import * as E from '../support/escrow';
import { expectSound, openLines, ordersOf, settleAlone, withdraw } from '../support/lines';

// Scenario 5: the signer is changed while an allocation, a settle and a payout are under way; and a thief has the signer.

const ONE = toNano('1');
const successor = keyPairFromSeed(Buffer.alloc(32, 6));
const STEPS = ['signer changed', 'allocation of the old one', 'payout arrives', 'second settle'] as const;

function changeSigner(world: E.EscrowWorld, budgetNano: bigint) {
  const body = setSignerBody(successor.publicKey, budgetNano);
  return E.send(world, { from: world.client.address, value: ONE, body });
}

test.each(ordersOf(STEPS).map((order) => [order.join(', '), order] as const))(
  'whichever comes first: %s',
  async (_name, order) => {
    const { world, lines } = await openLines(1, ONE);
    const line = lines[0]!;
    const { payouts } = await settleAlone(world, [await E.receiptFor(world, line, toNano('0.3'))]);
    const old = allocateExternalBody(await E.signedAllocation(world, [E.raising(line, 3n * ONE)], 2n * ONE));
    const exits: number[] = [];
    const steps: Record<(typeof STEPS)[number], () => Promise<unknown>> = {
      'signer changed': () => changeSigner(world, 5n * ONE),
      'allocation of the old one': async () => exits.push(await E.exitOfExternal(world, old)),
      'payout arrives': () => world.chain.sendMessage(payouts[0]!),
      'second settle': async () => E.settle(world, [await E.receiptFor(world, line, toNano('0.9'))]),
    };
    for (const step of order) {
      await steps[step]();
      await expectSound(world);
    }
    const isLate = order.indexOf('signer changed') < order.indexOf('allocation of the old one');
    expect(exits).toEqual([isLate ? 1214 : 0]);
    // What was locked before stays locked for the worker, whoever signs now.
    const capNano = isLate ? ONE : 3n * ONE;
    expect(await E.readLine(world, line)).toMatchObject({ capNano, paidNano: toNano('0.9') });
    const raise = await E.signedAllocation(world, [E.raising(line, 4n * ONE)], 3n * ONE, {}, successor);
    expect(await E.exitOfExternal(world, allocateExternalBody(raise))).toBe(0);
  },
);

test('a thief of the signer, with the worker as accomplice, takes no more than the budget; the client keeps the rest', async () => {
  const { world, lines } = await openLines(1, ONE, {}, { budgetNano: 3n * ONE });
  const before = await E.escrowBalance(world);
  const loot = E.lineTo(world, { salt: 1 });
  const tries = [
    [E.opening(world, loot, 5n * ONE)],
    [E.opening(world, loot, 2n * ONE)],
    [E.raising(loot, 3n * ONE)],
  ];
  for (const entries of tries) {
    for (const sum of [5n * ONE, 2n * ONE, toNano('0.99'), toNano('0.9')]) {
      const signed = await E.signedAllocation(world, entries, sum);
      await E.exitOfExternal(world, allocateExternalBody(signed));
    }
  }
  await E.settle(world, [await E.receiptFor(world, loot, 2n ** 64n - 1n)]);
  const { signerBudgetNano } = await E.readEscrow(world);
  const stolen = before - (await E.escrowBalance(world));
  expect(stolen).toBeGreaterThan(ONE);
  expect(stolen).toBeLessThanOrEqual(3n * ONE - signerBudgetNano);

  await changeSigner(world, 0n);
  await withdraw(world);
  await E.close(world, [lines[0]!, loot]);
  world.chain.now! += 36 * E.HOUR + 1;
  await E.prune(world, [lines[0]!, loot]);
  world.chain.now = loot.settleBy + 1;
  await E.prune(world, [lines[0]!, loot]);
  await withdraw(world);
  expect(await E.escrowBalance(world)).toBe(ESCROW_BASE_RESERVE_NANO);
});

import { toNano } from '@ton/core';
import * as E from '../support/escrow';

test('a receipt of the worker key pays the worker exactly what it says', async () => {
  const world = await E.createEscrowWorld();
  const line = E.lineTo(world);
  await E.allocateBySigner(world, [E.opening(world, line, toNano('1'))], toNano('1'));
  await E.settle(world, [await E.receiptFor(world, line, toNano('0.3'))]);
  expect(await E.readLine(world, line)).toMatchObject({ capNano: toNano('1'), paidNano: toNano('0.3') });
});

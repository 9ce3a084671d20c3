import { toNano } from '@ton/core';
import { storeEntries } from '../../src/protocol/allocate';
import { allocateExternalBody, GET_ALLOCATE_BOUND, GET_SETTLE_VALUE } from '../../wrappers/Escrow';
import {
  allocateBoundNano,
  allocateCarriageNano,
  escrowReserveNano,
  settleValueNano,
} from '../../wrappers/escrowCosts';
import * as E from '../support/escrow';

// Prices to the nanoton, found by changing the contract (docs/mutation.md).

const ONE = toNano('1');

test.each([1, 10, 11, 60, 250])(
  'what is said about the price of %d lines are the formulas',
  async (count) => {
    const world = await E.createEscrowWorld({ depositNano: 20n * ONE });
    const told = async (method: string): Promise<bigint> => {
      const args = [{ type: 'int', value: BigInt(count) } as const];
      return (await world.chain.runGetMethod(world.escrow, method, args)).stackReader.readBigNumber();
    };
    expect(await told(GET_SETTLE_VALUE)).toBe(settleValueNano(count, 0));
    expect(await told(GET_ALLOCATE_BOUND)).toBe(allocateBoundNano(count));
  },
);

describe("the signer's allocation", () => {
  test('takes of its budget at least what its gas costs the escrow', async () => {
    const world = await E.createEscrowWorld({ depositNano: 20n * ONE });
    const entries = [E.opening(world, E.lineTo(world), ONE)];
    const before = await E.readEscrow(world);
    const { transactions } = await E.allocateBySigner(world, entries, ONE);
    const { description } = transactions[0]!;
    if (description.type !== 'generic' || description.computePhase.type !== 'vm')
      throw new Error('did not run');
    const after = await E.readEscrow(world);
    const booked = before.signerBudgetNano - after.signerBudgetNano - ONE;
    const carriage = allocateCarriageNano(storeEntries(entries));
    expect(booked - carriage).toBeGreaterThanOrEqual(description.computePhase.gasFees);
  });

  test('may take all that is free but reserve, bound and carriage, and not a nanoton more', async () => {
    const world = await E.createEscrowWorld({ depositNano: 20n * ONE });
    const line = E.lineTo(world);
    const tryOpen = async (capNano: bigint): Promise<number> => {
      const signed = await E.signedAllocation(world, [E.opening(world, line, capNano)], capNano);
      return E.tryExternal(world, allocateExternalBody(signed));
    };
    const snapshot = world.chain.snapshot();
    const { transactions } = await E.allocateBySigner(world, [E.opening(world, line, ONE)], ONE);
    const { description, totalFees } = transactions[0]!;
    if (description.type !== 'generic' || description.computePhase.type !== 'vm')
      throw new Error('did not run');
    const imported = totalFees.coins - description.computePhase.gasFees;
    await world.chain.loadFrom(snapshot);

    const balance = await E.escrowBalance(world);
    const most = balance - imported - escrowReserveNano(1) - allocateBoundNano(1);
    expect(await tryOpen(most + 1n)).toBe(1205);
    expect(await tryOpen(most)).toBe(0);
  });
});

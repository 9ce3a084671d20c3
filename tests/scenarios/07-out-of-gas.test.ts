import { Cell, toNano } from '@ton/core';
import { defaultConfig, type BlockchainTransaction, type SendMessageResult } from '@ton/sandbox';
import { FEES_MID_2026, withFeeParameters } from '../../src/devnet/feeParameters';
import type { Line } from '../../src/protocol/line';
import { settleBody, type SettleItem } from '../../wrappers/Escrow';
import { exitCode, TEST_NETWORK_ID } from '../support/chain';
import * as E from '../support/escrow';
import { burnedBy, heldBy, storageFee } from '../support/money';

// Scenario 7, the Worker that runs out of gas. A payout carries gas at the price of its settle, for more than any Worker
// needs: only a chain whose price leaps while it is under way can make it too little.

const ONE = toNano('1');
const TEN = Array.from({ length: 10 }, (_, n) => n);

async function tenLines(): Promise<{ world: E.EscrowWorld; lines: Line[] }> {
  const world = await E.createEscrowWorld({ depositNano: 11n * ONE });
  const lines = TEN.map((salt) => E.lineTo(world, { salt }));
  const entries = lines.map((line) => E.opening(world, line, ONE));
  await E.allocateByClient(world, entries, 10n * ONE);
  return { world, lines };
}

/** A receipt of each line for so many nanotons more than the line's number. */
function receipts(world: E.EscrowWorld, lines: readonly Line[], total: bigint): Promise<SettleItem[]> {
  return Promise.all(lines.map((line, n) => E.receiptFor(world, line, total + BigInt(n))));
}

/** The test chain's configuration with gas at a multiple of its price: what a payout carries buys less of it. */
function gasAt(times: bigint): Cell {
  const { gas } = FEES_MID_2026;
  const { gasPrice16, flatGasPriceNano } = gas;
  const dear = { ...gas, gasPrice16: gasPrice16 * times, flatGasPriceNano: flatGasPriceNano * times };
  return withFeeParameters(Cell.fromBase64(defaultConfig), TEST_NETWORK_ID, { ...FEES_MID_2026, gas: dear });
}

const [usual, dear] = [gasAt(1n), gasAt(16n)];

/** Settles, and the payouts arrive when gas costs sixteen times as much. */
async function settleBeforeRise(
  world: E.EscrowWorld,
  items: readonly SettleItem[],
): Promise<SendMessageResult> {
  const message = E.toEscrow(world, { from: world.stranger.address, value: ONE, body: settleBody(items) });
  const settle = await world.chain.sendMessageIter(message, { allowParallel: true });
  const { value: first } = (await settle.next()) as { value: BlockchainTransaction };
  const transactions = [first];
  world.chain.setConfig(dear);
  for (const sent of first.outMessages.values()) {
    transactions.push(...(await world.chain.sendMessage(sent)).transactions);
  }
  world.chain.setConfig(usual);
  return { transactions, events: [], externals: [] };
}

test('a hundred payouts of dust that run out of gas under way cost that dust and no more; the rest is paid', async () => {
  const { world, lines } = await tenLines();
  const everybody = [world.escrow, world.worker.address, world.stranger.address];
  for (const n of TEN) {
    const items = await receipts(world, lines, BigInt(n + 1) * 1_000n);
    const [all, escrow] = [await heldBy(world.chain, everybody), await E.escrowBalance(world)];
    const { lockedNano } = await E.readEscrow(world);
    const result = await settleBeforeRise(world, items);
    expect(result.transactions.slice(1, 11).map(exitCode)).toEqual(TEN.map(() => -14));
    expect(await heldBy(world.chain, everybody)).toBe(all + ONE - burnedBy(result));
    const dust = lockedNano - (await E.readEscrow(world)).lockedNano;
    expect(await E.escrowBalance(world)).toBe(escrow - dust - storageFee(result.transactions[0]!));
  }
  const { lockedNano } = await E.readEscrow(world);
  expect(lockedNano).toBe(10n * (ONE - 10_000n) - 45n);
  const escrow = await E.escrowBalance(world);
  const result = await E.settle(world, await receipts(world, lines, ONE));
  expect(await E.escrowBalance(world)).toBe(escrow - lockedNano - storageFee(result.transactions[0]!));
});

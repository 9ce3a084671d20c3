import { toNano } from '@ton/core';
import { ESCROW_BASE_RESERVE_NANO, MAX_LINE_ENTRIES, type LineOnChain } from '../../wrappers/Escrow';
import { escrowReserveNano, PRICES_2026 } from '../../wrappers/escrowCosts';
import { sha256 } from '../../src/protocol/hash';
import * as E from '../support/escrow';
import { forceState, stateHash } from '../support/escrowState';
import { openLines, withdraw } from '../support/lines';
import { storageFee, valueOf } from '../support/money';

// Scenario 11: an escrow that holds as many lines as it can is left alone for five years. The rent of the lines was set
// aside; the base reserve pays for the contract itself, for as long as it lasts.

const YEARS = 5;
const FIVE_YEARS = YEARS * 365 * E.DAY;
const ONE = toNano('1');
/** Cells of an escrow without lines. */
const MOST_OWN_CELLS = 160n;

/** A ledger of that many lines, of which `open` is the one that is really there; the others are tombstones. */
async function fullEscrow(entries: number) {
  const { world, lines } = await openLines(1, ONE, {}, { depositNano: 20n * ONE });
  const ledger = new Map<string, LineOnChain>(await E.readLines(world));
  const { settleBy } = ledger.values().next().value!;
  const tombstone = { capNano: 0n, paidNano: 0n, settleBy, closeAt: settleBy } as LineOnChain;
  for (let n = 0; ledger.size < entries; n++) {
    ledger.set(
      sha256(Buffer.from(`line ${n}`))
        .subarray(0, 20)
        .toString('hex'),
      tombstone,
    );
  }
  await forceState(world, { lines: ledger, balanceNano: escrowReserveNano(entries) + ONE });
  return { world, line: lines[0]! };
}

/** Cells that the chain counts for the account: code, data and ledger. */
async function cellsOf({ chain, escrow }: E.EscrowWorld): Promise<bigint> {
  const { account } = await chain.getContract(escrow);
  return account.account!.storageStats.used.cells;
}

/** What the chain takes for keeping so many cells, nanotons, rounded up. */
function rentOf(cells: bigint, seconds: number): bigint {
  return (cells * PRICES_2026.storageCellPrice16 * BigInt(seconds) + 0xffffn) >> 16n;
}

test.each([[1], [MAX_LINE_ENTRIES]])(
  'an escrow of %d lines pays five years of rent to the nanoton, its lines out of what was set aside for them',
  async (entries) => {
    const { world, line } = await fullEscrow(entries);
    await E.send(world, { from: world.stranger.address, value: toNano('0.1') });
    const start = await E.escrowBalance(world);
    const cells = await cellsOf(world);
    world.chain.now! += FIVE_YEARS;
    const { transactions } = await E.send(world, { from: world.stranger.address, value: toNano('0.1') });
    const rent = storageFee(transactions[0]!);
    expect(rent).toBe(rentOf(cells, FIVE_YEARS));
    const setAside = escrowReserveNano(entries) - ESCROW_BASE_RESERVE_NANO;
    const ofContract = rent - setAside;
    // The contract without a line: some 120 cells, most of them the Worker's code that it tells genuine ones by.
    expect(ofContract).toBeLessThanOrEqual(rentOf(MOST_OWN_CELLS, FIVE_YEARS));
    expect((await E.readEscrow(world)).lockedNano).toBe(ONE);

    // The line ended in the first fortnight: it is pruned. What stands keeps its reserve, so the client prunes all of it
    // before he takes the last coin out.
    await E.prune(world, [line]);
    const { lockedNano, entries: kept, freeNano } = await E.readEscrow(world);
    expect([lockedNano, kept]).toEqual([0n, entries - 1]);
    const left = await E.escrowBalance(world);
    expect(left).toBe(start + valueOf(transactions[0]!) - transactions[0]!.totalFees.coins);
    const free = left - escrowReserveNano(entries - 1);
    expect(freeNano).toBe(free > 0n ? free : 0n);
  },
  240_000,
);

test('the base reserve alone keeps an emptied escrow for 400 days and more; then it owes, and a deposit settles that', async () => {
  const { world, lines } = await openLines(1, ONE);
  await E.close(world, lines);
  world.chain.now = lines[0]!.settleBy + 1;
  await E.prune(world, lines);
  await withdraw(world);
  expect(await E.escrowBalance(world)).toBe(ESCROW_BASE_RESERVE_NANO);
  const cells = await cellsOf(world);
  expect(rentOf(cells, 400 * E.DAY)).toBeLessThan(ESCROW_BASE_RESERVE_NANO);

  world.chain.now += FIVE_YEARS;
  const debt = rentOf(cells, FIVE_YEARS) - ESCROW_BASE_RESERVE_NANO;
  const ledger = await stateHash(world);
  const deposit = () => E.send(world, { from: world.stranger.address, value: ONE });
  const [first, second] = [(await deposit()).transactions[0]!, (await deposit()).transactions[0]!];
  // Rent is taken from what is there before a message's value: the debt waits for the next one.
  expect([storageFee(first), storageFee(second)]).toEqual([ESCROW_BASE_RESERVE_NANO, debt]);
  const gas = first.totalFees.coins + second.totalFees.coins - ESCROW_BASE_RESERVE_NANO - debt;
  expect(await E.escrowBalance(world)).toBe(2n * ONE - debt - gas);
  expect(await stateHash(world)).toBe(ledger);
});

import { toNano } from '@ton/core';
import { keyPairFromSeed } from '../../src/protocol/ed25519';
import type { Line } from '../../src/protocol/line';
import { ESCROW_BASE_RESERVE_NANO, type SettleItem } from '../../wrappers/Escrow';
import { GET_WORKER, parseWorker } from '../../wrappers/Worker';
import { admitKey } from '../support/admittedWorker';
import * as E from '../support/escrow';
import { stateHash } from '../support/escrowState';
import { expectSound, withdraw } from '../support/lines';
import { storageFee } from '../support/money';

// Scenario 6: a worker that is started anew each day, with a new key, for thirty days. The client opens a line to each
// key, closes yesterday's and prunes what ended.

const ONE = toNano('1');
const DAYS = 30;
const EARNED = toNano('0.1');

interface Month {
  world: E.EscrowWorld;
  lines: Line[];
  receipts: SettleItem[];
  /** The most entries that there ever were, and the most money that was locked. */
  entries: number;
  lockedNano: bigint;
}

async function liveOneDay(month: Month, day: number): Promise<void> {
  const { world, lines, receipts } = month;
  const keys = keyPairFromSeed(Buffer.alloc(32, day));
  await admitKey(world.chain, world.registry.address, world.worker, keys.publicKey);
  const line = E.lineTo(world, { workerKey: keys.publicKey });
  await E.allocateByClient(world, [E.opening(world, line, ONE)], ONE);
  const receipt = await E.receiptFor(world, line, EARNED, {}, keys);
  await E.settle(world, [receipt]);
  if (lines.length > 0) await E.close(world, lines.slice(-1));
  lines.push(line);
  receipts.push(receipt);
  await E.prune(world, lines);
  const ledger = await expectSound(world);
  month.entries = Math.max(month.entries, ledger.size);
  const { lockedNano } = await E.readEscrow(world);
  if (lockedNano > month.lockedNano) month.lockedNano = lockedNano;
  world.chain.now! += E.DAY;
}

async function liveAMonth(): Promise<Month> {
  const world = await E.createEscrowWorld();
  const month: Month = { world, lines: [], receipts: [], entries: 0, lockedNano: 0n };
  for (let day = 1; day <= DAYS; day++) await liveOneDay(month, day);
  return month;
}

test('thirty days of new worker keys: locked money comes back, the maps stay bounded, nothing is paid twice', async () => {
  const { world, lines, receipts, entries, lockedNano } = await liveAMonth();
  // Lines live ten days here: an entry stays until the day after. Three lines are locked at most.
  expect(entries).toBe(11);
  expect(lockedNano).toBe(3n * (ONE - EARNED));
  const { earningsNano, keys } = parseWorker(
    (await world.chain.runGetMethod(world.worker.address, GET_WORKER)).stackReader,
  );
  expect(earningsNano).toBe(BigInt(DAYS) * EARNED);
  expect(keys).toHaveLength(DAYS + 1);

  // Ended lines pay nothing more, tombstones and deleted ones neither, and none of them can be opened anew.
  const again = await Promise.all(
    lines.map((line, n) => E.receiptFor(world, line, ONE, {}, keyPairFromSeed(Buffer.alloc(32, n + 1)))),
  );
  const ended = lines.slice(0, -3);
  const ledger = await stateHash(world);
  const before = await E.escrowBalance(world);
  let rent = 0n;
  for (const items of [receipts, again.slice(0, -3)]) {
    for (let at = 0; at < items.length; at += 10) {
      rent += storageFee((await E.settle(world, items.slice(at, at + 10))).transactions[0]!);
    }
  }
  expect([await stateHash(world), await E.escrowBalance(world)]).toEqual([ledger, before - rent]);
  const deleted = ended.filter(({ settleBy }) => settleBy < world.chain.now!);
  for (const some of [deleted.slice(0, 10), ended.slice(-5)]) {
    await E.allocateByClient(
      world,
      some.map((line) => E.opening(world, line, toNano('0.1'))),
      ONE,
    );
  }
  expect(await stateHash(world)).toBe(ledger);

  await E.close(world, lines);
  world.chain.now = lines.at(-1)!.settleBy + 1;
  await E.prune(world, lines);
  await withdraw(world);
  expect(await E.readEscrow(world)).toMatchObject({ entries: 0, lockedNano: 0n });
  expect(await E.escrowBalance(world)).toBe(ESCROW_BASE_RESERVE_NANO);
}, 120_000);

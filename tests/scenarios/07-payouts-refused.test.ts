import { toNano, type Address } from '@ton/core';
import { keyPairFromSeed } from '../../src/protocol/ed25519';
import type { Line } from '../../src/protocol/line';
import { workerAddress } from '../../wrappers/Worker';
import { admitKey, createAdmittedWorker } from '../support/admittedWorker';
import { exitCode } from '../support/chain';
import * as E from '../support/escrow';
import { stateHash } from '../support/escrowState';
import { freeze } from '../support/frozen';
import { burnedBy, heldBy, storageFee, valueOf } from '../support/money';

// Scenario 7: a hundred payouts to a Worker that cannot take them, ten in a settle. After each settle every balance and
// every fee is exact, and when the Worker is there again true claims are paid.

const ONE = toNano('1');
const TEN = Array.from({ length: 10 }, (_, n) => n);
const late = keyPairFromSeed(Buffer.alloc(32, 8));

interface Case {
  world: E.EscrowWorld;
  lines: Line[];
  worker: Address;
  keys: typeof late;
  /** What makes the Worker take payouts. */
  repair(): Promise<unknown>;
}

async function openTo(change: Partial<Line>, index = 0): Promise<{ world: E.EscrowWorld; lines: Line[] }> {
  const world = await E.createEscrowWorld({ depositNano: 11n * ONE });
  const lines = TEN.map((salt) => E.lineTo(world, { salt, ...change }));
  const entries = lines.map((line) => ({ ...E.opening(world, line, ONE), index }));
  await E.allocateByClient(world, entries, 10n * ONE);
  return { world, lines };
}

async function wrongWorker(): Promise<Case> {
  const { world, lines } = await openTo({ workerKey: late.publicKey });
  const { chain, registry, worker } = world;
  const repair = () => admitKey(chain, registry.address, worker, late.publicKey);
  return { world, lines, worker: worker.address, keys: late, repair };
}

async function undeployedWorker(): Promise<Case> {
  const { chain, registry, worker: first } = await E.createEscrowWorld({ depositNano: 11n * ONE });
  const address = await workerAddress(registry.address, first.provider.address, 9);
  const { world, lines } = await openTo({ workerAddress: address.hash }, 9);
  const repair = () => createAdmittedWorker(chain, registry, 'first', 9);
  return { world, lines, worker: address, keys: world.worker.keys, repair };
}

async function frozenWorker(): Promise<Case> {
  const { world, lines } = await openTo({});
  const { address, keys } = world.worker;
  const init = await freeze(world.chain, address);
  const repair = () => world.stranger.send({ to: address, value: ONE, init });
  return { world, lines, worker: address, keys, repair };
}

/** A receipt of each line for so many nanotons more than the line's number. */
function receipts(world: E.EscrowWorld, lines: readonly Line[], total: bigint, keys = world.worker.keys) {
  return Promise.all(lines.map((line, n) => E.receiptFor(world, line, total + BigInt(n), {}, keys)));
}

const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n);

test.each([
  ['a Worker that never admitted the key', wrongWorker, 1110],
  ['a Worker that is not deployed', undeployedWorker, null],
  ['a frozen Worker', frozenWorker, null],
])(
  'a hundred payouts to %s: every balance and fee is exact, then true claims are paid',
  async (_name, prepare, exit) => {
    const { world, lines, worker, keys, repair } = await prepare();
    const everybody = [world.escrow, worker, world.stranger.address];
    const ledger = await stateHash(world);
    for (const n of TEN) {
      world.chain.now! += E.HOUR;
      const items = await receipts(world, lines, BigInt(n + 1) * 1_000_003n, keys);
      const due = sum(items.map(({ receipt }) => receipt.total));
      const [all, escrow] = [await heldBy(world.chain, everybody), await E.escrowBalance(world)];
      const result = await E.settle(world, items);
      expect(await heldBy(world.chain, everybody)).toBe(all + ONE - burnedBy(result));

      const payouts = result.transactions.filter(
        (tx) => tx.inMessage?.info.dest?.toString() === worker.toString(),
      );
      expect(payouts.map(exitCode)).toEqual(TEN.map(() => exit));
      const returned = result.transactions.slice(-10).map((tx) => valueOf(tx) - tx.totalFees.coins);
      returned.forEach((left, line) => expect(left).toBeGreaterThanOrEqual(items[line]!.receipt.total));
      const rent = storageFee(result.transactions[0]!);
      expect(await E.escrowBalance(world)).toBe(escrow - rent - due + sum(returned));
      expect(await stateHash(world)).toBe(ledger);
    }

    await repair();
    const before = await E.escrowBalance(world);
    const result = await E.settle(world, await receipts(world, lines, ONE, keys));
    expect((await E.readEscrow(world)).lockedNano).toBe(0n);
    expect(await E.escrowBalance(world)).toBe(before - 10n * ONE - storageFee(result.transactions[0]!));
  },
);

import { toNano, type Message } from '@ton/core';
import type { BlockchainTransaction } from '@ton/sandbox';
import fc from 'fast-check';
import type { AllocateEntry } from '../../src/protocol/allocate';
import { keyPairFromSeed, type KeyPair } from '../../src/protocol/ed25519';
import { lineId, type Line } from '../../src/protocol/line';
import { allocateExternalBody, settleBody, withdrawBody, type SettleItem } from '../../wrappers/Escrow';
import { allocateBoundNano } from '../../wrappers/escrowCosts';
import { GET_WORKER, parseWorker } from '../../wrappers/Worker';
import { exitCode } from '../support/chain';
import * as E from '../support/escrow';
import { forceState } from '../support/escrowState';
import * as M from './escrowModel';

/** The real system: an escrow, and six lines to one Worker, of which the odd ones have a key that it never admitted. */
export interface Real {
  world: E.EscrowWorld;
  lines: Line[];
  inFlight: Message[];
  domain: Buffer;
  /** Money was taken out by force: the escrow may owe more than it has, until it is topped up. */
  drained: boolean;
}

export const LINES = 6;
const refusedKey = keyPairFromSeed(Buffer.alloc(32, 8));
const isRefused = (line: number): boolean => line % 2 === 1;

export async function createReal(): Promise<Real> {
  const world = await E.createEscrowWorld({ depositNano: toNano('8') });
  const lines = Array.from({ length: LINES }, (_, n) =>
    E.lineTo(world, {
      settleBy: world.chain.now! + (n + 1) * 2 * E.DAY,
      ...(isRefused(n) && { workerKey: refusedKey.publicKey }),
    }),
  );
  const { domain } = await E.readEscrow(world);
  return { world, lines, inFlight: [], domain, drained: false };
}

export function createModel(real: Real): M.Model {
  return { lines: new Map(), locked: 0n, now: real.world.chain.now!, earned: 0n, inFlight: [] };
}

/** Compares everything that can be read with the model, after each command. */
export async function expectSame(model: M.Model, real: Real): Promise<void> {
  const { world, lines } = real;
  const escrow = await E.readEscrow(world);
  const ledger = await E.readLines(world);
  const balance = await E.escrowBalance(world);
  const expected = new Map([...model.lines].map(([n, line]) => [lineId(lines[n]!).toString('hex'), line]));
  expect(ledger).toEqual(expected);
  expect(escrow.entries).toBe(model.lines.size);
  expect(escrow.lockedNano).toBe(M.lockedOf(model));
  expect(model.locked).toBe(M.lockedOf(model));
  expect(escrow.reserveNano).toBe(M.reserve(model));
  expect(escrow.freeNano).toBe(M.free(model, balance));
  if (!real.drained) expect(balance - M.reserve(model) / 10n).toBeGreaterThanOrEqual(escrow.lockedNano);
}

type Command = fc.AsyncCommand<M.Model, Real>;

function command(
  text: string,
  run: (model: M.Model, real: Real) => Promise<void>,
  check?: (model: M.Model) => boolean,
): Command {
  return {
    check: (model) => check?.(model) ?? true,
    async run(model, real) {
      await run(model, real);
      await expectSame(model, real);
    },
    toString: () => text,
  };
}

const line = fc.nat({ max: LINES - 1 });
const amount = fc.oneof(
  fc.bigInt({ min: 0n, max: toNano('3') }),
  fc.constantFrom(0n, 1n, toNano('1'), toNano('20'), 2n ** 64n - 1n),
);
const entry: fc.Arbitrary<M.ModelEntry> = fc.oneof(
  fc.record({ kind: fc.constant('open' as const), line, cap: amount }),
  fc.record({ kind: fc.constant('raise' as const), line, cap: amount }),
  fc.record({ kind: fc.constant('close' as const), line }),
);
const list = fc.record({
  entries: fc.array(entry, { minLength: 1, maxLength: 5 }),
  sum: fc.bigInt({ min: 0n, max: toNano('6') }),
});
const receipts = fc.array(fc.record({ line, total: amount, final: fc.boolean() }), {
  minLength: 1,
  maxLength: 5,
});
const some = fc.array(line, { minLength: 1, maxLength: 4 });

export const commands: fc.Arbitrary<Command>[] = [
  list.map(({ entries, sum }) =>
    command(`signer allocates ${text(entries)} within ${sum}`, async (model, real) => {
      const { world } = real;
      const [before, balance] = [await E.readEscrow(world), await E.escrowBalance(world)];
      const body = allocateExternalBody(await E.signedAllocation(world, toEntries(real, entries), sum));
      const exit = await E.exitOfExternal(world, body);
      if (exit !== 0) {
        // Refused: exactly when free money does not cover the sum, the gas and the rent of new lines.
        const needed = sum + allocateBoundNano(entries.length) + reserveFor(model, entries.length);
        expect([exit, balance - model.locked < needed + toNano('0.001')]).toEqual([1205, true]);
        return;
      }
      M.allocate(model, entries, sum, settleBy(real));
      const after = await E.readEscrow(world);
      expect(after.seqno).toBe(before.seqno + 1);
      const cost = balance - (await E.escrowBalance(world));
      const budgeted =
        before.signerBudgetNano - after.signerBudgetNano - (after.lockedNano - before.lockedNano);
      expect(budgeted + toNano('0.0001')).toBeGreaterThanOrEqual(cost - rentOf(real));
    }),
  ),
  list.map(({ entries, sum }) =>
    command(`client allocates ${text(entries)} within ${sum}`, async (model, real) => {
      const before = await E.escrowBalance(real.world);
      const result = await E.allocateByClient(real.world, toEntries(real, entries), sum);
      const exit = E.escrowExit(real.world, result);
      const held = before - storageFee(result.transactions[0]!);
      expect(exit).toBe(sum <= held - model.locked - reserveFor(model, entries.length) ? 0 : 1205);
      if (exit === 0) M.allocate(model, entries, sum, settleBy(real));
      expect(await E.escrowBalance(real.world)).toBe(held);
    }),
  ),
  receipts.map((batch) =>
    command(`settle ${text(batch)}`, async (model, real) => {
      const paid = await startSettle(model, real, batch);
      for (const payout of paid) await deliver(model, real, payout);
    }),
  ),
  receipts.map((batch) =>
    command(`settle, payouts delayed, ${text(batch)}`, async (model, real) => {
      for (const { message, line, amount } of await startSettle(model, real, batch)) {
        real.inFlight.push(message);
        model.inFlight.push({ line, amount });
      }
    }),
  ),
  fc.nat().map((pick) =>
    command(
      `payout ${pick} arrives`,
      async (model, real) => {
        const index = pick % model.inFlight.length;
        const [message] = real.inFlight.splice(index, 1);
        const [payout] = model.inFlight.splice(index, 1);
        await deliver(model, real, { ...payout!, message: message! });
      },
      (model) => model.inFlight.length > 0,
    ),
  ),
  some.map((ids) =>
    command(`client closes ${ids.join()}`, async (model, real) => {
      await E.close(
        real.world,
        ids.map((id) => real.lines[id]!),
      );
      M.close(model, ids);
    }),
  ),
  some.map((ids) =>
    command(`anybody prunes ${ids.join()}`, async (model, real) => {
      const before = await E.escrowBalance(real.world);
      const result = await E.prune(
        real.world,
        ids.map((id) => real.lines[id]!),
      );
      M.prune(model, ids);
      expect(await E.escrowBalance(real.world)).toBe(before - storageFee(result.transactions[0]!));
    }),
  ),
  fc.bigInt({ min: 0n, max: toNano('9') }).map((wanted) =>
    command(`client withdraws ${wanted}`, async (model, real) => {
      const { world } = real;
      const before = await E.escrowBalance(world);
      const body = withdrawBody(wanted);
      const result = await E.send(world, { from: world.client.address, value: toNano('1'), body });
      const held = before - storageFee(result.transactions[0]!);
      const available = M.free(model, held);
      const taken = wanted === 0n ? available : wanted;
      const granted = taken > 0n && taken <= available;
      expect(E.escrowExit(world, result)).toBe(granted ? 0 : 1205);
      expect(await E.escrowBalance(world)).toBe(granted ? held - taken : held);
    }),
  ),
  fc.bigInt({ min: toNano('0.01'), max: toNano('3') }).map((value) =>
    command(`anybody tops up ${value}`, async (_model, real) => {
      const before = await E.escrowBalance(real.world);
      await E.send(real.world, { from: real.world.stranger.address, value });
      expect(await E.escrowBalance(real.world)).toBeGreaterThan(
        before + value - toNano('0.001') - rentOf(real),
      );
    }),
  ),
  fc.integer({ min: 1, max: 3 * E.DAY }).map((seconds) =>
    command(`${seconds} s pass`, async (model, real) => {
      model.now += seconds;
      real.world.chain.now = model.now;
    }),
  ),
  fc.bigInt({ min: 1n, max: toNano('2') }).map((balanceNano) =>
    command(`the balance falls to ${balanceNano}`, async (_model, real) => {
      await forceState(real.world, { balanceNano });
      real.drained = true;
    }),
  ),
];

interface Payout {
  message: Message;
  line: number;
  amount: bigint;
}

/** Runs the escrow's own transaction alone, and returns the payouts that it sent. */
async function startSettle(
  model: M.Model,
  real: Real,
  batch: readonly { line: number; total: bigint; final: boolean }[],
): Promise<Payout[]> {
  const { world } = real;
  const before = await E.escrowBalance(world);
  const items = await Promise.all(batch.map((receipt) => itemOf(real, receipt)));
  const message = E.toEscrow(world, {
    from: world.stranger.address,
    value: toNano('1'),
    body: settleBody(items),
  });
  const iterator = await world.chain.sendMessageIter(message, { allowParallel: true });
  const { value: tx } = (await iterator.next()) as { value: BlockchainTransaction };
  const held = before - storageFee(tx);
  const paid = M.settle(model, batch, held - M.reserve(model) / 10n);
  expect(exitCode(tx)).toBe(0);
  const spent = paid.reduce((sum, { amount }) => sum + amount, 0n);
  // I-1: whatever it cost, the escrow gave exactly what its lines owed.
  expect(await E.escrowBalance(world)).toBe(held - spent);
  const sent = tx.outMessages.values().slice(0, -1);
  expect(sent).toHaveLength(paid.length);
  return paid.map((payout, index) => ({ ...payout, message: sent[index]! }));
}

/** A payout reaches the Worker: earned, or back in the escrow with at least what it carried away. */
async function deliver(model: M.Model, real: Real, payout: Payout): Promise<void> {
  const { world } = real;
  const before = await E.escrowBalance(world);
  const result = await world.chain.sendMessage(payout.message);
  if (!isRefused(payout.line)) {
    model.earned += payout.amount;
    const { stackReader } = await world.chain.runGetMethod(world.worker.address, GET_WORKER);
    expect(parseWorker(stackReader).earningsNano).toBe(model.earned);
    return;
  }
  M.restore(model, payout.line, payout.amount);
  const back = result.transactions.at(-1)!;
  expect(exitCode(back)).toBe(0);
  expect(await E.escrowBalance(world)).toBeGreaterThanOrEqual(before + payout.amount - storageFee(back));
}

function itemOf(real: Real, receipt: { line: number; total: bigint; final: boolean }): Promise<SettleItem> {
  const keys: KeyPair = isRefused(receipt.line) ? refusedKey : real.world.worker.keys;
  const { total, final } = receipt;
  return E.receiptFor(real.world, real.lines[receipt.line]!, total, { final, domain: real.domain }, keys);
}

function toEntries(real: Real, entries: readonly M.ModelEntry[]): AllocateEntry[] {
  return entries.map((entry) => {
    const line = real.lines[entry.line]!;
    if (entry.kind === 'open') return E.opening(real.world, line, entry.cap);
    if (entry.kind === 'raise') return E.raising(line, entry.cap);
    return { kind: 'close', lineId: lineId(line) };
  });
}

function settleBy(real: Real): (line: number) => number {
  return (line) => real.lines[line]!.settleBy;
}

function reserveFor(model: M.Model, opened: number): bigint {
  const perLine =
    M.reserve({ ...model, lines: new Map([[0, {} as M.ModelLine]]) }) -
    M.reserve({ ...model, lines: new Map() });
  return M.reserve(model) + perLine * BigInt(opened);
}

function storageFee(tx: BlockchainTransaction): bigint {
  return tx.description.type === 'generic' ? (tx.description.storagePhase?.storageFeesCollected ?? 0n) : 0n;
}

/** More than the escrow's storage costs in the two weeks that a run may take. */
function rentOf(_real: Real): bigint {
  return toNano('0.001');
}

function text(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'bigint' ? inner.toString() : inner,
  );
}

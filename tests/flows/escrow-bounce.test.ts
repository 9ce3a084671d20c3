import { beginCell, toNano, type Message } from '@ton/core';
import type { BlockchainTransaction } from '@ton/sandbox';
import { keyPairFromSeed } from '../../src/protocol/ed25519';
import { lineId, type Line } from '../../src/protocol/line';
import { settleBody } from '../../wrappers/Escrow';
import { WORKER_OPCODES, workerAddress } from '../../wrappers/Worker';
import * as E from '../support/escrow';
import { forceState } from '../support/escrowState';

const ONE = toNano('1');
const stranger = keyPairFromSeed(Buffer.alloc(32, 8));

/** A line whose key the Worker never admitted: every payout to it comes back. */
async function openRefused(count = 1): Promise<{ world: E.EscrowWorld; lines: Line[] }> {
  const world = await E.createEscrowWorld({ depositNano: 20n * ONE });
  const lines = Array.from({ length: count }, (_, salt) =>
    E.lineTo(world, { salt, workerKey: stranger.publicKey }),
  );
  await E.allocateByClient(
    world,
    lines.map((line) => E.opening(world, line, ONE)),
    BigInt(count) * ONE,
  );
  return { world, lines };
}

/** The message by which a Worker gives a payout back. */
function bounceOf(world: E.EscrowWorld, line: Line, amount: bigint): Message {
  return {
    info: {
      type: 'internal',
      ihrDisabled: true,
      bounce: false,
      bounced: true,
      src: world.worker.address,
      dest: world.escrow,
      value: { coins: amount + toNano('0.001') },
      ihrFee: 0n,
      forwardFee: 0n,
      createdLt: 0n,
      createdAt: 0,
    },
    body: beginCell()
      .storeUint(0xffffffff, 32)
      .storeUint(WORKER_OPCODES.Payout, 32)
      .storeUint(amount, 64)
      .storeBuffer(lineId(line))
      .endCell(),
  };
}

describe('a payout that bounces', () => {
  test('is owed again, and the submitter has paid for the way there and back (I-1, I-2)', async () => {
    const { world, lines } = await openRefused();
    const [line] = lines as [Line];
    const before = { ledger: await E.readLine(world, line), escrow: await E.readEscrow(world) };
    const balance = await E.escrowBalance(world);
    const result = await E.settle(world, [await E.receiptFor(world, line, toNano('0.3'), {}, stranger)]);
    expect(E.steps(world, result)).toEqual([
      'stranger -> escrow Settle 0',
      'escrow -> worker Payout 1110',
      'escrow -> stranger Excesses 0',
      'worker -> escrow bounced:Payout 0',
    ]);
    expect(await E.readLine(world, line)).toEqual(before.ledger);
    expect((await E.readEscrow(world)).lockedNano).toBe(before.escrow.lockedNano);
    expect(await E.escrowBalance(world)).toBeGreaterThanOrEqual(balance);
  });

  test('from a Worker that was never deployed too', async () => {
    const world = await E.createEscrowWorld();
    const index = 9;
    const { provider } = world.worker;
    const address = await workerAddress(world.registry.address, provider.address, index);
    const line = E.lineTo(world, { workerAddress: address.hash, workerKey: stranger.publicKey });
    await E.allocateByClient(world, [{ ...E.opening(world, line, ONE), index }], ONE);
    const balance = await E.escrowBalance(world);
    await E.settle(world, [await E.receiptFor(world, line, ONE, {}, stranger)]);
    expect(await E.readLine(world, line)).toMatchObject({ capNano: ONE, paidNano: 0n });
    expect(await E.escrowBalance(world)).toBeGreaterThanOrEqual(balance);
  });

  test('two of one transaction each restore their own amount (I-9)', async () => {
    const { world, lines } = await openRefused(2);
    const totals = [123_456_789n, 987_654_321n];
    const items = await Promise.all(
      lines.map((line, index) => E.receiptFor(world, line, totals[index]!, {}, stranger)),
    );
    await E.settle(world, items);
    for (const line of lines)
      expect(await E.readLine(world, line)).toMatchObject({ capNano: ONE, paidNano: 0n });
    expect((await E.readEscrow(world)).lockedNano).toBe(2n * ONE);
  });

  test('of a final receipt stays payable: its cap does not fall below what was earned', async () => {
    const { world, lines } = await openRefused();
    const [line] = lines as [Line];
    await E.settle(world, [await E.receiptFor(world, line, toNano('0.4'), { final: true }, stranger)]);
    expect(await E.readLine(world, line)).toMatchObject({
      capNano: toNano('0.4'),
      paidNano: 0n,
      closeAt: line.settleBy,
    });
    expect((await E.readEscrow(world)).lockedNano).toBe(toNano('0.4'));
  });

  test('while another settle of the same line is in flight restores by subtraction', async () => {
    const { world, lines } = await openRefused();
    const [line] = lines as [Line];
    const receipts = await Promise.all(
      [100n, 300n].map((total) => E.receiptFor(world, line, total, {}, stranger)),
    );
    // Both settles run before either payout is refused.
    const payouts: Message[] = [];
    for (const item of receipts) {
      const iterator = await world.chain.sendMessageIter(
        E.toEscrow(world, { from: world.stranger.address, value: ONE, body: settleBody([item]) }),
        { allowParallel: true },
      );
      const { value } = (await iterator.next()) as { value: BlockchainTransaction };
      payouts.push(value.outMessages.get(0)!);
    }
    expect(await E.readLine(world, line)).toMatchObject({ paidNano: 300n });
    await world.chain.sendMessage(payouts[0]!);
    expect(await E.readLine(world, line)).toMatchObject({ paidNano: 200n });
    await world.chain.sendMessage(payouts[1]!);
    expect(await E.readLine(world, line)).toMatchObject({ capNano: ONE, paidNano: 0n });
    expect((await E.readEscrow(world)).lockedNano).toBe(ONE);
  });

  test.each([
    ['closing', 'close'],
    ['pruned to a tombstone', 'prune'],
  ])('to a line that is %s by then is owed again', async (_name, what) => {
    const world = await E.createEscrowWorld();
    const line = E.lineTo(world);
    await E.allocateByClient(world, [E.opening(world, line, ONE)], ONE);
    await E.settle(world, [await E.receiptFor(world, line, toNano('0.4'))]);
    await E.close(world, [line]);
    if (what === 'prune') {
      world.chain.now! += 36 * E.HOUR + 1;
      await E.prune(world, [line]);
    }
    const locked = (await E.readEscrow(world)).lockedNano;
    await world.chain.sendMessage(bounceOf(world, line, toNano('0.4')));
    expect(await E.readLine(world, line)).toMatchObject({ paidNano: 0n });
    expect((await E.readEscrow(world)).lockedNano).toBe(locked + toNano('0.4'));
    // What is owed on an ended line goes back to the client by another prune.
    if (what === 'prune') {
      await E.prune(world, [line]);
      expect((await E.readEscrow(world)).lockedNano).toBe(0n);
    }
  });

  test('after its entry was deleted is free money and changes nothing', async () => {
    const world = await E.createEscrowWorld();
    const line = E.lineTo(world);
    await E.allocateByClient(world, [E.opening(world, line, ONE)], ONE);
    await E.settle(world, [await E.receiptFor(world, line, toNano('0.4'))]);
    world.chain.now = line.settleBy + 1;
    await E.prune(world, [line]);
    const before = await E.readEscrow(world);
    const result = await world.chain.sendMessage(bounceOf(world, line, toNano('0.4')));
    expect(E.steps(world, result)).toEqual(['worker -> escrow bounced:Payout 0']);
    const after = await E.readEscrow(world);
    expect(after).toMatchObject({ lockedNano: 0n, entries: 0 });
    expect(after.freeNano).toBeGreaterThan(before.freeNano + toNano('0.4'));
  });

  test('of another message than a payout is kept and changes nothing', async () => {
    const world = await E.createEscrowWorld();
    const message = bounceOf(world, E.lineTo(world), 5n);
    const foreign = beginCell().storeUint(0xffffffff, 32).storeUint(0xd53276db, 32).endCell();
    const result = await world.chain.sendMessage({ ...message, body: foreign });
    expect(E.escrowExit(world, result)).toBe(0);
    expect(await E.readEscrow(world)).toMatchObject({ lockedNano: 0n, entries: 0 });
  });
});

test.each([
  [1, 0],
  [1_000, 13],
  [16_383, 18],
])('the stipend covers a bounce at %d entries, %d levels deep', async (entries, levels) => {
  const { world, lines } = await openRefused();
  const [line] = lines as [Line];
  const ledger = new Map(await E.readLines(world));
  for (let n = 0; n < levels; n++) ledger.set(neighbour(line, n), { ...ledger.values().next().value! });
  const locked = BigInt(ledger.size) * ONE;
  await forceState(world, { lines: ledger, entries, balanceNano: locked + 100n * ONE });
  const before = await E.escrowBalance(world);
  const receipt = await E.receiptFor(world, line, toNano('0.3'), {}, stranger);
  const result = await E.settle(world, [receipt]);
  expect(result.transactions).toHaveLength(4);
  expect(await E.readLine(world, line)).toMatchObject({ paidNano: 0n });
  expect((await E.readEscrow(world)).lockedNano).toBe(locked);
  const left = (await E.escrowBalance(world)) - before;
  expect(left).toBeGreaterThan(0n);
  expect(left).toBeLessThan(toNano('0.0006'));
});

/** An id that parts from the line's own at bit `n`, so that the line is one level deeper in the map. */
function neighbour(line: Line, n: number): string {
  const id = Buffer.from(lineId(line));
  id[n >> 3]! ^= 0x80 >> (n & 7);
  return id.toString('hex');
}

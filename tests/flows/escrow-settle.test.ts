import { beginCell, toNano } from '@ton/core';
import { escrowDomain } from '../../src/protocol/domain';
import { keyPairFromSeed } from '../../src/protocol/ed25519';
import { lineId, type Line } from '../../src/protocol/line';
import { ESCROW_OPCODES, GET_SETTLE_VALUE, settleBody, type SettleItem } from '../../wrappers/Escrow';
import { escrowReserveNano, payoutStipendNano, settleValueNano } from '../../wrappers/escrowCosts';
import { balanceOf, TEST_NETWORK_ID } from '../support/chain';
import * as E from '../support/escrow';
import { forceState } from '../support/escrowState';

const ONE = toNano('1');

/** A world in which `count` lines of one coin are open. */
async function openLines(
  count: number,
  change: Partial<Line> = {},
): Promise<{ world: E.EscrowWorld; lines: Line[] }> {
  const world = await E.createEscrowWorld({ depositNano: 20n * ONE });
  const lines = Array.from({ length: count }, (_, salt) => E.lineTo(world, { salt, ...change }));
  await E.allocateByClient(
    world,
    lines.map((line) => E.opening(world, line, ONE)),
    BigInt(count) * ONE,
  );
  return { world, lines };
}

const trySettle = (world: E.EscrowWorld, items: readonly SettleItem[]): Promise<number | null> =>
  E.trySend(world, { from: world.stranger.address, value: ONE, body: settleBody(items) });

describe('a receipt', () => {
  test('of the worker key pays the Worker exactly what it says (I-1, I-2, I-3)', async () => {
    const { world, lines } = await openLines(1);
    const [line] = lines as [Line];
    const before = {
      escrow: await E.escrowBalance(world),
      worker: await balanceOf(world.chain, world.worker.address),
    };
    const result = await E.settle(world, [await E.receiptFor(world, line, toNano('0.3'))]);
    expect(E.steps(world, result)).toEqual([
      'stranger -> escrow Settle 0',
      'escrow -> worker Payout 0',
      'escrow -> stranger Excesses 0',
    ]);
    expect(await E.readLine(world, line)).toMatchObject({ capNano: ONE, paidNano: toNano('0.3') });
    expect((await E.readEscrow(world)).lockedNano).toBe(toNano('0.7'));
    expect(await E.escrowBalance(world)).toBe(before.escrow - toNano('0.3'));
    const payout = result.transactions[1]!;
    expect(await balanceOf(world.chain, world.worker.address)).toBe(
      before.worker + toNano('0.3') + payoutStipendNano(1) - payout.totalFees.coins,
    );
  });

  test('carries the fee, its recipient and the key to the Worker in the message root', async () => {
    const feeTo = Buffer.alloc(20, 0xab);
    const { world, lines } = await openLines(1, { feeBps: 321, feeTo });
    const [line] = lines as [Line];
    const result = await E.settle(world, [await E.receiptFor(world, line, 12_345n)]);
    const body = result.transactions[1]!.inMessage!.body.beginParse();
    body.skip(32);
    expect(body.loadUintBig(64)).toBe(12_345n);
    expect(body.loadBuffer(20)).toEqual(lineId(line));
    expect(body.loadUint(16)).toBe(321);
    expect(body.loadBuffer(20)).toEqual(feeTo);
    expect(body.loadBuffer(16)).toEqual(line.workerKey.subarray(0, 16));
    body.endParse();
  });

  test('is cumulative: a newer one pays the difference, an older or equal one nothing', async () => {
    const { world, lines } = await openLines(1);
    const [line] = lines as [Line];
    const first = await E.receiptFor(world, line, toNano('0.3'));
    const second = await E.receiptFor(world, line, toNano('0.5'));
    await E.settle(world, [second]);
    for (const old of [first, second]) {
      const result = await E.settle(world, [old]);
      expect(E.steps(world, result)).toEqual([
        'stranger -> escrow Settle 0',
        'escrow -> stranger Excesses 0',
      ]);
    }
    await E.settle(world, [await E.receiptFor(world, line, toNano('0.50000001'))]);
    expect(await E.readLine(world, line)).toMatchObject({ paidNano: toNano('0.50000001') });
  });

  test('twice in one batch pays once (I-9)', async () => {
    const { world, lines } = await openLines(1);
    const [line] = lines as [Line];
    const before = await E.escrowBalance(world);
    const item = await E.receiptFor(world, line, toNano('0.4'));
    await E.settle(world, [item, item, item]);
    expect(await E.escrowBalance(world)).toBe(before - toNano('0.4'));
    expect(await E.readEscrow(world)).toMatchObject({ lockedNano: toNano('0.6') });
  });

  test('above the cap pays the cap and no more (I-3)', async () => {
    const { world, lines } = await openLines(2);
    const before = await E.escrowBalance(world);
    await E.settle(world, [await E.receiptFor(world, lines[0]!, 2n ** 64n - 1n)]);
    expect(await E.readLine(world, lines[0]!)).toMatchObject({ paidNano: ONE });
    expect(await E.escrowBalance(world)).toBe(before - ONE);
    expect(await E.readEscrow(world)).toMatchObject({ lockedNano: ONE });
  });

  test('is refused in another domain, for another line, with another key or a changed field', async () => {
    const { world, lines } = await openLines(2);
    const [line, other] = lines as [Line, Line];
    const { born } = await E.readEscrow(world);
    const scope = {
      networkId: TEST_NETWORK_ID,
      registry: world.registry.address.hash,
      self: world.escrow.hash,
    };
    const total = toNano('0.2');
    const good = await E.receiptFor(world, line, total);
    const bad = await Promise.all([
      E.receiptFor(world, line, total, { domain: escrowDomain({ ...scope, networkId: -239 }, born) }),
      E.receiptFor(world, line, total, { domain: escrowDomain({ ...scope, self: Buffer.alloc(32) }, born) }),
      E.receiptFor(world, line, total, { domain: escrowDomain(scope, born - 1n) }),
      E.receiptFor(world, line, total, { lineId: lineId(other) }),
      E.receiptFor(world, line, total, {}, keyPairFromSeed(Buffer.alloc(32, 4))),
    ]);
    const { receipt } = good;
    const changed = [
      { ...receipt, total: total + 1n },
      { ...receipt, jobs: 2n },
      { ...receipt, jobsRoot: Buffer.alloc(32, 2) },
      { ...receipt, issuedAt: receipt.issuedAt + 1 },
      { ...receipt, flags: 1 },
    ].map((value) => ({ ...good, receipt: value }));
    for (const item of [...bad, ...changed]) expect(await trySettle(world, [item])).toBe(1220);
    expect(
      await trySettle(world, [await E.receiptFor(world, line, total, { domain: escrowDomain(scope, born) })]),
    ).toBe(0);
    expect(await trySettle(world, [good])).toBe(0);
  });

  test('is paid up to and including settleBy, not a second later', async () => {
    const { world, lines } = await openLines(1);
    const [line] = lines as [Line];
    world.chain.now = line.settleBy;
    await E.settle(world, [await E.receiptFor(world, line, 5n)]);
    expect(await E.readLine(world, line)).toMatchObject({ paidNano: 5n });
    world.chain.now = line.settleBy + 1;
    await E.settle(world, [await E.receiptFor(world, line, 6n)]);
    expect(await E.readLine(world, line)).toMatchObject({ paidNano: 5n });
  });
});

describe('a batch', () => {
  test('of ten lines pays each its own', async () => {
    const { world, lines } = await openLines(10);
    const totals = lines.map((_, index) => BigInt(index + 1) * 1_000_003n);
    const items = await Promise.all(lines.map((line, index) => E.receiptFor(world, line, totals[index]!)));
    const before = await E.escrowBalance(world);
    const result = await E.settle(world, items);
    expect(E.steps(world, result)).toEqual([
      'stranger -> escrow Settle 0',
      ...lines.map(() => 'escrow -> worker Payout 0'),
      'escrow -> stranger Excesses 0',
    ]);
    const paid = totals.reduce((sum, total) => sum + total, 0n);
    expect(await E.escrowBalance(world)).toBe(before - paid);
    expect((await E.readEscrow(world)).lockedNano).toBe(10n * ONE - paid);
    for (const [index, line] of lines.entries()) {
      expect(await E.readLine(world, line)).toMatchObject({ paidNano: totals[index]! });
    }
  });

  test('is not spoiled by lines that are absent, stale or ended: the others are paid', async () => {
    const { world, lines } = await openLines(3);
    const [stale, ended, good] = lines as [Line, Line, Line];
    const short = E.lineTo(world, { settleBy: world.chain.now! + 10 });
    await E.allocateByClient(world, [E.opening(world, short, ONE)], ONE);
    await E.settle(world, [await E.receiptFor(world, stale, 50n)]);
    await E.settle(world, [await E.receiptFor(world, ended, ONE, { final: true })]);
    world.chain.now! += 11;
    const items = await Promise.all([
      E.receiptFor(world, E.lineTo(world, { salt: 99 }), 100n),
      E.receiptFor(world, stale, 40n, {}, keyPairFromSeed(Buffer.alloc(32, 4))),
      E.receiptFor(world, ended, ONE),
      E.receiptFor(world, short, 100n),
      E.receiptFor(world, good, 100n),
    ]);
    const result = await E.settle(world, items);
    expect(E.steps(world, result)).toEqual([
      'stranger -> escrow Settle 0',
      'escrow -> worker Payout 0',
      'escrow -> stranger Excesses 0',
    ]);
    expect(await E.readLine(world, good)).toMatchObject({ paidNano: 100n });
  });

  test('with one bad signature is undone as a whole; repaired it is paid', async () => {
    const { world, lines } = await openLines(2);
    const [first, second] = lines as [Line, Line];
    const good = await E.receiptFor(world, first, 100n);
    const bad = await E.receiptFor(world, second, 100n, {}, keyPairFromSeed(Buffer.alloc(32, 4)));
    const before = await E.escrowBalance(world);
    const result = await E.settle(world, [good, bad]);
    expect(E.steps(world, result)).toEqual([
      'stranger -> escrow Settle 1220',
      'escrow -> stranger bounced:Settle 0',
    ]);
    expect(await E.escrowBalance(world)).toBe(before);
    expect(await E.readLine(world, first)).toMatchObject({ paidNano: 0n });
    await E.settle(world, [good, await E.receiptFor(world, second, 100n)]);
    expect(await E.escrowBalance(world)).toBe(before - 200n);
  });

  test('that is cut short, or empty, changes nothing', async () => {
    const { world, lines } = await openLines(1);
    const body = settleBody([await E.receiptFor(world, lines[0]!, 100n)]);
    const before = await E.escrowBalance(world);
    const from = world.stranger.address;
    const withoutReceipt = body.beginParse();
    withoutReceipt.loadRef();
    const empty = beginCell().storeUint(ESCROW_OPCODES.Settle, 32).endCell();
    for (const cut of [withoutReceipt.asCell(), empty]) {
      expect(await E.trySend(world, { from, value: ONE, body: cut })).toBe(9);
      await E.send(world, { from, value: ONE, body: cut });
    }
    expect(await E.escrowBalance(world)).toBe(before);
  });
});

describe('a final receipt', () => {
  test('pays, frees the rest at once and ends the line at settleBy', async () => {
    const { world, lines } = await openLines(1);
    const [line] = lines as [Line];
    await E.settle(world, [await E.receiptFor(world, line, toNano('0.25'), { final: true })]);
    expect(await E.readLine(world, line)).toEqual({
      capNano: toNano('0.25'),
      paidNano: toNano('0.25'),
      settleBy: line.settleBy,
      closeAt: line.settleBy,
    });
    expect((await E.readEscrow(world)).lockedNano).toBe(0n);
    await E.allocateByClient(world, [E.raising(line, 3n * ONE)], 3n * ONE);
    expect(await E.readLine(world, line)).toMatchObject({ capNano: toNano('0.25') });
  });

  test.each([
    ['nothing more is due', toNano('0.25')],
    ['it is older than what was paid', toNano('0.1')],
  ])('frees the rest also when %s', async (_name, total) => {
    const { world, lines } = await openLines(1);
    const [line] = lines as [Line];
    await E.settle(world, [await E.receiptFor(world, line, toNano('0.25'))]);
    const result = await E.settle(world, [await E.receiptFor(world, line, total, { final: true })]);
    expect(result.transactions).toHaveLength(2);
    expect(await E.readLine(world, line)).toMatchObject({ capNano: toNano('0.25'), closeAt: line.settleBy });
    expect((await E.readEscrow(world)).lockedNano).toBe(0n);
  });

  test('leaves a running close as it is', async () => {
    const { world, lines } = await openLines(1);
    const [line] = lines as [Line];
    await E.close(world, [line]);
    const closeAt = world.chain.now! + 36 * E.HOUR;
    await E.settle(world, [await E.receiptFor(world, line, 5n, { final: true })]);
    expect(await E.readLine(world, line)).toMatchObject({ closeAt, capNano: 5n, paidNano: 5n });
  });
});

describe('whose gas', () => {
  test.each([1, 3, 10])(
    'for %d lines: the least value is exact, and the formula is above it',
    async (count) => {
      const { world, lines } = await openLines(count);
      const items = await Promise.all(lines.map((line) => E.receiptFor(world, line, 1_000n)));
      const body = settleBody(items);
      const from = world.stranger.address;
      const settles = async (value: bigint): Promise<boolean> => {
        const snapshot = world.chain.snapshot();
        const result = await E.send(world, { from, value, body });
        await world.chain.loadFrom(snapshot);
        return E.escrowExit(world, result) === 0;
      };
      const formula = settleValueNano(count, count);
      const least = await E.edgeOf(settles, 2n * formula);
      expect(least).toBeLessThanOrEqual(formula);
      expect(least).toBeGreaterThan((formula * 6n) / 10n);
      const getter = await world.chain.runGetMethod(world.escrow, GET_SETTLE_VALUE, [
        { type: 'int', value: BigInt(count) },
      ]);
      expect(getter.stackReader.readBigNumber()).toBe(formula);

      const before = await E.escrowBalance(world);
      const refused = await E.send(world, { from, value: least - 1n, body });
      expect(E.escrowExit(world, refused)).not.toBe(0);
      expect(refused.transactions).toHaveLength(2);
      expect(await E.escrowBalance(world)).toBe(before);
      expect((await E.readEscrow(world)).lockedNano).toBe(BigInt(count) * ONE);
      await E.send(world, { from, value: least, body });
      expect(await E.escrowBalance(world)).toBe(before - BigInt(count) * 1_000n);
    },
  );

  test('a value that pays for the receipt alone leaves the escrow whole', async () => {
    const { world, lines } = await openLines(2);
    const items = await Promise.all(lines.map((line) => E.receiptFor(world, line, 1_000n)));
    const before = await E.escrowBalance(world);
    for (let value = 0n; value < settleValueNano(2, 2); value += 97_003n) {
      await E.send(world, { from: world.stranger.address, value, body: settleBody(items) });
      const { lockedNano } = await E.readEscrow(world);
      const balance = await E.escrowBalance(world);
      expect(balance - lockedNano).toBeGreaterThanOrEqual(before - 2n * ONE);
      if (lockedNano < 2n * ONE) return;
    }
  });
});

describe('an escrow below its reserve', () => {
  test('gives the value back when it cannot even send the payouts', async () => {
    const { world, lines } = await openLines(10);
    const items = await Promise.all(lines.map((line) => E.receiptFor(world, line, 1_000n)));
    const balanceNano = escrowReserveNano(10) / 10n + 10_000n;
    await forceState(world, { balanceNano });
    const body = settleBody(items);
    const value = toNano('0.0065');
    const result = await E.send(world, { from: world.stranger.address, value, body });
    expect(E.steps(world, result)).toEqual([
      'stranger -> escrow Settle 37',
      'escrow -> stranger bounced:Settle 0',
    ]);
    expect(await E.escrowBalance(world)).toBe(balanceNano);
    // A rest that cannot pay for its own way back would stay here, so there is enough of it.
    const enough = settleValueNano(10, 10) + toNano('0.01');
    await E.send(world, { from: world.stranger.address, value: enough, body });
    expect(await E.escrowBalance(world)).toBe(balanceNano - 10_000n);
  });

  test('pays claims down to the floor and the rest when money comes (I-4)', async () => {
    const { world, lines } = await openLines(1);
    const [line] = lines as [Line];
    const floor = escrowReserveNano(1) / 10n;
    const item = await E.receiptFor(world, line, ONE);
    await forceState(world, { balanceNano: toNano('0.6') + floor });
    await E.settle(world, [item]);
    expect(await E.readLine(world, line)).toMatchObject({ capNano: ONE, paidNano: toNano('0.6') });
    expect(await E.escrowBalance(world)).toBe(floor);

    // Nothing above the floor: nothing is paid, and a final receipt keeps what was earned payable.
    const final = await E.receiptFor(world, line, ONE, { final: true });
    await E.settle(world, [final]);
    expect(await E.readLine(world, line)).toMatchObject({ capNano: ONE, paidNano: toNano('0.6') });
    await E.send(world, { from: world.stranger.address, value: ONE });
    await E.settle(world, [final]);
    expect(await E.readLine(world, line)).toMatchObject({ capNano: ONE, paidNano: ONE });
    expect((await E.readEscrow(world)).lockedNano).toBe(0n);
  });
});

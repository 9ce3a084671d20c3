import { toNano } from '@ton/core';
import { lineId, type Line } from '../../src/protocol/line';
import { closeBody, pruneBody } from '../../wrappers/Escrow';
import { escrowReserveNano } from '../../wrappers/escrowCosts';
import * as E from '../support/escrow';

const ONE = toNano('1');

async function openLines(count: number): Promise<{ world: E.EscrowWorld; lines: Line[] }> {
  const world = await E.createEscrowWorld({ depositNano: 20n * ONE });
  const lines = Array.from({ length: count }, (_, salt) => E.lineTo(world, { salt }));
  await E.allocateByClient(
    world,
    lines.map((line) => E.opening(world, line, ONE)),
    BigInt(count) * ONE,
  );
  return { world, lines };
}

describe('Close', () => {
  test('of the client starts the delay of each listed line; unknown ones are skipped', async () => {
    const { world, lines } = await openLines(14);
    const unknown = E.lineTo(world, { salt: 99 });
    const result = await E.close(world, [unknown, ...lines.slice(1)]);
    expect(E.steps(world, result)).toEqual(['client -> escrow Close 0', 'escrow -> client Excesses 0']);
    const closeAt = world.chain.now! + 36 * E.HOUR;
    expect(await E.readLine(world, lines[0]!)).toMatchObject({ closeAt: 0 });
    for (const line of lines.slice(1)) expect(await E.readLine(world, line)).toMatchObject({ closeAt });
    expect(await E.readEscrow(world)).toMatchObject({ lockedNano: 14n * ONE, entries: 14 });
  });

  test('again does not move the end', async () => {
    const { world, lines } = await openLines(1);
    await E.close(world, lines);
    const { closeAt } = (await E.readLine(world, lines[0]!))!;
    world.chain.now! += E.HOUR;
    await E.close(world, lines);
    expect(await E.readLine(world, lines[0]!)).toMatchObject({ closeAt });
  });

  test('of a stranger is refused', async () => {
    const { world, lines } = await openLines(1);
    const message = { value: ONE, body: closeBody(lines.map(lineId)) };
    expect(await E.trySend(world, { ...message, from: world.stranger.address })).toBe(1200);
    expect(await E.trySend(world, { ...message, from: world.client.address })).toBe(0);
  });

  test('leaves the worker until closeAt, and not a second longer', async () => {
    const { world, lines } = await openLines(1);
    const [line] = lines as [Line];
    await E.close(world, [line]);
    world.chain.now! += 36 * E.HOUR;
    await E.settle(world, [await E.receiptFor(world, line, 5n)]);
    expect(await E.readLine(world, line)).toMatchObject({ paidNano: 5n });
    world.chain.now! += 1;
    await E.settle(world, [await E.receiptFor(world, line, 6n)]);
    expect(await E.readLine(world, line)).toMatchObject({ paidNano: 5n });
  });
});

describe('Prune', () => {
  test('of anybody frees nothing before the end', async () => {
    const { world, lines } = await openLines(2);
    await E.close(world, [lines[0]!]);
    world.chain.now! += 36 * E.HOUR;
    const result = await E.prune(world, lines);
    expect(E.steps(world, result)).toEqual(['stranger -> escrow Prune 0', 'escrow -> stranger Excesses 0']);
    expect(await E.readEscrow(world)).toMatchObject({ lockedNano: 2n * ONE, entries: 2 });
  });

  test('frees what a closed line left and keeps a tombstone until after settleBy (I-11)', async () => {
    const { world, lines } = await openLines(1);
    const [line] = lines as [Line];
    const receipt = await E.receiptFor(world, line, toNano('0.2'));
    await E.settle(world, [receipt]);
    await E.close(world, [line]);
    world.chain.now! += 36 * E.HOUR + 1;
    await E.prune(world, [line]);
    expect(await E.readEscrow(world)).toMatchObject({ lockedNano: 0n, entries: 1 });
    expect(await E.readLine(world, line)).toMatchObject({ capNano: toNano('0.2'), paidNano: toNano('0.2') });

    // The line cannot begin anew, so its old receipt pays nothing again.
    await E.allocateByClient(world, [E.opening(world, line, ONE), E.raising(line, ONE)], 2n * ONE);
    await E.settle(world, [receipt, await E.receiptFor(world, line, ONE)]);
    expect(await E.readLine(world, line)).toMatchObject({ capNano: toNano('0.2'), paidNano: toNano('0.2') });
  });

  test('deletes an entry after settleBy, when the line can never open again', async () => {
    const { world, lines } = await openLines(2);
    const [line, other] = lines as [Line, Line];
    world.chain.now = line.settleBy;
    await E.prune(world, [line]);
    expect(await E.readEscrow(world)).toMatchObject({ lockedNano: 2n * ONE, entries: 2 });
    world.chain.now = line.settleBy + 1;
    await E.prune(world, [line, line]);
    expect(await E.readEscrow(world)).toMatchObject({ lockedNano: ONE, entries: 1 });
    expect(await E.readLine(world, line)).toBeNull();
    expect(await E.readLine(world, other)).toMatchObject({ capNano: ONE });
    await E.allocateByClient(world, [E.opening(world, line, ONE)], ONE);
    expect(await E.readLine(world, line)).toBeNull();
  });

  test('lowers the reserve by the rent of what it deleted', async () => {
    const { world, lines } = await openLines(7);
    expect((await E.readEscrow(world)).reserveNano).toBe(escrowReserveNano(7));
    world.chain.now! += 10 * E.DAY + 100;
    await E.prune(world, lines);
    expect(await E.readEscrow(world)).toMatchObject({ reserveNano: escrowReserveNano(0), entries: 0 });
  });
});

test.each(['Close', 'Prune'])(
  '%s with a nanoton too little is undone, and the escrow pays nothing',
  async (op) => {
    const { world, lines } = await openLines(2);
    world.chain.now! += 10 * E.DAY + 100;
    const body = op === 'Close' ? closeBody(lines.map(lineId)) : pruneBody(lines.map(lineId));
    const from = world.client.address;
    const least = await E.edgeOf(
      async (value) => (await E.trySend(world, { from, value, body })) === 0,
      toNano('0.1'),
    );
    const before = (await E.escrowBalance(world)) - (await E.rentAt(world));
    await E.send(world, { from, value: least - 1n, body });
    expect(await E.readEscrow(world)).toMatchObject({ lockedNano: 2n * ONE, entries: 2 });
    // What is too little to be sent back stays.
    const kept = (await E.escrowBalance(world)) - before;
    expect(kept).toBeGreaterThanOrEqual(0n);
    expect(kept).toBeLessThan(100_000n);
    await E.send(world, { from, value: least, body });
    expect(await E.escrowBalance(world)).toBe(before + kept);
    expect(await E.readEscrow(world)).toMatchObject(
      op === 'Close' ? { entries: 2 } : { entries: 0, lockedNano: 0n },
    );
  },
);

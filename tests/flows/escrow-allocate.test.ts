import { beginCell, Cell, toNano, type Builder } from '@ton/core';
import { loadEscrow$Data, storeEscrow$Data } from '../../build/Escrow/Escrow_Escrow';
import { storeEntries, type AllocateEntry } from '../../src/protocol/allocate';
import { escrowDomain } from '../../src/protocol/domain';
import { keyPairFromSeed } from '../../src/protocol/ed25519';
import { lineId } from '../../src/protocol/line';
import { allocateBody, allocateExternalBody, escrowInit, setSignerBody } from '../../wrappers/Escrow';
import { allocateBoundNano, allocateCarriageNano, escrowReserveNano } from '../../wrappers/escrowCosts';
import { workerAddress } from '../../wrappers/Worker';
import { exitCode, TEST_NETWORK_ID } from '../support/chain';
import * as E from '../support/escrow';

const ONE = toNano('1');
const UNKNOWN_LINE: AllocateEntry = { kind: 'raise', cap: ONE as never, lineId: Buffer.alloc(20, 3) };

/** Exit code of the signer's allocation with some of its fields spoiled or repaired. */
async function attempt(
  world: E.EscrowWorld,
  change: Parameters<typeof E.signedAllocation>[3],
  signer = world.signer,
): Promise<number> {
  const entries = [E.opening(world, E.lineTo(world), ONE)];
  return E.tryExternal(
    world,
    allocateExternalBody(await E.signedAllocation(world, entries, ONE, change, signer)),
  );
}

describe('the signer', () => {
  test('opens lines by an external message, paid from free money (I-4, I-13)', async () => {
    const world = await E.createEscrowWorld();
    const before = await E.readEscrow(world);
    const lines = [0, 1, 2].map((salt) => E.lineTo(world, { salt }));
    const result = await E.allocateBySigner(
      world,
      lines.map((line) => E.opening(world, line, ONE)),
      3n * ONE,
    );
    expect(E.steps(world, result)).toEqual(['outside -> escrow external 0']);

    const after = await E.readEscrow(world);
    expect(after).toMatchObject({ seqno: 1, entries: 3, lockedNano: 3n * ONE });
    const ledger = await E.readLines(world);
    expect([...ledger.keys()].sort()).toEqual(lines.map((line) => lineId(line).toString('hex')).sort());
    for (const line of lines) {
      expect(await E.readLine(world, line)).toEqual({
        capNano: ONE,
        paidNano: 0n,
        settleBy: line.settleBy,
        closeAt: 0,
      });
    }
    expect(after.freeNano).toBeLessThan(before.freeNano - 3n * ONE);
  });

  test("spends no more of the escrow's balance than of its own budget, gas and carriage included", async () => {
    const world = await E.createEscrowWorld();
    const before = { ...(await E.readEscrow(world)), balance: await E.escrowBalance(world) };
    const entries = [0, 1, 2, 3].map((salt) => E.opening(world, E.lineTo(world, { salt }), ONE));
    await E.allocateBySigner(world, entries, 4n * ONE);
    const cost = before.balance - (await E.escrowBalance(world));
    const budgeted = before.signerBudgetNano - (await E.readEscrow(world)).signerBudgetNano - 4n * ONE;
    expect(budgeted).toBeGreaterThanOrEqual(cost);
    expect(budgeted).toBeLessThan((cost * 130n) / 100n);
  });

  test('leaves the data as the compiler itself would lay it out', async () => {
    const world = await E.createEscrowWorld();
    await E.allocateBySigner(world, [E.opening(world, E.lineTo(world), ONE)], ONE);
    const state = (await world.chain.getContract(world.escrow)).accountState;
    const data = state?.type === 'active' ? state.state.data! : beginCell().endCell();
    const again = beginCell()
      .store(storeEscrow$Data(loadEscrow$Data(data.beginParse())))
      .endCell();
    expect(again.hash()).toEqual(data.hash());
  });

  test('is refused for another network, escrow or birth; the same fields in the right domain are taken', async () => {
    const world = await E.createEscrowWorld();
    const { born } = await E.readEscrow(world);
    const scope = {
      networkId: TEST_NETWORK_ID,
      registry: world.registry.address.hash,
      self: world.escrow.hash,
    };
    const domains = [
      escrowDomain({ ...scope, networkId: -239 }, born),
      escrowDomain({ ...scope, registry: Buffer.alloc(32, 1) }, born),
      escrowDomain({ ...scope, self: Buffer.alloc(32, 1) }, born),
      escrowDomain(scope, born + 1n),
    ];
    for (const domain of domains) expect(await attempt(world, { domain })).toBe(1214);
    expect(await attempt(world, { domain: escrowDomain(scope, born) })).toBe(0);
  });

  test('is refused with a foreign key or a field changed after signing', async () => {
    const world = await E.createEscrowWorld();
    expect(await attempt(world, {}, keyPairFromSeed(Buffer.alloc(32, 9)))).toBe(1214);
    const signed = await E.signedAllocation(world, [E.opening(world, E.lineTo(world), ONE)], ONE);
    const changed = { ...signed, value: { ...signed.value, raiseSum: (ONE - 1n) as never } };
    expect(await E.tryExternal(world, allocateExternalBody(changed))).toBe(1214);
    expect(await E.tryExternal(world, allocateExternalBody(signed))).toBe(0);
  });

  test('is taken once: the same message again, or a number ahead, is refused', async () => {
    const world = await E.createEscrowWorld();
    const entries = [E.opening(world, E.lineTo(world), ONE)];
    const first = allocateExternalBody(await E.signedAllocation(world, entries, ONE));
    expect(await attempt(world, { seqno: 1 })).toBe(1211);
    await E.sendExternal(world, first);
    expect(await E.tryExternal(world, first)).toBe(1211);
    expect(await attempt(world, { seqno: 0 })).toBe(1211);
    expect(await attempt(world, { seqno: 1 })).toBe(0);
  });

  test.each([
    [-1, 1212],
    [0, 0],
    [600, 0],
    [601, 1213],
  ])('with an allocation valid until %d s from now ends with exit code %d', async (seconds, exit) => {
    const world = await E.createEscrowWorld();
    expect(await attempt(world, { validUntil: world.chain.now! + seconds })).toBe(exit);
  });

  test('is refused with anything appended, a padded list, or a state to carry', async () => {
    const world = await E.createEscrowWorld();
    const entry = E.opening(world, E.lineTo(world), ONE);
    const body = allocateExternalBody(await E.signedAllocation(world, [entry], ONE));
    const whole = (): Builder => beginCell().storeSlice(body.beginParse());
    expect(await E.tryExternal(world, whole().storeBit(true).endCell())).toBe(9);
    expect(await E.tryExternal(world, whole().storeRef(Cell.EMPTY).endCell())).toBe(9);
    const init = await escrowInit(world.registry.address, world.client.address, 0n);
    expect(await E.tryExternal(world, body, init)).toBe(1210);

    // Two cells for one entry: the second is never read, but the escrow would pay for its carriage.
    const signed = await E.signedAllocation(world, [entry, UNKNOWN_LINE], ONE);
    expect(await E.tryExternal(world, await withCount(world, [entry, entry], 1))).toBe(8);
    expect(await E.tryExternal(world, allocateExternalBody(signed))).toBe(0);
  });

  test('allocates nothing before Open', async () => {
    const world = await E.createEscrowWorld({ open: false });
    await E.send(world, { from: world.client.address, value: 5n * ONE, init: true });
    expect(await attempt(world, {})).toBe(1214);
  });

  test('allocates exactly what is free, not a nanoton more', async () => {
    const world = await E.createEscrowWorld({ depositNano: 3n * ONE });
    const entries = (cap: bigint): AllocateEntry[] => [E.opening(world, E.lineTo(world), cap)];
    const tryCap = async (cap: bigint): Promise<number> =>
      E.tryExternal(world, allocateExternalBody(await E.signedAllocation(world, entries(cap), cap)));
    const most = (await E.edgeOf(async (cap) => (await tryCap(cap)) !== 0, 3n * ONE)) - 1n;
    expect(await tryCap(most + 1n)).toBe(1205);

    const balance = await E.escrowBalance(world);
    const carried = balance - most - escrowReserveNano(1) - allocateBoundNano(1);
    await E.allocateBySigner(world, entries(most), most);
    // What the chain took for the carriage is all that separates the two; the bound of the gas was never at risk.
    expect(carried).toBeGreaterThan(0n);
    expect(carried).toBeLessThanOrEqual(allocateCarriageNano(storeEntries(entries(most))));
    const after = await E.readEscrow(world);
    expect(after.lockedNano).toBe(most);
    expect(await E.escrowBalance(world)).toBeGreaterThanOrEqual(after.lockedNano + after.reserveNano);
  });

  test('spends its budget to the nanoton, then nothing until the client sets a new one', async () => {
    const world = await E.createEscrowWorld();
    const entries = [E.opening(world, E.lineTo(world), ONE)];
    const budget = ONE + allocateBoundNano(1) + allocateCarriageNano(storeEntries(entries));
    const withBudget = async (nano: bigint): Promise<number> => {
      const body = setSignerBody(world.signer.publicKey, nano);
      await E.send(world, { from: world.client.address, value: toNano('0.1'), body });
      return E.tryExternal(world, allocateExternalBody(await E.signedAllocation(world, entries, ONE)));
    };
    expect(await withBudget(budget - 1n)).toBe(1215);
    expect(await withBudget(budget)).toBe(0);
  });

  test('pays once for a list that cannot be read, and nobody can replay it', async () => {
    const world = await E.createEscrowWorld();
    const before = { ...(await E.readEscrow(world)), balance: await E.escrowBalance(world) };
    const body = await withCount(world, [UNKNOWN_LINE], 2);
    const result = await E.sendExternal(world, body);
    expect(exitCode(result.transactions[0]!)).toBe(9);
    expect(await E.tryExternal(world, body)).toBe(1211);
    const after = await E.readEscrow(world);
    expect(after).toMatchObject({ seqno: 1, lockedNano: 0n, entries: 0 });
    const cost = before.balance - (await E.escrowBalance(world));
    expect(before.signerBudgetNano - after.signerBudgetNano).toBeGreaterThan(cost);
  });

  /** A signed external body whose count is not that of its list. */
  async function withCount(world: E.EscrowWorld, entries: AllocateEntry[], count: number): Promise<Cell> {
    const padded =
      count < entries.length ? entries.slice(0, count) : [...entries, ...entries].slice(0, count);
    const honest = await E.signedAllocation(world, padded, ONE);
    return E.signFields(world, { ...honest.value, list: storeEntries(entries), count });
  }
});

describe('an allocation', () => {
  test.each([
    ['now', 0, false],
    ['a second from now', 1, true],
    ['14 days from now', 14 * E.DAY, true],
    ['14 days and a second from now', 14 * E.DAY + 1, false],
  ])('of a line that settles %s (%d s): opened is %s', async (_name, seconds, opened) => {
    const world = await E.createEscrowWorld();
    const line = E.lineTo(world, { settleBy: world.chain.now! + seconds });
    await E.allocateBySigner(world, [E.opening(world, line, ONE)], ONE);
    expect((await E.readLine(world, line)) !== null).toBe(opened);
    expect(await E.readEscrow(world)).toMatchObject({
      entries: opened ? 1 : 0,
      lockedNano: opened ? ONE : 0n,
    });
  });

  test('raises a cap to an absolute amount, never lowers it', async () => {
    const world = await E.createEscrowWorld();
    const line = E.lineTo(world);
    await E.allocateBySigner(world, [E.opening(world, line, ONE)], ONE);
    await E.allocateBySigner(world, [E.raising(line, 3n * ONE)], 2n * ONE);
    expect(await E.readEscrow(world)).toMatchObject({ lockedNano: 3n * ONE, entries: 1 });
    await E.allocateBySigner(world, [E.raising(line, 2n * ONE)], 2n * ONE);
    expect(await E.readLine(world, line)).toMatchObject({ capNano: 3n * ONE });
  });

  test('skips what it cannot do and does the rest, within the sum that was signed', async () => {
    const world = await E.createEscrowWorld();
    const [open, second, third] = [0, 1, 2].map((salt) => E.lineTo(world, { salt })) as [never, never, never];
    await E.allocateBySigner(world, [E.opening(world, open, ONE)], ONE);
    await E.allocateBySigner(
      world,
      [
        UNKNOWN_LINE,
        E.opening(world, open, 5n * ONE),
        E.opening(world, second, 3n * ONE + 1n),
        E.opening(world, third, 2n * ONE),
        E.raising(open, 2n * ONE + 1n),
        E.raising(open, 2n * ONE),
      ],
      3n * ONE,
    );
    expect(await E.readLine(world, open)).toMatchObject({ capNano: 2n * ONE });
    expect(await E.readLine(world, second)).toBeNull();
    expect(await E.readLine(world, third)).toMatchObject({ capNano: 2n * ONE });
    expect(await E.readEscrow(world)).toMatchObject({ lockedNano: 4n * ONE, entries: 2, seqno: 2 });
  });

  test('closes lines; a line that is closing is neither raised nor closed anew', async () => {
    const world = await E.createEscrowWorld();
    const line = E.lineTo(world);
    await E.allocateBySigner(world, [E.opening(world, line, ONE)], ONE);
    await E.allocateBySigner(world, [{ kind: 'close', lineId: lineId(line) }], 0n);
    const closeAt = world.chain.now! + 36 * E.HOUR;
    expect(await E.readLine(world, line)).toMatchObject({ closeAt });
    world.chain.now! += E.HOUR;
    await E.allocateBySigner(
      world,
      [{ kind: 'close', lineId: lineId(line) }, E.raising(line, 2n * ONE)],
      2n * ONE,
    );
    expect(await E.readLine(world, line)).toMatchObject({ closeAt, capNano: ONE });
  });

  test('does not raise a line after its settleBy', async () => {
    const world = await E.createEscrowWorld();
    const line = E.lineTo(world, { settleBy: world.chain.now! + 100 });
    await E.allocateBySigner(world, [E.opening(world, line, ONE)], ONE);
    world.chain.now = line.settleBy;
    await E.allocateBySigner(world, [E.raising(line, 2n * ONE)], ONE);
    expect(await E.readLine(world, line)).toMatchObject({ capNano: 2n * ONE });
    world.chain.now = line.settleBy + 1;
    await E.allocateBySigner(world, [E.raising(line, 3n * ONE)], ONE);
    expect(await E.readLine(world, line)).toMatchObject({ capNano: 2n * ONE });
  });

  test('opens lines to genuine Workers only: the address follows from provider and index', async () => {
    const world = await E.createEscrowWorld();
    const line = E.lineTo(world);
    const other = { ...E.opening(world, line, ONE), index: 5 };
    await E.allocateBySigner(world, [other], ONE);
    expect(await E.readLine(world, line)).toBeNull();
    const fifth = await workerAddress(world.registry.address, world.worker.provider.address, 5);
    expect(await E.readLine(world, { ...line, workerAddress: fifth.hash })).toMatchObject({ capNano: ONE });
  });
});

describe('the client', () => {
  const entries = (world: E.EscrowWorld): AllocateEntry[] => [E.opening(world, E.lineTo(world), ONE)];

  test('allocates at the cost of the attached value', async () => {
    const world = await E.createEscrowWorld();
    const before = await E.escrowBalance(world);
    const result = await E.allocateByClient(world, entries(world), ONE);
    expect(E.steps(world, result)).toEqual([
      'client -> escrow AllocateByClient 0',
      'escrow -> client Excesses 0',
    ]);
    expect(await E.escrowBalance(world)).toBe(before);
    expect(await E.readEscrow(world)).toMatchObject({ lockedNano: ONE, entries: 1, seqno: 0 });
  });

  test('alone allocates by message, and only after Open', async () => {
    const world = await E.createEscrowWorld();
    const message = { value: ONE, body: allocateBody(entries(world), ONE) };
    expect(await E.trySend(world, { ...message, from: world.stranger.address })).toBe(1200);
    expect(await E.trySend(world, { ...message, from: world.client.address })).toBe(0);
    const unopened = await E.createEscrowWorld({ open: false });
    await E.send(unopened, { from: unopened.client.address, value: 5n * ONE, init: true });
    expect(await E.trySend(unopened, { ...message, from: unopened.client.address })).toBe(1202);
  });

  test('allocates all free money but the new reserve, not a nanoton more', async () => {
    const world = await E.createEscrowWorld({ depositNano: 3n * ONE });
    const most = (await E.escrowBalance(world)) - escrowReserveNano(1);
    const tryCap = (cap: bigint): Promise<number | null> =>
      E.trySend(world, {
        from: world.client.address,
        value: ONE,
        body: allocateBody([E.opening(world, E.lineTo(world), cap)], cap),
      });
    expect(await tryCap(most)).toBe(0);
    expect(await tryCap(most + 1n)).toBe(1205);
  });

  test('pays for the gas alone: a nanoton too little and all is undone', async () => {
    const world = await E.createEscrowWorld();
    const body = allocateBody(entries(world), ONE);
    const from = world.client.address;
    const least = await E.edgeOf(
      async (value) => (await E.trySend(world, { from, value, body })) === 0,
      toNano('0.1'),
    );
    const before = { balance: await E.escrowBalance(world), locked: (await E.readEscrow(world)).lockedNano };
    await E.send(world, { from, value: least - 1n, body });
    expect(await E.escrowBalance(world)).toBeGreaterThanOrEqual(before.balance);
    expect(await E.readEscrow(world)).toMatchObject({ lockedNano: before.locked, entries: 0 });
    await E.send(world, { from, value: least, body });
    expect(await E.readEscrow(world)).toMatchObject({ lockedNano: ONE, entries: 1 });
  });
});

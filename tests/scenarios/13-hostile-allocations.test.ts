import { beginCell, toNano, type Cell } from '@ton/core';
import { storeEntries, type AllocateEntry } from '../../src/protocol/allocate';
import { nano } from '../../src/protocol/amounts';
import { keyPairFromSeed } from '../../src/protocol/ed25519';
import { lineId } from '../../src/protocol/line';
import { allocateExternalBody, escrowInit } from '../../wrappers/Escrow';
import { flipBit } from '../support/cellSurgery';
import * as E from '../support/escrow';
import { stateHash } from '../support/escrowState';
import { expectSound, openLines } from '../support/lines';

// Scenario 13: whoever sends an escrow external messages, signed or not, cannot drain it. What is refused costs it
// nothing at all; what a stolen signer gets accepted costs no more than the budget, however often it fails afterwards.

const ONE = toNano('1');

interface Try {
  body: Cell;
  withState?: boolean;
}

/** Messages that are wrong in one thing each; the right one comes last. */
async function tries(
  world: E.EscrowWorld,
  entries: readonly AllocateEntry[],
): Promise<[string, Try, number][]> {
  const now = world.chain.now!;
  const { seqno } = await E.readEscrow(world);
  const signed = async (change = {}, signer = world.signer, sum = ONE): Promise<Try> => ({
    body: allocateExternalBody(await E.signedAllocation(world, entries, sum, change, signer)),
  });
  const good = await signed();
  const list = storeEntries(entries);
  const padded = beginCell()
    .storeSlice(list.beginParse())
    .storeRef(beginCell().storeUint(7, 8).endCell())
    .endCell();
  const fields = {
    domain: (await E.readEscrow(world)).domain,
    seqno,
    validUntil: now + 300,
    raiseSum: nano(ONE),
  };
  const appended = beginCell().storeSlice(good.body.beginParse()).storeBit(1).endCell();
  return [
    ['another key', await signed({}, keyPairFromSeed(Buffer.alloc(32, 9))), 1214],
    ['the number before', await signed({ seqno: seqno - 1 < 0 ? 2 ** 32 - 1 : seqno - 1 }), 1211],
    ['the number after', await signed({ seqno: seqno + 1 }), 1211],
    ['a second too late', await signed({ validUntil: now - 1 }), 1212],
    ['valid a second too long', await signed({ validUntil: now + 601 }), 1213],
    ['another domain', await signed({ domain: Buffer.alloc(32) }), 1214],
    ['more than the budget', await signed({}, world.signer, 4n * ONE), 1215],
    ['more than is free', await signed({}, world.signer, 2n * ONE + toNano('0.99')), 1205],
    ['a bit appended', { body: appended }, 9],
    ['a state to carry', { ...good, withState: true }, 1210],
    [
      'a list of more cells than entries',
      { body: E.signFields(world, { ...fields, list: padded, count: 1 }) },
      8,
    ],
    ['one bit of the list changed', { body: flippedList(good.body) }, 1214],
    ['nothing at all', { body: beginCell().endCell() }, 9],
    ['a signature alone', { body: beginCell().storeUint(0, 512).endCell() }, 9],
  ];
}

function flippedList(body: Cell): Cell {
  const bits = beginCell().storeBits(body.bits);
  return bits.storeRef(flipBit(body.refs[0]!, 20)).endCell();
}

test('messages that are wrong in one thing are refused, seven times each, and cost not one nanoton', async () => {
  const { world, lines } = await openLines(
    1,
    ONE,
    {},
    { depositNano: 4n * ONE, budgetNano: 3n * ONE + toNano('0.5') },
  );
  const entries = [E.raising(lines[0]!, 2n * ONE)];
  const init = await escrowInit(world.registry.address, world.client.address, 0n);
  const [ledger, balance] = [await stateHash(world), await E.escrowBalance(world)];
  for (const [name, { body, withState }, exit] of await tries(world, entries)) {
    for (let n = 0; n < 7; n++) {
      expect([name, await E.exitOfExternal(world, body, withState ? init : undefined)]).toEqual([name, exit]);
    }
  }
  expect([await stateHash(world), await E.escrowBalance(world)]).toEqual([ledger, balance]);
  const good = allocateExternalBody(await E.signedAllocation(world, entries, ONE));
  expect(await E.exitOfExternal(world, good)).toBe(0);
  const after = await E.escrowBalance(world);
  for (let n = 0; n < 20; n++) expect(await E.exitOfExternal(world, good)).toBe(1211);
  expect(await E.escrowBalance(world)).toBe(after);
});

test('a stolen signer sends lists that fail after acceptance until its budget is gone: it costs the budget and no more', async () => {
  const budgetNano = toNano('0.02');
  const { world, lines } = await openLines(1, ONE, {}, { depositNano: 4n * ONE, budgetNano });
  const start = await E.escrowBalance(world);
  const absent = lineId(E.lineTo(world, { salt: 99 }));
  // Lists of entries that do nothing, of one that cannot be read, and of raises that are beyond their sum.
  const useless: AllocateEntry[] = Array.from({ length: 6 }, () => ({
    kind: 'raise',
    cap: nano(ONE),
    lineId: absent,
  }));
  let [accepted, refused] = [0, 0];
  for (let n = 0; n < 60; n++) {
    const { domain, seqno } = await E.readEscrow(world);
    const fields = {
      domain,
      seqno,
      validUntil: world.chain.now! + 300,
      raiseSum: nano(n % 2 === 0 ? 0n : 1_000n),
    };
    const list = n % 3 === 0 ? beginCell().storeUint(1, 2).endCell() : storeEntries(useless);
    const body = E.signFields(world, { ...fields, list, count: 6 });
    const exit = await E.exitOfExternal(world, body);
    if (exit === 1215) refused += 1;
    else accepted += 1;
    expect(await E.exitOfExternal(world, body)).toBe(exit === 1215 ? 1215 : 1211);
    const { signerBudgetNano } = await E.readEscrow(world);
    const spent = start - (await E.escrowBalance(world));
    expect(spent).toBeLessThanOrEqual(budgetNano - signerBudgetNano);
    await expectSound(world);
  }
  expect(accepted).toBeGreaterThan(1);
  expect(refused).toBeGreaterThan(10);
  expect(start - (await E.escrowBalance(world))).toBeLessThanOrEqual(budgetNano);
  expect(await E.readEscrow(world)).toMatchObject({ lockedNano: ONE, entries: 1 });
  expect(await E.readLine(world, lines[0]!)).toMatchObject({ capNano: ONE, paidNano: 0n });
});

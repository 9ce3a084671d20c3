import { beginCell, Cell } from '@ton/core';
import fc from 'fast-check';
import { cellFrom, decodeOrder } from '../../../src/governance/decode';
import { fieldsOf, orderFrom } from '../../../src/governance/fields';
import * as R from '../../../wrappers/Registry';
import { GOVERNANCE_MESSAGES, storeGovernanceMessage } from '../../../wrappers/governanceMessages';
import { account, COIN, FLOOR, hash } from './standing';

/** Every order by the helper that everybody sends it with. */
const BODIES: readonly [name: string, body: Cell][] = [
  ['OfferOwnership', R.offerOwnershipBody(account('next'))],
  ['AcceptOwnership', R.acceptOwnershipBody()],
  ['Seal', R.sealBody()],
  [
    'SetParameters',
    R.setParametersBody({
      minStakeNano: COIN,
      unbondingSeconds: 86_400,
      protocolFeeBps: 5,
      routerDepositNano: 2n * COIN,
      treasury: account('treasury'),
    }),
  ],
  ['SetGuardian', R.setGuardianBody(account('guardian'))],
  ['AllowImage', R.allowImageBody(hash('image'), 1_798_761_600)],
  ['RevokeImage', R.revokeImageBody(hash('image'))],
  ['AllowShape', R.allowShapeBody(hash('shape'))],
  ['RevokeShape', R.revokeShapeBody(hash('shape'))],
  ['AllowModel', R.allowModelBody(hash('model'), 'tiny llama')],
  ['RevokeModel', R.revokeModelBody(hash('model'))],
  ['AllowTcb', R.allowTcbBody(Buffer.alloc(6, 9), FLOOR)],
  ['RevokeTcb', R.revokeTcbBody(Buffer.alloc(6, 9))],
  ['Block', R.blockBody(hash('subject'))],
  ['Unblock', R.unblockBody(hash('subject'))],
  ['ExecuteOrder', R.executeOrderBody(hash('order'))],
  ['CancelOrder', R.cancelOrderBody(hash('order'))],
];

test('every message to a registry that people send is known', () => {
  expect([...new Set(BODIES.map(([name]) => name))].sort()).toEqual([...GOVERNANCE_MESSAGES].sort());
});

test.each(BODIES)('%s is read, and made again from its fields', (name, body) => {
  const order = decodeOrder(body);
  expect(order.$$type).toBe(name);
  const fields = new Map(fieldsOf(order).map((field) => [field.name, field.value]));
  const again = orderFrom(`${name[0]!.toLowerCase()}${name.slice(1)}`, fields);
  expect(storeGovernanceMessage(again).equals(body)).toBe(true);
});

test.each(BODIES)('%s with a bit too many or too few is refused', (name, body) => {
  const longer = beginCell().storeSlice(body.beginParse()).storeBit(1).endCell();
  const more = beginCell().storeSlice(body.beginParse()).storeRef(Cell.EMPTY).endCell();
  for (const wrong of [longer, more]) {
    expect(() => decodeOrder(wrong)).toThrow(expect.objectContaining({ code: 'proposal_malformed' }));
  }
  const bits = body.bits.length - 1;
  const shorter = beginCell().storeBits(body.bits.substring(0, bits)).endCell();
  const code = bits < 32 ? 'proposal_unknown' : 'proposal_malformed';
  expect(() => decodeOrder(shorter)).toThrow(expect.objectContaining({ code }));
});

test('an order written in another form than the contract writes has another hash, and is refused', () => {
  // 1 nanoton in two bytes instead of one.
  const strange = beginCell()
    .storeUint(R.REGISTRY_OPCODES.SetParameters, 32)
    .storeUint(2, 4)
    .storeUint(1, 16)
    .storeUint(86_400, 32)
    .storeUint(0, 16)
    .storeCoins(1)
    .storeAddress(account('treasury'))
    .endCell();
  expect(() => decodeOrder(strange)).toThrow('is not in its one form');
});

test('a message that is no order is named by its opcode', () => {
  const body = beginCell().storeUint(0xd53276db, 32).endCell();
  expect(() => decodeOrder(body)).toThrow(
    expect.objectContaining({ code: 'proposal_unknown', message: expect.stringContaining('0xd53276db') }),
  );
});

describe('a bag of cells', () => {
  const body = R.allowShapeBody(hash('shape'));
  const boc = body.toBoc();

  test('is read raw, in hex and in base64 of both kinds', () => {
    const base64 = boc.toString('base64');
    const texts = [boc.toString('hex'), `0x${boc.toString('hex')}\n`, base64, boc.toString('base64url')];
    for (const form of [boc, ...texts.map((text) => Buffer.from(text))]) {
      expect(cellFrom(form).equals(body)).toBe(true);
    }
  });

  test('is refused when it is none, damaged, or too large', () => {
    const damaged = Buffer.from(boc);
    damaged[20]! ^= 1;
    const wide = Array.from({ length: 600 }, (_, i) => beginCell().storeUint(i, 900).endCell());
    const large = wide.reduce((rest, cell) =>
      beginCell().storeSlice(cell.beginParse()).storeRef(rest).endCell(),
    );
    for (const bytes of [Buffer.from('hello'), Buffer.alloc(0), damaged, large.toBoc()]) {
      expect(() => cellFrom(bytes)).toThrow(expect.objectContaining({ code: 'proposal_malformed' }));
    }
  });
});

test('whatever bytes somebody sends, they are read or refused by name', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 127 }), fc.constantFrom(...BODIES), (bytes, [, body]) => {
      const opcode = body.beginParse().loadUint(32);
      const cell = beginCell()
        .storeUint(opcode, 32)
        .storeBuffer(Buffer.from(bytes.slice(0, 120)))
        .endCell();
      try {
        expect(storeGovernanceMessage(decodeOrder(cell)).equals(cell)).toBe(true);
      } catch (error) {
        expect(error).toMatchObject({ code: 'proposal_malformed' });
      }
    }),
    { seed: 1, numRuns: 300 },
  );
});

describe('an order by its name', () => {
  test.each<[name: string, fields: Record<string, string>, complaint: RegExp]>([
    ['allowShip', {}, /There is no order "allowShip"; there are: offerOwnership/],
    ['allowShape', {}, /needs shape=<32 bytes in hex>/],
    ['allowShape', { shape: 'ff' }, /shape cannot be "ff"/],
    ['allowShape', { shape: '00'.repeat(32), role: '1' }, /has no field role; there are: shape/],
    ['allowImage', { imageId: '00'.repeat(32), role: '256', expiresAt: '1' }, /role cannot be "256"/],
    ['seal', { now: 'yes' }, /there are: none/],
    ['setGuardian', { guardian: 'me' }, /guardian cannot be "me": it is an address/],
  ])('%s %j is refused', (name, fields, complaint) => {
    const given = new Map(Object.entries(fields));
    expect(() => orderFrom(name, given)).toThrow(complaint);
  });
});

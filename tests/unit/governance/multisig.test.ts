import { Address, beginCell, Cell, Dictionary, TupleReader, type TupleItem } from '@ton/core';
import {
  approveBody,
  loadActions,
  loadNewOrder,
  newOrderBody,
  NEXT_SEQNO,
  orderCell,
  parseMultisig,
  parseMultisigOrder,
  sendAction,
  type MultisigAction,
} from '../../../src/governance/multisig';
import { memberOf } from '../../../src/governance/members';
import { sha256 } from '../../../src/protocol/hash';

const account = (name: string): Address => new Address(0, sha256(Buffer.from(name)));
const [ANN, BOB, CAT] = ['ann', 'bob', 'cat'].map(account) as [Address, Address, Address];
const BODY = beginCell().storeUint(7, 32).endCell();
const SEND = sendAction(CAT, 123_456_789n, BODY);
const MEMBERS: MultisigAction = { type: 'members', threshold: 2, signers: [ANN, BOB], proposers: [CAT] };

/** A dictionary of actions as somebody else may have made it. */
function orderOf(...actions: Cell[]): Cell {
  const dict = Dictionary.empty(Dictionary.Keys.Uint(8), Dictionary.Values.Cell());
  actions.forEach((action, index) => dict.set(index, action));
  return beginCell().storeDictDirect(dict).endCell();
}

describe('what is sent to a multisig', () => {
  test('is a new_order with the bits of its TL-B line', () => {
    const order = orderCell([SEND]);
    const by = { role: 'signer', index: 3 } as const;
    const slice = newOrderBody({
      queryId: 9n,
      seqno: 5n,
      by,
      expiresAtUnix: 1_800_000_000,
      order,
    }).beginParse();
    expect(slice.remainingBits).toBe(32 + 64 + 256 + 1 + 8 + 48);
    expect(slice.loadUint(32)).toBe(0xf718510f);
    expect(slice.loadUintBig(64)).toBe(9n);
    expect(slice.loadUintBig(256)).toBe(5n);
    expect(slice.loadBit()).toBe(true);
    expect(slice.loadUint(8)).toBe(3);
    expect(slice.loadUint(48)).toBe(1_800_000_000);
    expect(slice.loadRef().equals(order)).toBe(true);
  });

  test('is an approve with the bits of its TL-B line', () => {
    expect(approveBody(2, 1n).bits.toString()).toBe('A762230F000000000000000102');
  });

  test('is a list of actions by index, each in a reference', () => {
    const dict = Dictionary.loadDirect(
      Dictionary.Keys.Uint(8),
      Dictionary.Values.Cell(),
      orderCell([SEND, MEMBERS]),
    );
    expect(dict.keys()).toEqual([0, 1]);
    expect(dict.get(0)!.bits.toString()).toBe('F1381E5B01');
    expect(dict.get(0)!.refs[0]!.equals(SEND.message)).toBe(true);
    const members = dict.get(1)!.beginParse();
    expect(members.loadUint(32)).toBe(0x1d0cfbd3);
    expect(members.loadUint(8)).toBe(2);
    expect(members.remainingRefs).toBe(2);
  });

  test('reads back as it was written', () => {
    const [send, members] = loadActions(orderCell([SEND, MEMBERS]));
    expect(send).toMatchObject({
      type: 'send',
      mode: 1,
      valueNano: 123_456_789n,
      bounce: true,
      deploys: false,
    });
    expect(orderCell([send!]).equals(orderCell([SEND]))).toBe(true);
    expect(JSON.stringify(members)).toBe(JSON.stringify(MEMBERS));
    const order = orderCell([SEND]);
    const proposal = { by: { role: 'proposer', index: 0 }, expiresAtUnix: 1, order } as const;
    expect(loadNewOrder(newOrderBody(proposal))).toEqual({ queryId: 0n, seqno: NEXT_SEQNO, ...proposal });
    expect(loadNewOrder(BODY)).toBeNull();
  });

  test('has at least one action, and at most 255', () => {
    expect(() => orderCell([])).toThrow(RangeError);
    expect(() => orderCell(Array.from({ length: 256 }, () => SEND))).toThrow(RangeError);
    expect(loadActions(orderCell(Array.from({ length: 255 }, () => SEND)))).toHaveLength(255);
  });
});

describe('what cannot be read whole is refused', () => {
  const send = orderCell([SEND]);
  const action = beginCell().storeUint(0xf1381e5b, 32).storeUint(1, 8).storeRef(SEND.message);

  test.each<[what: string, code: string, order: Cell]>([
    [
      'an action of another kind',
      'proposal_unknown',
      orderOf(beginCell().storeUint(0xf1381e5c, 32).endCell()),
    ],
    ['an empty action', 'proposal_unknown', orderOf(Cell.EMPTY)],
    [
      'bits after an action',
      'proposal_malformed',
      orderOf(beginCell().storeBuilder(action).storeBit(0).endCell()),
    ],
    [
      'an action that is cut short',
      'proposal_malformed',
      orderOf(beginCell().storeUint(0xf1381e5b, 32).endCell()),
    ],
    [
      'a message that is none',
      'proposal_malformed',
      orderOf(beginCell().storeUint(0xf1381e5b, 32).storeUint(1, 8).storeRef(BODY).endCell()),
    ],
    [
      'a reference beside the list',
      'proposal_malformed',
      beginCell().storeSlice(send.beginParse()).storeRef(BODY).endCell(),
    ],
    ['no list at all', 'proposal_malformed', Cell.EMPTY],
  ])('%s', (_, code, order) => {
    expect(() => loadActions(order)).toThrow(expect.objectContaining({ code }));
  });

  test('a new_order that is followed by something, or cut short', () => {
    const whole = newOrderBody({ by: { role: 'signer', index: 0 }, expiresAtUnix: 1, order: send });
    const longer = beginCell().storeSlice(whole.beginParse()).storeBit(0).endCell();
    const shorter = beginCell().storeUint(0xf718510f, 32).endCell();
    for (const body of [longer, shorter]) {
      expect(() => loadNewOrder(body)).toThrow(expect.objectContaining({ code: 'proposal_malformed' }));
    }
  });
});

describe('what a multisig tells', () => {
  const members = (...list: Address[]): Cell => {
    const dict = Dictionary.empty(Dictionary.Keys.Uint(8), Dictionary.Values.Address());
    list.forEach((member, index) => dict.set(index, member));
    return beginCell().storeDictDirect(dict).endCell();
  };
  const int = (value: number): TupleItem => ({ type: 'int', value: BigInt(value) });
  const cell = (value: Cell): TupleItem => ({ type: 'cell', cell: value });

  test('who decides, and a number only where it gives numbers', () => {
    const stack = (seqno: number) =>
      new TupleReader([int(seqno), int(2), cell(members(ANN, BOB)), { type: 'null' }]);
    const state = parseMultisig(stack(7));
    expect(state).toMatchObject({ nextSeqno: 7n, threshold: 2, proposers: [] });
    expect(parseMultisig(stack(-1)).nextSeqno).toBeNull();
    expect(memberOf(state, BOB)).toEqual({ role: 'signer', index: 1 });
    expect(memberOf(state, CAT)).toBeNull();
    expect(memberOf({ ...state, proposers: [CAT] }, CAT)).toEqual({ role: 'proposer', index: 0 });
  });

  test('who approved, and nothing of an order that has not begun', () => {
    const address: TupleItem = { type: 'slice', cell: beginCell().storeAddress(CAT).endCell() };
    const nothing: TupleItem = { type: 'null' };
    const begun = [
      int(2),
      int(0),
      cell(members(ANN, BOB, CAT)),
      int(0b101),
      int(2),
      int(99),
      cell(orderCell([SEND])),
    ];
    expect(parseMultisigOrder(new TupleReader([address, int(4), ...begun]))).toMatchObject({
      seqno: 4n,
      threshold: 2,
      executed: false,
      approvals: [0, 2],
      expiresAtUnix: 99,
    });
    expect(parseMultisigOrder(new TupleReader([address, int(4), ...begun.map(() => nothing)]))).toBeNull();
  });
});

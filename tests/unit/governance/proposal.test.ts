import { beginCell, Cell } from '@ton/core';
import { orderCell, sendAction, type MultisigAction } from '../../../src/governance/multisig';
import { explainActions } from '../../../src/governance/proposal';
import { allowShapeBody, sealBody } from '../../../wrappers/Registry';
import { account, COIN, hash, standing } from './standing';

const REGISTRY = account('registry');
const MULTISIG = account('owner');
const MEMBERS = { nextSeqno: 0n, threshold: 2, signers: [account('ann'), account('bob')], proposers: [] };
const AT = { multisig: MULTISIG, registry: REGISTRY, members: MEMBERS };

const read = (...actions: MultisigAction[]) => explainActions(orderCell(actions), AT, standing());
const nested = (inner: Cell): MultisigAction =>
  sendAction(
    MULTISIG,
    COIN,
    beginCell().storeUint(0xa32c59bf, 32).storeUint(0, 64).storeRef(inner).endCell(),
  );

test('orders to the registry are explained, in their places', () => {
  const shape = sendAction(REGISTRY, COIN, allowShapeBody(hash('new')));
  const meanings = read(shape, nested(orderCell([shape, sendAction(REGISTRY, COIN, sealBody())])));
  expect(meanings.map(({ place, kind }) => `${place} ${kind}`)).toEqual([
    '0 order',
    '1.0 order',
    '1.1 order',
  ]);
  expect(meanings[0]).toMatchObject({ explanation: { effect: 'loosens', waits: true } });
});

test('an order to another registry is refused, and so is one that cannot be read', () => {
  const foreign = sendAction(account('other'), COIN, sealBody());
  expect(() => read(foreign)).toThrow(expect.objectContaining({ code: 'proposal_foreign' }));
  const longer = beginCell().storeSlice(sealBody().beginParse()).storeBit(1).endCell();
  expect(() => read(sendAction(REGISTRY, COIN, longer))).toThrow(
    expect.objectContaining({ code: 'proposal_malformed' }),
  );
  expect(() => read(sendAction(account('other'), COIN, longer))).toThrow(
    expect.objectContaining({ code: 'proposal_foreign' }),
  );
  const strange = beginCell().storeUint(1, 32).endCell();
  expect(() => read(sendAction(REGISTRY, COIN, strange))).toThrow(
    expect.objectContaining({ code: 'proposal_unknown' }),
  );
});

test('orders within orders are read four deep, and no deeper', () => {
  const deep = (levels: number): Cell =>
    levels === 0
      ? orderCell([sendAction(REGISTRY, COIN, sealBody())])
      : orderCell([nested(deep(levels - 1))]);
  expect(explainActions(deep(3), AT, standing())).toHaveLength(1);
  expect(() => explainActions(deep(4), AT, standing())).toThrow('more than 4 deep');
});

test('money that goes anywhere is told, with what of its message can be read', () => {
  const comment = beginCell().storeUint(0, 32).storeStringTail('thanks').endCell();
  const says = (action: MultisigAction): string => {
    const [meaning] = read(action);
    return meaning!.kind === 'message' ? meaning!.says[0]! : '';
  };
  const thief = account('thief');
  expect(says(sendAction(thief, COIN, Cell.EMPTY))).toBe(`sends 1 TON to ${thief.toString()}`);
  expect(says(sendAction(thief, COIN, comment))).toContain('with the comment "thanks"');
  expect(says(sendAction(thief, COIN, beginCell().storeUint(5, 32).endCell()))).toContain(
    '(0x00000005) that cannot be read here',
  );
  expect(says(sendAction(thief, 0n, Cell.EMPTY, 128 + 32))).toMatch(
    /sends all that the multisig holds .* destroys the multisig/,
  );
  expect(says(sendAction(REGISTRY, COIN, Cell.EMPTY))).toContain(`sends 1 TON to ${REGISTRY.toString()}`);
});

test('who comes and who goes in the multisig is told', () => {
  const cat = account('cat');
  const [change] = read({ type: 'members', threshold: 1, signers: [account('ann'), cat], proposers: [cat] });
  const says = change!.kind === 'members' ? change!.says : [];
  expect(says[0]).toBe('lets the multisig decide with 1 of 2 signers; today with 2 of 2');
  expect(says).toEqual(
    expect.arrayContaining([
      `adds signer ${cat.toString()}`,
      `removes signer ${account('bob').toString()}`,
      `adds proposer ${cat.toString()}`,
    ]),
  );
});

import {
  Address,
  beginCell,
  Cell,
  Dictionary,
  internal,
  loadMessageRelaxed,
  storeMessageRelaxed,
  type TupleReader,
} from '@ton/core';
import { CocoonError } from '../protocol/errors';
import { GOVERNANCE_LIMITS } from './limits';

/**
 * The messages of TON's multisig wallet, version 2 (github.com/ton-blockchain/multisig-contract-v2, contracts/multisig.tlb). Its
 * contract is not ours: this room only speaks to it.
 */

// send_message#f1381e5b mode:uint8 message:^Cell = Action;
// update_multisig_param#1d0cfbd3 threshold:uint8 signers:^(Hashmap 8 MsgAddressInt) proposers:(HashmapE 8 MsgAddressInt) = Action;
// _ _:(Hashmap 8 ^Action) = Order;
export type MultisigAction = SendAction | MembersAction;

/** The multisig sends a message. */
export interface SendAction {
  type: 'send';
  /** As of SENDRAWMSG. */
  mode: number;
  to: Address;
  valueNano: bigint;
  bounce: boolean;
  body: Cell;
  /** Whether code comes along for an account that is not there yet. */
  deploys: boolean;
  /** The message as it stands in the order. */
  message: Cell;
}

/** The multisig gets other members or another threshold. */
export interface MembersAction {
  type: 'members';
  threshold: number;
  signers: Address[];
  proposers: Address[];
}

const SEND = 0xf1381e5b;
const MEMBERS = 0x1d0cfbd3;
const NEW_ORDER = 0xf718510f;
const EXECUTE_INTERNAL = 0xa32c59bf;
const APPROVE = 0xa762230f;

/** Stands for the multisig's next number, whatever it is when the message arrives. */
export const NEXT_SEQNO = 2n ** 256n - 1n;
const PAY_FEES_SEPARATELY = 1;
const INDEX_BITS = 8;

export const MULTISIG_GETTERS = {
  multisig: 'get_multisig_data',
  /** (order number) -> address. */
  orderAddress: 'get_order_address',
  /** (order cell, expiration) -> least value of a new_order. */
  estimate: 'get_order_estimate',
  order: 'get_order_data',
} as const;

/** One message of a multisig; `mode` 1 pays its fees from the multisig's balance, so that the value arrives whole. */
export function sendAction(
  to: Address,
  valueNano: bigint,
  body: Cell,
  mode: number = PAY_FEES_SEPARATELY,
): SendAction {
  const relaxed = internal({ to, value: valueNano, body, bounce: true });
  const message = beginCell().store(storeMessageRelaxed(relaxed)).endCell();
  return { type: 'send', mode, to, valueNano, bounce: true, body, deploys: false, message };
}

/** The content of a multisig's order. Throws RangeError for none or more than 255 actions. */
export function orderCell(actions: readonly MultisigAction[]): Cell {
  if (actions.length < 1 || actions.length > GOVERNANCE_LIMITS.actions) {
    throw new RangeError(`a multisig's order has 1 to ${GOVERNANCE_LIMITS.actions} actions`);
  }
  const byIndex = Dictionary.empty(Dictionary.Keys.Uint(INDEX_BITS), Dictionary.Values.Cell());
  actions.forEach((action, index) => byIndex.set(index, actionCell(action)));
  return beginCell().storeDictDirect(byIndex).endCell();
}

function actionCell(action: MultisigAction): Cell {
  if (action.type === 'send') {
    return beginCell().storeUint(SEND, 32).storeUint(action.mode, 8).storeRef(action.message).endCell();
  }
  return beginCell()
    .storeUint(MEMBERS, 32)
    .storeUint(action.threshold, 8)
    .storeRef(beginCell().storeDictDirect(membersDict(action.signers)))
    .storeDict(membersDict(action.proposers))
    .endCell();
}

/**
 * The actions of a multisig's order, in the order in which they are carried out. Throws CocoonError `proposal_malformed`, and
 * `proposal_unknown` for an action of another kind, over which the multisig would pass in silence.
 */
export function loadActions(order: Cell): MultisigAction[] {
  const byIndex = reading("The multisig's order", () =>
    Dictionary.loadDirect(Dictionary.Keys.Uint(INDEX_BITS), Dictionary.Values.Cell(), order),
  );
  if (!beginCell().storeDictDirect(byIndex).endCell().equals(order)) {
    throw malformed("The multisig's order is no plain list of actions.");
  }
  const indices = byIndex.keys().sort((a, b) => a - b);
  return indices.map((index) => loadAction(byIndex.get(index)!, index));
}

function loadAction(cell: Cell, index: number): MultisigAction {
  const slice = cell.beginParse();
  const opcode = slice.remainingBits < 32 ? null : slice.loadUint(32);
  if (opcode !== SEND && opcode !== MEMBERS) {
    throw new CocoonError('proposal_unknown', `Action ${index} of the multisig's order is of no known kind.`);
  }
  return reading(`Action ${index} of the multisig's order`, () => {
    const action =
      opcode === SEND
        ? loadSend(slice.loadUint(8), slice.loadRef())
        : ({
            type: 'members',
            threshold: slice.loadUint(8),
            signers: loadMembers(slice.loadRef()),
            proposers: loadMembers(slice.loadMaybeRef()),
          } as const);
    slice.endParse();
    return action;
  });
}

function loadSend(mode: number, message: Cell): SendAction {
  const slice = message.beginParse();
  const { info, init, body } = loadMessageRelaxed(slice);
  if (info.type !== 'internal') throw new RangeError('its message goes to no account');
  const { dest: to, value, bounce } = info;
  return { type: 'send', mode, to, valueNano: value.coins, bounce, body, deploys: Boolean(init), message };
}

export interface NewOrder {
  queryId: bigint;
  /** NEXT_SEQNO, or the one number that it must become. */
  seqno: bigint;
  /** A signer's proposal is his approval, too. */
  by: { role: 'signer' | 'proposer'; index: number };
  /** Last second in which it can be carried out. */
  expiresAtUnix: number;
  order: Cell;
}

// new_order#f718510f query_id:uint64 order_seqno:uint256 signer:(## 1) index:uint8 expiration_date:uint48 order:^Order
/** Signer or proposer -> multisig. */
export function newOrderBody(
  order: Omit<NewOrder, 'queryId' | 'seqno'> & Partial<Pick<NewOrder, 'queryId' | 'seqno'>>,
): Cell {
  const { queryId = 0n, seqno = NEXT_SEQNO, by, expiresAtUnix } = order;
  return beginCell()
    .storeUint(NEW_ORDER, 32)
    .storeUint(queryId, 64)
    .storeUint(seqno, 256)
    .storeBit(by.role === 'signer')
    .storeUint(by.index, INDEX_BITS)
    .storeUint(expiresAtUnix, 48)
    .storeRef(order.order)
    .endCell();
}

/** Null for any other body. Throws CocoonError `proposal_malformed`. */
export function loadNewOrder(body: Cell): NewOrder | null {
  const slice = body.beginParse();
  if (slice.remainingBits < 32 || slice.preloadUint(32) !== NEW_ORDER) return null;
  return reading('The new_order', () => {
    slice.skip(32);
    const queryId = slice.loadUintBig(64);
    const seqno = slice.loadUintBig(256);
    const role = slice.loadBit() ? 'signer' : 'proposer';
    const index = slice.loadUint(INDEX_BITS);
    const expiresAtUnix = slice.loadUint(48);
    const order = slice.loadRef();
    slice.endParse();
    return { queryId, seqno, by: { role, index }, expiresAtUnix, order };
  });
}

// execute_internal#a32c59bf query_id:uint64 order:^Order
/** What a multisig tells itself to carry out next; null for any other body. Throws CocoonError `proposal_malformed`. */
export function loadExecuteInternal(body: Cell): Cell | null {
  const slice = body.beginParse();
  if (slice.remainingBits < 32 || slice.preloadUint(32) !== EXECUTE_INTERNAL) return null;
  return reading('The execute_internal', () => {
    slice.skip(32 + 64);
    const order = slice.loadRef();
    slice.endParse();
    return order;
  });
}

// approve#a762230f query_id:uint64 signer_index:uint8
/** Signer -> order contract. */
export function approveBody(signerIndex: number, queryId = 0n): Cell {
  return beginCell()
    .storeUint(APPROVE, 32)
    .storeUint(queryId, 64)
    .storeUint(signerIndex, INDEX_BITS)
    .endCell();
}

/** Who decides in a multisig. */
export interface MultisigState {
  /** Null where proposers choose numbers themselves. */
  nextSeqno: bigint | null;
  threshold: number;
  signers: Address[];
  proposers: Address[];
}

export function parseMultisig(stack: TupleReader): MultisigState {
  const seqno = stack.readBigNumber();
  return {
    nextSeqno: seqno < 0n ? null : seqno,
    threshold: stack.readNumber(),
    signers: loadMembers(stack.readCell()),
    proposers: loadMembers(stack.readCellOpt()),
  };
}

/** An order contract of a multisig. */
export interface MultisigOrder {
  multisig: Address;
  seqno: bigint;
  threshold: number;
  executed: boolean;
  /** As they were when it was proposed. */
  signers: Address[];
  /** Indices of those who approved. */
  approvals: number[];
  expiresAtUnix: number;
  order: Cell;
}

/** Result of `get_order_data`; null while it waits for its first message. */
export function parseMultisigOrder(stack: TupleReader): MultisigOrder | null {
  const multisig = stack.readAddress();
  const seqno = stack.readBigNumber();
  const threshold = stack.readNumberOpt();
  if (threshold === null) return null;
  const executed = stack.readBoolean();
  const signers = loadMembers(stack.readCell());
  const mask = stack.readBigNumber();
  // How many approved; the mask says it, too.
  stack.skip(1);
  return {
    multisig,
    seqno,
    threshold,
    executed,
    signers,
    approvals: signers.map((_, index) => index).filter((index) => ((mask >> BigInt(index)) & 1n) === 1n),
    expiresAtUnix: stack.readNumber(),
    order: stack.readCell(),
  };
}

function membersDict(members: readonly Address[]): Dictionary<number, Address> {
  if (members.length > GOVERNANCE_LIMITS.signers) {
    throw new RangeError(`a multisig has at most ${GOVERNANCE_LIMITS.signers} signers or proposers`);
  }
  const dict = Dictionary.empty(Dictionary.Keys.Uint(INDEX_BITS), Dictionary.Values.Address());
  members.forEach((member, index) => dict.set(index, member));
  return dict;
}

/** By index; the contract demands that no index is left out. */
function loadMembers(cell: Cell | null): Address[] {
  const dict = Dictionary.loadDirect(Dictionary.Keys.Uint(INDEX_BITS), Dictionary.Values.Address(), cell);
  const indices = dict.keys().sort((a, b) => a - b);
  if (indices.some((index, place) => index !== place)) throw new RangeError('an index is left out');
  return indices.map((index) => dict.get(index)!);
}

function reading<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof CocoonError) throw cause;
    throw malformed(`${what} cannot be read: ${(cause as Error).message}.`, cause);
  }
}

function malformed(message: string, cause?: unknown): CocoonError {
  return new CocoonError('proposal_malformed', message, cause === undefined ? {} : { cause });
}

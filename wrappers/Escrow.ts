import {
  beginCell,
  Cell,
  contractAddress,
  Dictionary,
  type Address,
  type Slice,
  type StateInit,
  type TupleReader,
} from '@ton/core';
import * as binding from '../build/Escrow/Escrow_Escrow';
import { storeEntries, storeFields, type Allocate, type AllocateEntry } from '../src/protocol/allocate';
import { nano, type Nano } from '../src/protocol/amounts';
import { LINE_ID_BYTES, lineImage, type Line } from '../src/protocol/line';
import { receiptLayout, type Receipt } from '../src/protocol/signed';
import { exitCodesOf } from './exitCodes';

export { Escrow } from '../build/Escrow/Escrow_Escrow';

export const ESCROW_OPCODES: Readonly<Record<keyof typeof binding.Escrow.opcodes, number>> =
  binding.Escrow.opcodes;
export const ESCROW_EXIT_CODES = /* @__PURE__ */ exitCodesOf(binding, 'ERROR_ESCROW_');

/** Bounds in the contract's code. */
export const ESCROW_BASE_RESERVE_NANO: Nano = nano(binding.ESCROW_BASE_RESERVE);
export const ESCROW_FLOOR_DIVISOR = binding.ESCROW_FLOOR_DIVISOR;
export const MAX_LINE_ENTRIES = 2 ** 14 - 1;

/** Code and initial data of the escrow of `client`; `salt` (uint32) tells several of one client apart. */
export async function escrowInit(registry: Address, client: Address, salt: bigint): Promise<StateInit> {
  const identity = beginCell()
    .storeAddress(registry)
    .storeUint(salt, 32)
    .storeUint(0, 64 + 32)
    .endCell();
  return binding.Escrow.init(client, identity, 0n, 0n, 0n, 0n, 0n, 0n, null);
}

export async function escrowAddress(registry: Address, client: Address, salt: bigint): Promise<Address> {
  return contractAddress(0, await escrowInit(registry, client, salt));
}

/**
 * From the client's own address, once. `signer` is the Ed25519 key that allocates and signs tickets (never a wallet's
 * key), `closeDelaySeconds` between 24 and 72 hours. The whole value is a deposit.
 */
export function openBody(open: {
  signer: Buffer;
  signerBudgetNano: bigint;
  closeDelaySeconds: number;
}): Cell {
  return packed(
    binding.storeOpen({
      $$type: 'Open',
      signer: toInt(open.signer, 32),
      signerBudget: open.signerBudgetNano,
      closeDelay: BigInt(open.closeDelaySeconds),
    }),
  );
}

/** From anybody: the whole value is a deposit, as it is of a plain transfer. */
export function topUpBody(): Cell {
  return packed(binding.storeTopUp({ $$type: 'TopUp', queryId: 0n }));
}

/** From the client's own address, which pays the gas. `raiseSumNano` bounds what all entries raise caps by. */
export function allocateBody(entries: readonly AllocateEntry[], raiseSumNano: bigint): Cell {
  return packed(
    binding.storeAllocateByClient({
      $$type: 'AllocateByClient',
      raiseSum: raiseSumNano,
      count: BigInt(entries.length),
      entries: storeEntries(entries),
    }),
  );
}

/** Body of an external message; the signature is the signer's over `allocateHash`. Free money pays the gas. */
export function allocateExternalBody(signed: { value: Allocate; signature: Buffer }): Cell {
  return beginCell().storeBuffer(signed.signature, 64).store(storeFields(signed.value)).endCell();
}

/** A line with the newest receipt that its worker key signed. */
export interface SettleItem {
  line: Line;
  receipt: Receipt;
  signature: Buffer;
}

/** From anybody, who pays the gas: attach `settleValueNano`; what is not needed comes back. */
export function settleBody(items: readonly SettleItem[]): Cell {
  const [first, ...rest] = items;
  if (!first) throw new RangeError('settle: no items');
  const next = rest.reduceRight<Cell | null>(
    (following, item) => beginCell().store(storeItem(item, following)).endCell(),
    null,
  );
  return beginCell().storeUint(ESCROW_OPCODES.Settle, 32).store(storeItem(first, next)).endCell();
}

/** From the client's own address. */
export function closeBody(lineIds: readonly Buffer[]): Cell {
  return lineIdList(ESCROW_OPCODES.Close, lineIds);
}

/** From anybody, who pays the gas: frees what the listed lines left once they ended. */
export function pruneBody(lineIds: readonly Buffer[]): Cell {
  return lineIdList(ESCROW_OPCODES.Prune, lineIds);
}

/** From the client's own address. 0 takes all free money. */
export function withdrawBody(amountNano: bigint): Cell {
  return packed(binding.storeWithdraw({ $$type: 'Withdraw', amount: amountNano }));
}

/** From the client's own address. The budget is what the new signer may spend from now on, gas included. */
export function setSignerBody(signer: Buffer, signerBudgetNano: bigint): Cell {
  return packed(
    binding.storeSetSigner({
      $$type: 'SetSigner',
      signer: toInt(signer, 32),
      signerBudget: signerBudgetNano,
    }),
  );
}

/** `get_escrow` as plain data. Times are seconds. */
export interface EscrowOnChain {
  registry: Address;
  client: Address;
  salt: bigint;
  /** Ed25519 key that signs tickets and allocations; null before Open. */
  signer: Buffer | null;
  signerBudgetNano: Nano;
  seqno: number;
  /** 0 before Open. */
  closeDelaySeconds: number;
  /** Logical time of the message that opened it; 0 before. */
  born: bigint;
  domain: Buffer;
  lockedNano: Nano;
  freeNano: Nano;
  reserveNano: Nano;
  entries: number;
}

export const GET_ESCROW = 'get_escrow';

/** Reads the result of `get_escrow`. */
export function parseEscrow(stack: TupleReader): EscrowOnChain {
  const info = binding.loadGetterTupleEscrowInfo(stack);
  return {
    registry: info.registry,
    client: info.client,
    salt: info.salt,
    signer: info.signer === 0n ? null : toBytes(info.signer, 32),
    signerBudgetNano: nano(info.signerBudget),
    seqno: Number(info.seqno),
    closeDelaySeconds: Number(info.closeDelay),
    born: info.born,
    domain: toBytes(info.domain, 32),
    lockedNano: nano(info.locked),
    freeNano: nano(info.free),
    reserveNano: nano(info.reserve),
    entries: Number(info.entries),
  };
}

/** An entry of the ledger: nanotons and Unix seconds; `closeAt` is 0 while the line is open. */
export interface LineOnChain {
  capNano: Nano;
  paidNano: Nano;
  settleBy: number;
  closeAt: number;
}

/** Argument: the number of lines; result: nanotons to attach to a settle. */
export const GET_SETTLE_VALUE = 'get_settle_value';
/** Argument: the number of entries; result: nanotons of gas that an allocation by the signer is checked against. */
export const GET_ALLOCATE_BOUND = 'get_allocate_bound';

export const GET_LINES = 'get_lines';

/** Reads the result of `get_lines`; keys are line ids in hex. */
export function parseLines(stack: TupleReader): Map<string, LineOnChain> {
  const cell = stack.readCellOpt();
  if (!cell) return new Map();
  const lines = cell.beginParse().loadDictDirect(Dictionary.Keys.Buffer(LINE_ID_BYTES), lineValue);
  return new Map(lines.keys().map((id) => [id.toString('hex'), lines.get(id)!]));
}

export const GET_LINE = 'get_line';

/** Reads the result of `get_line`, whose argument is the line id as a number. */
export function parseLine(stack: TupleReader): LineOnChain | null {
  const tuple = stack.readTupleOpt();
  if (!tuple) return null;
  const entry = binding.loadTupleLineEntry(tuple);
  return {
    capNano: nano(entry.cap),
    paidNano: nano(entry.paid),
    settleBy: Number(entry.settleBy),
    closeAt: Number(entry.closeAt),
  };
}

const lineValue = {
  serialize: (): never => {
    throw new Error('the ledger is only read');
  },
  parse: (slice: Slice): LineOnChain => ({
    capNano: nano(slice.loadUintBig(64)),
    paidNano: nano(slice.loadUintBig(64)),
    settleBy: slice.loadUint(32),
    closeAt: slice.loadUint(32),
  }),
};

/** What a receipt's image has before the escrow's own part: tag, domain and line id are rebuilt on chain. */
const RECEIPT_HEAD_BYTES = 4 + 32 + LINE_ID_BYTES;

const storeItem = (item: SettleItem, next: Cell | null) => (builder: ReturnType<typeof beginCell>) => {
  const receipt = beginCell()
    .storeBuffer(receiptLayout.image(item.receipt).subarray(RECEIPT_HEAD_BYTES))
    .storeBuffer(item.signature, 64);
  if (next) receipt.storeRef(next);
  builder.storeBuffer(lineImage(item.line)).storeRef(receipt.endCell());
};

const IDS_PER_CELL = 6;

function lineIdList(op: number, lineIds: readonly Buffer[]): Cell {
  if (lineIds.length === 0) throw new RangeError('no line ids');
  const groups: Buffer[][] = [];
  // The first cell begins with the opcode and holds one id less.
  for (let at = 0; at < lineIds.length; at += groups.at(-1)!.length) {
    groups.push(lineIds.slice(at, at + (at === 0 ? IDS_PER_CELL - 1 : IDS_PER_CELL)));
  }
  return groups.reduceRight<Cell>((next, group, index) => {
    const builder = beginCell();
    if (index === 0) builder.storeUint(op, 32);
    for (const id of group) builder.storeBuffer(id, LINE_ID_BYTES);
    if (index < groups.length - 1) builder.storeRef(next);
    return builder.endCell();
  }, Cell.EMPTY);
}

function packed(store: (builder: ReturnType<typeof beginCell>) => void): Cell {
  return beginCell().store(store).endCell();
}

function toInt(bytes: Buffer, size: number): bigint {
  if (bytes.length !== size) throw new RangeError(`${bytes.length} bytes, expected ${size}`);
  return BigInt(`0x${bytes.toString('hex')}`);
}

function toBytes(value: bigint, size: number): Buffer {
  return Buffer.from(value.toString(16).padStart(size * 2, '0'), 'hex');
}

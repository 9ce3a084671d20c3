import { Dictionary, type Cell, type Slice } from '@ton/core';
import { loadEscrow$Data, loadEscrowIdentity } from '../../../build/Escrow/Escrow_Escrow';
import { loadStanding, loadWorker$Data, loadWorkerRecord } from '../../../build/Worker/Worker_Worker';
import type { Entry, EscrowBooks } from './escrowRules';
import type { AdmittedKey, Listing, WorkerBooks } from './workerRules';

// A contract's whole data in the words of the rules, read from its cells with the compiler's own loaders: no get-method.

/** What the contract counts beside what its books say, which must follow from them. */
export interface EscrowCounters {
  locked: bigint;
  entries: number;
}

const hex = (value: bigint, bytes: number): string => value.toString(16).padStart(bytes * 2, '0');

function onlyRead<T>(parse: (slice: Slice) => T): { parse: (slice: Slice) => T; serialize: () => never } {
  return {
    parse,
    serialize: () => {
      throw new Error('only read');
    },
  };
}

const entryValue = onlyRead((slice): Entry => ({
  cap: slice.loadUintBig(64),
  paid: slice.loadUintBig(64),
  settleBy: slice.loadUint(32),
  closeAt: slice.loadUint(32),
}));

export function readEscrowBooks(data: Cell): { books: EscrowBooks; counters: EscrowCounters } {
  const read = loadEscrow$Data(data.beginParse());
  const identity = loadEscrowIdentity(read.identity.beginParse());
  const lines = new Map<string, Entry>();
  if (read.lines) {
    const ledger = read.lines.beginParse().loadDictDirect(Dictionary.Keys.Buffer(20), entryValue);
    for (const [id, entry] of ledger) lines.set(id.toString('hex'), entry);
  }
  return {
    books: {
      client: read.client.hash.toString('hex'),
      signer: read.signer === 0n ? '' : hex(read.signer, 32),
      budget: read.signerBudget,
      seqno: Number(read.seqno),
      closeDelay: Number(identity.closeDelay),
      born: identity.born,
      domain: hex(read.domain, 32),
      lines,
    },
    counters: { locked: read.locked, entries: Number(read.entries) },
  };
}

const keyValue = onlyRead((slice): AdmittedKey => ({
  lastSettleBy: slice.loadUint(32),
  activeUntil: slice.loadUint(32),
}));

export function readWorkerBooks(data: Cell): WorkerBooks {
  const slice = data.beginParse();
  // The bit of lazy initialisation.
  slice.skip(1);
  const { earnings, owed, recipients, record: recordCell } = loadWorker$Data(slice);
  const record = loadWorkerRecord(recordCell.beginParse());
  const standing = loadStanding(record.standing.beginParse());
  const slot = (at: number): bigint =>
    ((at < 4 ? owed.low : owed.high) >> BigInt(64 * (at & 3))) & 0xffff_ffff_ffff_ffffn;
  const routers = new Map<string, Listing>();
  for (const [feeTo, packed] of recipients) {
    routers.set(hex(feeTo, 20), {
      maxBps: Number(packed >> 40n),
      delistAt: Number((packed >> 8n) & 0xffff_ffffn),
      owed: slot(Number(packed & 0xffn)),
    });
  }
  return {
    provider: record.provider.hash.toString('hex'),
    treasury: standing.treasury.hash.toString('hex'),
    earnings,
    stake: record.stake,
    unstakeAt: Number(record.unstakeAt),
    activeUntil: Number(record.activeUntil),
    feeBps: Number(standing.feeBps),
    unbondingSeconds: Number(standing.unbondingSeconds),
    minStake: standing.minStake,
    keys: readKeys(recordCell),
    routers,
  };
}

/** The record begins with the keys: first half -> last date, end of activity, and what the rules do not ask for. */
function readKeys(record: Cell): Map<string, AdmittedKey> {
  const keys = record.beginParse().loadDict(Dictionary.Keys.Buffer(16), keyValue);
  return new Map([...keys].map(([prefix, key]) => [prefix.toString('hex'), key]));
}

/** Books as one text: two of them are the same when their texts are. */
export function textOf(books: object): string {
  return JSON.stringify(books, (_key, value: unknown) => {
    if (typeof value === 'bigint') return value.toString();
    if (value instanceof Map)
      return [...(value as Map<string, unknown>)].sort(([a], [b]) => (a < b ? -1 : 1));
    return value;
  });
}

/** A copy that shares nothing. */
export function copied<B extends EscrowBooks | WorkerBooks>(books: B): B {
  const fields = Object.entries(books).map(([name, value]) => [name, copiedMap(value)]);
  return Object.fromEntries(fields) as B;
}

function copiedMap(value: unknown): unknown {
  if (!(value instanceof Map)) return value;
  return new Map([...(value as Map<string, object>)].map(([name, record]) => [name, { ...record }]));
}

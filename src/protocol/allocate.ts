import { beginCell, type Builder, type Cell, type Slice } from '@ton/core';
import type { Nano } from './amounts';
import { LINE_ID_BYTES, type Line } from './line';
import { TAG } from './signed';

/**
 * An allocation opens lines, raises their caps and closes them: the one signed structure that is a tree, because it
 * may hold many entries. Times are Unix seconds, amounts nanotons.
 *
 * allocate domain:bits256 seqno:uint32 validUntil:uint32 raiseSum:uint64 count:uint8 entries:^AllocateEntries = Allocate
 */
export interface Allocate {
  domain: Buffer;
  /** The escrow's next sequence number. */
  seqno: number;
  /** Last second at which the escrow takes it; at most ten minutes ahead. */
  validUntil: number;
  /** The most that all entries together may raise caps by. */
  raiseSum: Nano;
  entries: readonly AllocateEntry[];
}

export type AllocateEntry = OpenEntry | RaiseEntry | CloseEntry;

/**
 * allocate_open$00 cap:uint64 provider:bits256 index:uint16 settleBy:uint32 feeBps:uint16 feeTo:bits160 workerKey:bits256 = AllocateEntry
 *
 * The escrow computes the Worker's address from `provider` and `index`. A line that exists is passed over. It ends its cell.
 */
export interface OpenEntry {
  kind: 'open';
  cap: Nano;
  /** Account hash of the provider that owns the Worker contract, and that contract's index. */
  provider: Buffer;
  index: number;
  settleBy: number;
  feeBps: number;
  feeTo: Buffer;
  workerKey: Buffer;
}

/** allocate_raise$01 cap:uint64 lineId:bits160 = AllocateEntry; `cap` is absolute. */
export interface RaiseEntry {
  kind: 'raise';
  cap: Nano;
  lineId: Buffer;
}

/** allocate_close$10 lineId:bits160 = AllocateEntry */
export interface CloseEntry {
  kind: 'close';
  lineId: Buffer;
}

const KIND = { open: 0, raise: 1, close: 2 } as const;
const KIND_BITS = 2;
const BITS = { open: 802, raise: 226, close: 162 } as const;
const CELL_BITS = 1023;
export const ALLOCATE_MAX_ENTRIES = 255;

/** The line that an entry opens, given the Worker address that belongs to its provider and index. */
export function openedLine(entry: OpenEntry, workerAddress: Buffer): Line {
  const { settleBy, feeBps, feeTo, workerKey } = entry;
  return { workerAddress, settleBy, feeBps, feeTo, workerKey };
}

/** The entry that opens `line` at the Worker of `provider` and `index`. */
export function openEntry(line: Line, worker: { provider: Buffer; index: number }, cap: Nano): OpenEntry {
  const { settleBy, feeBps, feeTo, workerKey } = line;
  return { kind: 'open', cap, ...worker, settleBy, feeBps, feeTo, workerKey };
}

/**
 * Seals entries into as few cells as hold them, in order; each cell refers to the next. An opening ends its cell: the
 * escrow takes all that follows for the line's own fields.
 */
export function storeEntries(entries: readonly AllocateEntry[]): Cell {
  if (entries.length < 1 || entries.length > ALLOCATE_MAX_ENTRIES) {
    throw new RangeError(`Allocate: ${entries.length} entries, expected 1 to ${ALLOCATE_MAX_ENTRIES}`);
  }
  const groups: AllocateEntry[][] = [[]];
  let bits = 0;
  for (const entry of entries) {
    const isEnded = groups.at(-1)!.at(-1)?.kind === 'open';
    if (isEnded || bits + BITS[entry.kind] > CELL_BITS) {
      groups.push([]);
      bits = 0;
    }
    groups.at(-1)!.push(entry);
    bits += BITS[entry.kind];
  }
  return groups.reduceRight<Cell | null>((next, group) => {
    const builder = beginCell();
    for (const entry of group) builder.store(storeEntry(entry));
    if (next) builder.storeRef(next);
    return builder.endCell();
  }, null)!;
}

/** Reads a list back; throws RangeError on an unknown kind, and on an opening that does not end its cell. */
export function loadEntries(list: Cell): AllocateEntry[] {
  const entries: AllocateEntry[] = [];
  for (let cell: Cell | null = list; cell;) {
    const slice: Slice = cell.beginParse();
    while (slice.remainingBits > 0) {
      const entry = loadEntry(slice);
      entries.push(entry);
      if (entry.kind === 'open' && slice.remainingBits > 0)
        throw new RangeError('Allocate: an opening must end its cell');
    }
    if (entries.length > ALLOCATE_MAX_ENTRIES) throw new RangeError('Allocate: too many entries');
    cell = slice.remainingRefs > 0 ? slice.loadRef() : null;
  }
  return entries;
}

const storeEntry = (entry: AllocateEntry) => (builder: Builder) => {
  builder.storeUint(KIND[entry.kind], KIND_BITS);
  if (entry.kind === 'open') {
    builder
      .storeUint(entry.cap, 64)
      .storeBuffer(entry.provider, 32)
      .storeUint(entry.index, 16)
      .storeUint(entry.settleBy, 32)
      .storeUint(entry.feeBps, 16)
      .storeBuffer(entry.feeTo, LINE_ID_BYTES)
      .storeBuffer(entry.workerKey, 32);
    return;
  }
  if (entry.kind === 'raise') builder.storeUint(entry.cap, 64);
  builder.storeBuffer(entry.lineId, LINE_ID_BYTES);
};

function loadEntry(slice: Slice): AllocateEntry {
  const kind = slice.loadUint(KIND_BITS);
  switch (kind) {
    case KIND.open:
      return {
        kind: 'open',
        cap: slice.loadUintBig(64) as Nano,
        provider: slice.loadBuffer(32),
        index: slice.loadUint(16),
        settleBy: slice.loadUint(32),
        feeBps: slice.loadUint(16),
        feeTo: slice.loadBuffer(LINE_ID_BYTES),
        workerKey: slice.loadBuffer(32),
      };
    case KIND.raise:
      return { kind: 'raise', cap: slice.loadUintBig(64) as Nano, lineId: slice.loadBuffer(LINE_ID_BYTES) };
    case KIND.close:
      return { kind: 'close', lineId: slice.loadBuffer(LINE_ID_BYTES) };
    default:
      throw new RangeError(`Allocate: unknown kind ${kind}`);
  }
}

/** What of an allocation is not on the wire is in `domain` and the tag; the rest travels after the signature. */
export const storeFields = (allocate: Allocate) => (builder: Builder) => {
  builder
    .storeUint(allocate.seqno, 32)
    .storeUint(allocate.validUntil, 32)
    .storeUint(allocate.raiseSum, 64)
    .storeUint(allocate.entries.length, 8)
    .storeRef(storeEntries(allocate.entries));
};

export function storeAllocate(allocate: Allocate): Cell {
  return beginCell()
    .storeUint(TAG.allocate, 32)
    .storeBuffer(allocate.domain, 32)
    .store(storeFields(allocate))
    .endCell();
}

export function loadAllocate(cell: Cell): Allocate {
  const slice = cell.beginParse();
  if (slice.loadUint(32) !== TAG.allocate) throw new RangeError('Allocate: wrong tag');
  const domain = slice.loadBuffer(32);
  const [seqno, validUntil] = [slice.loadUint(32), slice.loadUint(32)];
  const raiseSum = slice.loadUintBig(64) as Nano;
  const count = slice.loadUint(8);
  const entries = loadEntries(slice.loadRef());
  slice.endParse();
  if (entries.length !== count)
    throw new RangeError(`Allocate: ${entries.length} entries, announced ${count}`);
  return { domain, seqno, validUntil, raiseSum, entries };
}

/** What the signer signs. */
export function allocateHash(allocate: Allocate): Buffer {
  return storeAllocate(allocate).hash();
}

import { beginCell, type Cell } from '@ton/core';
import fc from 'fast-check';
import {
  ALLOCATE_MAX_ENTRIES,
  allocateHash,
  loadAllocate,
  loadEntries,
  openEntry,
  openedLine,
  storeAllocate,
  storeEntries,
  type Allocate,
  type AllocateEntry,
} from '../../../src/protocol/allocate';
import { nano } from '../../../src/protocol/amounts';
import { lineFields } from '../../../src/protocol/line';
import { bytes, structOf } from './arbitraries';

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const u16 = fc.integer({ min: 0, max: 0xffff });
const amount = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(nano);
const opens: fc.Arbitrary<AllocateEntry> = fc.record({
  kind: fc.constant('open' as const),
  cap: amount,
  provider: bytes(32),
  index: u16,
  settleBy: u32,
  feeBps: u16,
  feeTo: bytes(20),
  workerKey: bytes(32),
});
const entries: fc.Arbitrary<AllocateEntry> = fc.oneof(
  opens,
  fc.record({ kind: fc.constant('raise' as const), cap: amount, lineId: bytes(20) }),
  fc.record({ kind: fc.constant('close' as const), lineId: bytes(20) }),
);
const allocations: fc.Arbitrary<Allocate> = fc.record({
  domain: bytes(32),
  seqno: u32,
  validUntil: u32,
  raiseSum: amount,
  entries: fc.array(entries, { minLength: 1, maxLength: 20 }),
});
const closing = (n: number): AllocateEntry => ({ kind: 'close', lineId: Buffer.alloc(20, n) });

function cellsOf(list: Cell): Cell[] {
  return [list, ...list.refs.flatMap(cellsOf)];
}

describe('allocation', () => {
  it('is read back exactly, entries in order', () => {
    fc.assert(fc.property(allocations, (value) => expect(loadAllocate(storeAllocate(value))).toEqual(value)));
  });

  it('has another hash when anything in it differs', () => {
    const [value] = fc.sample(allocations, { numRuns: 1, seed: 1 }) as [Allocate];
    const hash = allocateHash(value);
    for (const changed of [
      { ...value, domain: Buffer.alloc(32) },
      { ...value, seqno: (value.seqno ^ 1) >>> 0 },
      { ...value, validUntil: (value.validUntil ^ 1) >>> 0 },
      { ...value, raiseSum: nano(value.raiseSum ^ 1n) },
      { ...value, entries: [...value.entries, closing(1)] },
      { ...value, entries: [closing(1), ...value.entries.slice(1)] },
    ]) {
      expect(allocateHash(changed)).not.toEqual(hash);
    }
  });

  it('takes 1 to 255 entries', () => {
    const many = Array.from({ length: ALLOCATE_MAX_ENTRIES }, (_, i) => closing(i));
    expect(loadEntries(storeEntries(many))).toEqual(many);
    expect(() => storeEntries([...many, closing(0)])).toThrow(RangeError);
    expect(() => storeEntries([])).toThrow(RangeError);
    expect(loadEntries(storeEntries([closing(7)]))).toEqual([closing(7)]);
  });

  it('fills each cell with as many entries as fit, and no entry is torn', () => {
    const closes = Array.from({ length: 13 }, (_, i) => closing(i));
    const sizes = cellsOf(storeEntries(closes)).map((cell) => cell.bits.length);
    expect(sizes).toEqual([6 * 162, 6 * 162, 162]);
    const raise: AllocateEntry = { kind: 'raise', cap: nano(1), lineId: Buffer.alloc(20) };
    const fullest = [raise, raise, raise, closing(1), closing(2)];
    expect(cellsOf(storeEntries(fullest)).map((cell) => cell.bits.length)).toEqual([3 * 226 + 2 * 162]);
  });

  it('ends a cell with each opening, whose rest the escrow takes for the line', () => {
    const [opening] = fc.sample(opens, { numRuns: 1, seed: 3 }) as [AllocateEntry];
    const sizes = cellsOf(storeEntries([closing(1), opening, closing(2)])).map((cell) => cell.bits.length);
    expect(sizes).toEqual([162 + 802, 162]);
    const longer = beginCell()
      .storeSlice(storeEntries([opening]).beginParse())
      .storeUint(0, 8)
      .endCell();
    expect(() => loadEntries(longer)).toThrow('an opening must end its cell');
  });

  it('is refused with another tag, another count, an unknown kind or something behind it', () => {
    const [value] = fc.sample(allocations, { numRuns: 1, seed: 2 }) as [Allocate];
    const good = storeAllocate(value);
    const rebuilt = (change: (bits: Buffer) => void): Cell => {
      const data = Buffer.from(good.beginParse().loadBuffer(53));
      change(data);
      return beginCell().storeBuffer(data).storeRef(good.refs[0]!).endCell();
    };
    expect(loadAllocate(rebuilt(() => undefined))).toEqual(value);
    expect(() => loadAllocate(rebuilt((data) => (data[0]! ^= 1)))).toThrow('wrong tag');
    expect(() => loadAllocate(rebuilt((data) => (data[52]! ^= 1)))).toThrow('announced');
    expect(() => loadEntries(beginCell().storeUint(3, 2).storeUint(0, 160).endCell())).toThrow(
      'unknown kind 3',
    );
    const longer = beginCell().storeSlice(good.beginParse()).storeUint(0, 8).endCell();
    expect(() => loadAllocate(longer)).toThrow();
  });

  it('entry that opens a line names that line again', () => {
    fc.assert(
      fc.property(structOf(lineFields), bytes(32), u16, amount, (line, provider, index, cap) => {
        const entry = openEntry(line, { provider, index }, cap);
        expect(openedLine(entry, line.workerAddress)).toEqual(line);
        expect(entry).toMatchObject({ kind: 'open', provider, index, cap });
      }),
    );
  });
});

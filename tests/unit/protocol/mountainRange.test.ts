import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { LIMITS } from '../../../src/protocol/limits';
import {
  EMPTY_RANGE,
  append,
  appendWithProof,
  decodeProof,
  encodeProof,
  leafHash,
  prove,
  rootFromProof,
  rootOf,
  type InclusionProof,
  type MountainRange,
} from '../../../src/protocol/mountainRange';
import { bytes } from './arbitraries';

const leaves = fc.array(bytes(32), { minLength: 1, maxLength: 70 });

/** The definition, written plainly: trees over the binary digits of the count, folded from the right. */
function naiveRoot(all: readonly Buffer[]): Buffer {
  const sha = (...parts: Buffer[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();
  const tree = (part: readonly Buffer[]): Buffer => {
    if (part.length === 1) return part[0]!;
    const half = part.length / 2;
    return sha(Buffer.from([1]), tree(part.slice(0, half)), tree(part.slice(half)));
  };
  const peaks: Buffer[] = [];
  let rest = all;
  for (let size = 2 ** 10; size >= 1; size /= 2) {
    if ((all.length & size) === 0) continue;
    peaks.push(tree(rest.slice(0, size)));
    rest = rest.slice(size);
  }
  let bag = peaks.pop()!;
  while (peaks.length > 0) bag = sha(Buffer.from([1]), peaks.pop()!, bag);
  const count = Buffer.alloc(8);
  count.writeBigUInt64BE(BigInt(all.length));
  return sha(Buffer.from([2]), count, bag);
}

const rangeOf = (all: readonly Buffer[]): MountainRange => all.reduce(append, EMPTY_RANGE);
const numbered = (count: number): Buffer[] =>
  Array.from({ length: count }, (_, i) => leafHash(Buffer.from(String(i))));

describe('mountain range', () => {
  it('has the root of the plain definition', () => {
    fc.assert(fc.property(leaves, (all) => expect(rootOf(rangeOf(all))).toEqual(naiveRoot(all))));
  });

  it('proves every leaf of every size up to 70', () => {
    const all = numbered(70);
    for (let count = 1; count <= all.length; count++) {
      const some = all.slice(0, count);
      const root = rootOf(rangeOf(some));
      some.forEach((leaf, index) => expect(rootFromProof(leaf, prove(some, index))).toEqual(root));
    }
  });

  it('proves its newest leaf from the peaks alone, exactly as from all leaves', () => {
    let range = EMPTY_RANGE;
    const all = numbered(300);
    all.forEach((leaf, index) => {
      const appended = appendWithProof(range, leaf);
      expect(appended.proof).toEqual(prove(all.slice(0, index + 1), index));
      expect(appended.range).toEqual(append(range, leaf));
      expect(rootFromProof(leaf, appended.proof)).toEqual(rootOf(appended.range));
      range = appended.range;
    });
  });

  it('leaves the range it was given as it was', () => {
    const before = rangeOf(numbered(7));
    const kept = structuredClone(before);
    const { proof } = appendWithProof(before, leafHash(Buffer.from('x')));
    proof.siblings.reverse();
    proof.peaks.reverse();
    expect(before).toEqual(kept);
  });

  it('names one list: another leaf, order, length or index has another root or none', () => {
    fc.assert(
      fc.property(leaves, fc.nat(), bytes(32), (all, pick, stranger) => {
        const index = pick % all.length;
        const proof = prove(all, index);
        const root = rootOf(rangeOf(all));
        if (!stranger.equals(all[index]!)) expect(rootFromProof(stranger, proof)).not.toEqual(root);
        expect(rootFromProof(all[index]!, { ...proof, count: proof.count + 1 })).not.toEqual(root);
        for (let other = 0; other < all.length; other++) {
          if (other !== index && !all[other]!.equals(all[index]!)) {
            expect(rootFromProof(all[index]!, { ...proof, index: other })).not.toEqual(root);
          }
        }
        const longer = rangeOf([...all, stranger]);
        expect(rootOf(longer)).not.toEqual(root);
      }),
      { numRuns: 40 },
    );
  });

  it('takes no inner node for a leaf', () => {
    const all = numbered(4);
    const inner = createHash('sha256')
      .update(Buffer.concat([Buffer.from([1]), all[0]!, all[1]!]))
      .digest();
    expect(leafHash(Buffer.concat([all[0]!, all[1]!]))).not.toEqual(inner);
    const root = rootOf(rangeOf(all));
    const short: InclusionProof = { index: 0, count: 2, siblings: [prove(all, 0).siblings[1]!], peaks: [] };
    expect(rootFromProof(inner, short)).not.toEqual(root);
    expect(rootFromProof(inner, { ...short, count: 4 })).toBeNull();
  });

  it('answers null, never throws, for a proof of the wrong shape', () => {
    const all = numbered(7);
    const good = prove(all, 5);
    const one = Buffer.alloc(32);
    for (const bad of [
      { ...good, siblings: [...good.siblings, one] },
      { ...good, siblings: [] },
      { ...good, peaks: [...good.peaks, one] },
      { ...good, peaks: good.peaks.slice(1) },
      { ...good, siblings: [Buffer.alloc(31)] },
      { ...good, peaks: [Buffer.alloc(33), ...good.peaks.slice(1)] },
      { ...good, index: -1 },
      { ...good, index: 7 },
      { ...good, index: 1.5 },
      { ...good, count: 0 },
      { ...good, count: NaN },
      { ...good, count: 2 ** 40 + 1 },
    ]) {
      expect(rootFromProof(all[5]!, bad)).toBeNull();
    }
    expect(rootFromProof(all[5]!.subarray(1), good)).toBeNull();
    const lonely = (log2: number): InclusionProof => ({
      index: 2 ** log2,
      count: 2 ** log2 + 1,
      siblings: [],
      peaks: [one],
    });
    expect(rootFromProof(one, lonely(40))).toBeNull();
    expect(rootFromProof(one, lonely(39))).not.toBeNull();
    expect(rootFromProof(all[5]!, good)).toEqual(rootOf(rangeOf(all)));
  });

  it('refuses to grow from a state that no list has', () => {
    const leaf = leafHash(Buffer.from('x'));
    const { peaks } = rangeOf(numbered(5));
    expect(() => append({ count: 5, peaks: peaks.slice(1) }, leaf)).toThrow(RangeError);
    expect(() => append({ count: 4, peaks }, leaf)).toThrow(RangeError);
    expect(() => append({ count: 5, peaks: [peaks[0]!, Buffer.alloc(31)] }, leaf)).toThrow(RangeError);
    expect(() => append({ count: -1, peaks: [] }, leaf)).toThrow(RangeError);
    expect(() => append({ count: 5, peaks }, Buffer.alloc(31))).toThrow(RangeError);
    expect(() => append({ count: 2 ** 40, peaks: [leaf] }, leaf)).toThrow(/full/);
    expect(append({ count: 2 ** 40 - 2, peaks: new Array<Buffer>(39).fill(leaf) }, leaf).count).toBe(
      2 ** 40 - 1,
    );
    expect(append({ count: 5, peaks }, leaf).count).toBe(6);
  });

  it('has the zero root before the first job', () => {
    expect(rootOf(EMPTY_RANGE)).toEqual(Buffer.alloc(32));
  });
});

describe('inclusion proof', () => {
  it('is read back from its bytes exactly', () => {
    fc.assert(
      fc.property(leaves, fc.nat(), (all, pick) => {
        const proof = prove(all, pick % all.length);
        const packet = encodeProof(proof);
        const read = decodeProof(packet);
        packet.fill(0xee);
        expect(read).toEqual(proof);
      }),
    );
  });

  it('with a cut hash is not written', () => {
    const proof = prove(numbered(7), 3);
    const [first, ...rest] = proof.siblings;
    expect(() => encodeProof({ ...proof, siblings: [first!.subarray(1), ...rest] })).toThrow(RangeError);
  });

  it('is refused a byte short, a byte long, and above its limit before anything is read', () => {
    const packet = encodeProof(prove(numbered(7), 3));
    expect(() => decodeProof(packet.subarray(1))).toThrow(RangeError);
    expect(() => decodeProof(Buffer.concat([packet, Buffer.alloc(1)]))).toThrow(RangeError);
    expect(() => decodeProof(Buffer.alloc(13))).toThrow(RangeError);
    expect(() => decodeProof(Buffer.alloc(LIMITS.inclusionProofMaxBytes + 1))).toThrow(/at most/);
    expect(decodeProof(packet).index).toBe(3);
  });

  it('takes at most 2 KB for any leaf of any list, and 686 bytes up to a million jobs', () => {
    const worst = (log2: number): number => 14 + 32 * (log2 + 1);
    const proofBytes = (count: number, index: number): number => {
      // The mountains before the leaf's own, then the height of its own, then one fold if smaller ones follow.
      let start = 0;
      let larger = 0;
      for (let size = 2 ** Math.floor(Math.log2(count)); ; size /= 2) {
        if (count - start < size) continue;
        if (index < start + size)
          return 14 + 32 * (Math.log2(size) + larger + (start + size < count ? 1 : 0));
        start += size;
        larger++;
      }
    };
    const sizes = numbered(70).map((_, index) => encodeProof(prove(numbered(70), index)).length);
    expect(sizes).toEqual(sizes.map((_, index) => proofBytes(70, index)));

    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 ** 40 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (count, at) => {
          const index = Math.min(count - 1, Math.floor(at * count));
          expect(proofBytes(count, index)).toBeLessThanOrEqual(worst(Math.floor(Math.log2(count))));
        },
      ),
    );
    expect(worst(Math.floor(Math.log2(1_000_000)))).toBeLessThanOrEqual(686);
    expect(worst(40)).toBeLessThanOrEqual(LIMITS.inclusionProofMaxBytes);
  });

  it('holds in a real list of 2^17 + 3 jobs', () => {
    const all = numbered(2 ** 17 + 3);
    const root = rootOf(rangeOf(all));
    for (const index of [0, 99_999, 2 ** 17 - 1, 2 ** 17, 2 ** 17 + 2]) {
      expect(rootFromProof(all[index]!, prove(all, index))).toEqual(root);
    }
  });
});

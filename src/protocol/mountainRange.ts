import { requireBytes } from './fields';
import { sha256 } from './hash';
import { LIMITS } from './limits';

/**
 * An append-only Merkle mountain range over the job records of one line (after Todd, 2012). State is the peaks
 * only, at most 64 hashes. `root = SHA-256(2 ‖ count ‖ bag)`, the bag folding the peaks from the smallest to the
 * largest; so a root names exactly one list. Leaf and node hashes carry different first bytes.
 */
export interface MountainRange {
  readonly count: number;
  /** One peak per set bit of `count`, largest mountain first. */
  readonly peaks: readonly Buffer[];
}

/** Shows that a leaf stands at `index` among `count` leaves. */
export interface InclusionProof {
  index: number;
  count: number;
  /** Sibling hashes from the leaf to its peak. */
  siblings: Buffer[];
  /** The fold of all smaller peaks (empty when there is none), then the larger ones, smallest first. */
  peaks: Buffer[];
}

const HASH_BYTES = 32;
const LEAF = Buffer.from([0]);
const NODE = Buffer.from([1]);
const ROOT = Buffer.from([2]);
const MAX_LEAVES = 2 ** 40;

export const EMPTY_RANGE: MountainRange = { count: 0, peaks: [] };

export function leafHash(record: Uint8Array): Buffer {
  return sha256(LEAF, record);
}

export function append(range: MountainRange, leaf: Buffer): MountainRange {
  return appendWithProof(range, leaf).range;
}

/**
 * Appends a leaf and proves it in the new range. The mountains that the leaf merges with are its siblings, the
 * others are the remaining peaks: so the newest leaf is proven from the peaks alone, without any older leaf.
 */
export function appendWithProof(
  range: MountainRange,
  leaf: Buffer,
): { range: MountainRange; proof: InclusionProof } {
  checkRange(range);
  checkHash(leaf);
  if (range.count >= MAX_LEAVES) throw new RangeError(`MountainRange: full at ${MAX_LEAVES} leaves`);
  const merged = trailingOnes(range.count);
  const kept = range.peaks.slice(0, range.peaks.length - merged);
  const siblings = range.peaks.slice(kept.length).reverse();
  const peak = siblings.reduce((node, sibling) => parent(sibling, node), leaf);
  const count = range.count + 1;
  return {
    range: { count, peaks: [...kept, peak] },
    proof: { index: range.count, count, siblings, peaks: [...kept].reverse() },
  };
}

export function rootOf(range: MountainRange): Buffer {
  if (range.count === 0) return Buffer.alloc(32);
  return sealRoot(range.count, foldPeaks(range.peaks)!);
}

/** Builds a proof from all leaves; O(count). A store that keeps inner nodes can do better. */
export function prove(leaves: readonly Buffer[], index: number): InclusionProof {
  if (index < 0 || index >= leaves.length) throw new RangeError(`no leaf ${index} among ${leaves.length}`);
  const sizes = mountainSizes(leaves.length);
  const peaks: Buffer[] = [];
  let start = 0;
  let own = 0;
  let siblings: Buffer[] = [];
  sizes.forEach((size, i) => {
    let level = leaves.slice(start, start + size);
    let at = index - start;
    const holds = at >= 0 && at < size;
    if (holds) own = i;
    const path: Buffer[] = [];
    while (level.length > 1) {
      if (holds) path.push(level[at ^ 1]!);
      at = Math.floor(at / 2);
      level = pairUp(level);
    }
    if (holds) siblings = path;
    peaks.push(level[0]!);
    start += size;
  });
  return { index, count: leaves.length, siblings, peaks: otherPeaks(peaks, own) };
}

/** The root that `proof` leads to for `leaf`, or null when the proof has not the shape its index and count demand. */
export function rootFromProof(leaf: Buffer, proof: InclusionProof): Buffer | null {
  const { index, count } = proof;
  if (!Number.isSafeInteger(count) || count < 1 || count > MAX_LEAVES) return null;
  if (!Number.isSafeInteger(index) || index < 0 || index >= count) return null;
  const sizes = mountainSizes(count);
  let start = 0;
  let own = 0;
  while (index >= start + sizes[own]!) start += sizes[own++]!;
  const smaller = own < sizes.length - 1 ? 1 : 0;
  if (proof.siblings.length !== Math.log2(sizes[own]!) || proof.peaks.length !== smaller + own) return null;
  if (![leaf, ...proof.siblings, ...proof.peaks].every((hash) => hash.length === HASH_BYTES)) return null;

  let node = leaf;
  let at = index - start;
  for (const sibling of proof.siblings) {
    node = at % 2 === 1 ? parent(sibling, node) : parent(node, sibling);
    at = Math.floor(at / 2);
  }
  if (smaller === 1) node = parent(node, proof.peaks[0]!);
  for (const peak of proof.peaks.slice(smaller)) node = parent(peak, node);
  return sealRoot(count, node);
}

/** `index:48 ‖ count:48 ‖ siblings:8 ‖ peaks:8 ‖ hashes`. */
const PROOF_HEAD_BYTES = 14;

export function encodeProof(proof: InclusionProof): Buffer {
  const hashes = [...proof.siblings, ...proof.peaks];
  hashes.forEach(checkHash);
  const head = Buffer.alloc(PROOF_HEAD_BYTES);
  head.writeUIntBE(proof.index, 0, 6);
  head.writeUIntBE(proof.count, 6, 6);
  head.writeUInt8(proof.siblings.length, 12);
  head.writeUInt8(proof.peaks.length, 13);
  return Buffer.concat([head, ...hashes]);
}

/** Throws RangeError on a wrong length; whether the shape fits index and count is `rootFromProof`'s to say. */
export function decodeProof(bytes: Uint8Array): InclusionProof {
  if (bytes.length > LIMITS.inclusionProofMaxBytes) {
    throw new RangeError(`InclusionProof: ${bytes.length} bytes, at most ${LIMITS.inclusionProofMaxBytes}`);
  }
  if (bytes.length < PROOF_HEAD_BYTES) throw new RangeError(`InclusionProof: ${bytes.length} bytes, no head`);
  const own = Buffer.from(bytes);
  const siblings = own.readUInt8(12);
  const hashCount = siblings + own.readUInt8(13);
  requireBytes('InclusionProof', own, PROOF_HEAD_BYTES + HASH_BYTES * hashCount);
  const hashes = Array.from({ length: hashCount }, (_, i) => {
    const at = PROOF_HEAD_BYTES + HASH_BYTES * i;
    return own.subarray(at, at + HASH_BYTES);
  });
  return {
    index: own.readUIntBE(0, 6),
    count: own.readUIntBE(6, 6),
    siblings: hashes.slice(0, siblings),
    peaks: hashes.slice(siblings),
  };
}

/** A range read back from a store is input: a wrong number of peaks would sign a root that nothing leads to. */
function checkRange({ count, peaks }: MountainRange): void {
  if (!Number.isSafeInteger(count) || count < 0 || count > MAX_LEAVES) {
    throw new RangeError(`MountainRange: count ${count}`);
  }
  if (peaks.length !== mountainSizes(count).length) {
    throw new RangeError(`MountainRange: ${peaks.length} peaks do not fit ${count} leaves`);
  }
  peaks.forEach(checkHash);
}

function checkHash(hash: Buffer): void {
  requireBytes('MountainRange hash', hash, HASH_BYTES);
}

/** How many mountains the next leaf merges with. */
function trailingOnes(count: number): number {
  let ones = 0;
  for (let rest = count; rest % 2 === 1; rest = (rest - 1) / 2) ones++;
  return ones;
}

function parent(left: Buffer, right: Buffer): Buffer {
  return sha256(NODE, left, right);
}

function sealRoot(count: number, bag: Buffer): Buffer {
  const counted = Buffer.alloc(8);
  counted.writeBigUInt64BE(BigInt(count));
  return sha256(ROOT, counted, bag);
}

function foldPeaks(peaks: readonly Buffer[]): Buffer | undefined {
  return peaks.reduceRight<Buffer | undefined>((bag, peak) => (bag ? parent(peak, bag) : peak), undefined);
}

function otherPeaks(peaks: readonly Buffer[], own: number): Buffer[] {
  const smaller = foldPeaks(peaks.slice(own + 1));
  return [...(smaller ? [smaller] : []), ...peaks.slice(0, own).reverse()];
}

function pairUp(level: readonly Buffer[]): Buffer[] {
  const next: Buffer[] = [];
  for (let i = 0; i < level.length; i += 2) next.push(parent(level[i]!, level[i + 1]!));
  return next;
}

/** Powers of two that add up to `count`, largest first. */
function mountainSizes(count: number): number[] {
  const sizes: number[] = [];
  for (let size = 2 ** Math.floor(Math.log2(count)), rest = count; rest > 0; size /= 2) {
    if (rest >= size) {
      sizes.push(size);
      rest -= size;
    }
  }
  return sizes;
}

import { sha256 } from '../protocol/hash';
import { BASECHAIN, MASTERCHAIN, WHOLE_SHARD } from './network';

/**
 * Which block exists when. Only blocks with transactions (and jumps of the interval) are stored, as anchors;
 * an empty block follows from the anchor before it, so an idle chain costs nothing and a jump of the clock mints
 * any number of blocks at once.
 */
export interface Anchor {
  seqno: number;
  timeMs: number;
  /** Distance of the empty blocks that follow. */
  intervalMs: number;
  /** SHA-256 over the transaction hashes; zero for none. */
  contentHash: Buffer;
  startLt: bigint;
  endLt: bigint;
}

export interface BlockId {
  workchain: number;
  shard: bigint;
  seqno: number;
  rootHash: Buffer;
  fileHash: Buffer;
}

export const NO_CONTENT: Buffer = Buffer.alloc(32);

/** The newest block at `nowMs`, given the newest anchor. */
export function headAt(anchor: Anchor, nowMs: number): { seqno: number; timeMs: number } {
  const passed = Math.max(0, Math.floor((nowMs - anchor.timeMs) / anchor.intervalMs));
  return { seqno: anchor.seqno + passed, timeMs: anchor.timeMs + passed * anchor.intervalMs };
}

/** Time of block `seqno`, given the last anchor at or before it, or the first anchor for blocks before genesis. */
export function blockTimeMs(anchor: Anchor, seqno: number): number {
  return anchor.timeMs + (seqno - anchor.seqno) * anchor.intervalMs;
}

const ROOT = Buffer.from('devnet/block-root\0', 'latin1');
const FILE = Buffer.from('devnet/block-file\0', 'latin1');

/** Ids are hashes of what makes a block: the chain, its place, its time and its transactions. */
export function blockId(chain: Buffer, anchor: Anchor, seqno: number, workchain: number): BlockId {
  const head = Buffer.alloc(16);
  head.writeInt32BE(workchain, 0);
  head.writeUInt32BE(seqno, 4);
  head.writeBigUInt64BE(BigInt(blockTimeMs(anchor, seqno)), 8);
  const content = seqno === anchor.seqno ? anchor.contentHash : NO_CONTENT;
  const rootHash = sha256(ROOT, chain, head, content);
  return { workchain, shard: WHOLE_SHARD, seqno, rootHash, fileHash: sha256(FILE, rootHash) };
}

/** Masterchain and basechain advance together, one shard block per masterchain block. */
export function isKnownChain(workchain: number): boolean {
  return workchain === MASTERCHAIN || workchain === BASECHAIN;
}

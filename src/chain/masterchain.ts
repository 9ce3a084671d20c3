import type { ChainClient } from './chainClient';

/** A masterchain block that contracts can still look up. */
export interface MasterchainBlock {
  seqno: number;
  rootHash: Buffer;
}

/** Contracts see the last sixteen masterchain blocks whose number divides by 100 (PREVMCBLOCKS_100). */
export const BLOCK_STEP = 100;
export const BLOCKS_SEEN = 16;

/**
 * The newest block that a quote can be bound to. Masterchain blocks are final, and a shard knows this one before a message
 * that is sent now arrives. Throws CocoonError `chain_unavailable`.
 */
export async function newestSharedBlock(client: ChainClient): Promise<MasterchainBlock> {
  const seqno = newestNumber(await client.masterchainSeqno());
  return { seqno, rootHash: await client.masterchainRoot(seqno) };
}

/**
 * All blocks that contracts see now, newest first; fewer where the endpoint does not know the older ones. For whoever
 * wants to tell how old a quote is: a worker needs the newest only.
 */
export async function sharedBlocks(client: ChainClient): Promise<MasterchainBlock[]> {
  const newest = newestNumber(await client.masterchainSeqno());
  const numbers = Array.from({ length: BLOCKS_SEEN }, (_, i) => newest - i * BLOCK_STEP);
  const found = await Promise.allSettled(
    numbers.map(async (seqno) => ({ seqno, rootHash: await client.masterchainRoot(seqno) })),
  );
  // The newest must be there; the others are gone where history is cut.
  if (found[0]?.status === 'rejected') throw found[0].reason;
  return found.flatMap((block) => (block.status === 'fulfilled' ? [block.value] : []));
}

function newestNumber(seqno: number): number {
  return seqno - (seqno % BLOCK_STEP);
}

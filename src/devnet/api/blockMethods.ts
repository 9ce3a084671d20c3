import { z } from 'zod';
import { DEVNET_LIMITS } from '../limits';
import { BASECHAIN, FIRST_LISTED_SEQNO, FIRST_SEQNO, MASTERCHAIN, WHOLE_SHARD } from '../network';
import { headAt, isKnownChain } from '../timeline';
import { ApiError } from './apiError';
import { method, type ApiContext } from './method';
import { addressParam, hashParam, integerParam, ltParam } from './params';
import { blockIdJson } from './render';

export const getMasterchainInfo = method(z.object({}), ({ ledger }) => {
  const last = ledger.id(ledger.head().seqno, MASTERCHAIN);
  return {
    '@type': 'blocks.masterchainInfo',
    last: blockIdJson(last),
    state_root_hash: last.rootHash.toString('base64'),
    init: blockIdJson(ledger.id(FIRST_SEQNO, MASTERCHAIN)),
  };
});

export const getConsensusBlock = method(z.object({}), ({ ledger }) => {
  const { seqno, timeMs } = ledger.head();
  return { consensus_block: seqno, timestamp: timeMs / 1000 };
});

export const getShards = method(z.object({ seqno: integerParam }), ({ ledger }, { seqno }) => {
  requireBlock(ledger, MASTERCHAIN, seqno);
  return { '@type': 'blocks.shards', shards: [blockIdJson(ledger.id(seqno, BASECHAIN))] };
});

const place = {
  workchain: integerParam,
  shard: z.union([z.string(), z.number()]).transform(String),
  seqno: integerParam,
};

export const getBlockHeader = method(z.object(place), ({ ledger }, { workchain, shard, seqno }) => {
  requireBlock(ledger, workchain, seqno, shard);
  const anchor = ledger.anchorOf(seqno);
  const isAnchor = anchor.seqno === seqno;
  return {
    '@type': 'blocks.header',
    id: blockIdJson(ledger.id(seqno, workchain)),
    global_id: ledger.networkId,
    version: 0,
    after_merge: false,
    after_split: false,
    before_split: false,
    want_merge: false,
    want_split: false,
    validator_list_hash_short: 0,
    catchain_seqno: 0,
    min_ref_mc_seqno: seqno - 1,
    is_key_block: seqno === FIRST_SEQNO,
    prev_key_block_seqno: FIRST_SEQNO,
    start_lt: (isAnchor ? anchor.startLt : anchor.endLt).toString(),
    end_lt: anchor.endLt.toString(),
    gen_utime: Math.floor(ledger.timeMs(seqno) / 1000),
    prev_blocks: [blockIdJson(ledger.id(seqno - 1, workchain))],
  };
});

export const lookupBlock = method(
  z.object({
    workchain: integerParam,
    shard: place.shard,
    seqno: integerParam.optional(),
    lt: ltParam.optional(),
    unixtime: integerParam.optional(),
  }),
  ({ store, ledger }, { workchain, shard, seqno, lt, unixtime }) => {
    const found =
      seqno ??
      (lt !== undefined ? store.anchorWithLt(lt)?.seqno : unixtime !== undefined ? atTime(unixtime) : null);
    if (found === null) throw new ApiError(422, 'one of seqno, lt and unixtime is needed');
    if (found === undefined) throw new ApiError(404, 'block not found');
    requireBlock(ledger, workchain, isListed(workchain, found) ? FIRST_SEQNO : found, shard);
    return blockIdJson(ledger.id(found, workchain));

    /** The first block at or after a time. */
    function atTime(unix: number): number {
      const anchor = store.lastAnchorBefore(unix * 1000);
      if (!anchor) return FIRST_SEQNO;
      const before = headAt(anchor, unix * 1000 - 1);
      return before.seqno + 1;
    }
  },
);

export const getBlockTransactions = method(
  z.object({
    ...place,
    count: integerParam.pipe(z.number().min(1).max(DEVNET_LIMITS.blockTransactionsPageMax)).optional(),
    after_lt: ltParam.default(0n),
    after_hash: hashParam.optional(),
    root_hash: z.string().optional(),
    file_hash: z.string().optional(),
  }),
  ({ store, ledger }, { workchain, shard, seqno, count, after_lt: afterLt }) => {
    requireBlock(ledger, workchain, seqno, shard);
    // More than any block holds, so that a caller who names no count sees the whole block.
    const limit = count ?? DEVNET_LIMITS.blockTransactionsPageMax;
    const rows = store
      .blockTransactions(seqno, afterLt, DEVNET_LIMITS.blockTransactionsPageMax)
      .filter((row) => row.account.startsWith(`${workchain}:`));
    return {
      '@type': 'blocks.transactions',
      id: blockIdJson(ledger.id(seqno, workchain)),
      req_count: limit,
      incomplete: rows.length > limit,
      transactions: rows.slice(0, limit).map((row) => ({
        '@type': 'blocks.shortTxId',
        mode: 135,
        account: row.account,
        lt: row.lt.toString(),
        hash: row.hash.toString('base64'),
      })),
    };
  },
);

function requireBlock(ledger: ApiContext['ledger'], workchain: number, seqno: number, shard?: string): void {
  const known = isKnownChain(workchain) && (shard === undefined || isWholeShard(shard));
  if (!known || seqno < FIRST_SEQNO || seqno > ledger.head().seqno) {
    throw new ApiError(500, `LITE_SERVER_NOTREADY: block (${workchain},${seqno}) is not known`);
  }
}

/** Blocks before the first that contracts are shown all the same: whoever binds to them must find their ids. */
function isListed(workchain: number, seqno: number): boolean {
  return workchain === MASTERCHAIN && seqno >= FIRST_LISTED_SEQNO && seqno < FIRST_SEQNO && seqno % 100 === 0;
}

/** Tools write the shard as a signed integer; JSON numbers of that size lose their last digits. */
function isWholeShard(shard: string): boolean {
  return shard === WHOLE_SHARD.toString() || shard === '-9223372036854776000' || shard === '8000000000000000';
}

export const packAddress = method(z.object({ address: addressParam }), (_context, { address }) =>
  address.toString(),
);
export const unpackAddress = method(z.object({ address: addressParam }), (_context, { address }) =>
  address.toRawString(),
);

import { Address } from '@ton/core';

/** Global id of the devnet (config param 19): nothing signed for it means anything on mainnet, which is -239. */
export const DEVNET_NETWORK_ID = -1001;

/** The whole workchain is one shard. */
export const WHOLE_SHARD = -(2n ** 63n);
export const MASTERCHAIN = -1;
export const BASECHAIN = 0;

/**
 * Seqno of the first block. `PREVMCBLOCKS_100` lists the last sixteen seqnos that divide by 100, so the chain
 * pretends to be older than that from its first transaction on.
 */
export const FIRST_SEQNO = 10_000;
/** The oldest of those sixteen, seen from the first block: it has an id, and nothing else. */
export const FIRST_LISTED_SEQNO = FIRST_SEQNO - 15 * 100;

/** Empty blocks are this far apart when blocks are produced on demand; otherwise at the block interval. */
export const NOMINAL_BLOCK_MS = 400;

/** Where faucet money comes from: mainnet's own minter sends from this address too. */
export const FAUCET_ADDRESS = new Address(MASTERCHAIN, Buffer.alloc(32));
/** The configuration contract, which tools read the parameters from. */
export const CONFIG_ADDRESS = new Address(MASTERCHAIN, Buffer.alloc(32, 0x55));

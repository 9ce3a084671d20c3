import {
  beginCell,
  Cell,
  external,
  loadTransaction,
  storeMessage,
  type Address,
  type StateInit,
  type Transaction,
  type TupleItem,
  type TupleReader,
} from '@ton/core';
import { z } from 'zod';
import { CocoonError } from '../protocol/errors';
import { CHAIN_LIMITS } from './limits';
import { createRpc, type RpcConfig, type RpcDeps } from './rpc';
import { readStack, stackArguments } from './stack';

/** One account in one finalized block. */
export interface AccountSnapshot {
  deployed: boolean;
  balanceNano: bigint;
  /** Bag of cells with its code in base64; empty where there is none. */
  code: string;
  /** Logical time and hash of its last transaction; null when it never had one. */
  last: { lt: bigint; hash: Buffer } | null;
  seqno: number;
  atUnix: number;
}

export interface RawTransaction {
  cell: Cell;
  transaction: Transaction;
  hash: Buffer;
}

/** The chain's own words, before this project gives them a meaning. */
export interface ChainClient {
  account(address: Address): Promise<AccountSnapshot>;
  /** Throws CocoonError `chain_refused` when the method ends with another exit code than 0. */
  getMethod(address: Address, name: string, args?: readonly TupleItem[]): Promise<TupleReader>;
  /** The same, with the logical time of the account's last transaction before the call. */
  getMethodAt(
    address: Address,
    name: string,
    args?: readonly TupleItem[],
  ): Promise<{ stack: TupleReader; lastLt: bigint }>;
  /** Newest first; from the transaction `from`, itself included. */
  transactions(
    address: Address,
    limit: number,
    from?: { lt: bigint; hash: Buffer },
  ): Promise<RawTransaction[]>;
  /** Resolves when the message is accepted for its account, not when it is processed. */
  sendExternal(address: Address, body: Cell, init?: StateInit): Promise<void>;
  /** Null when this endpoint does not tell configuration parameters. */
  configParam(id: number): Promise<Cell | null>;
  /** The newest masterchain block; masterchain blocks are final. */
  masterchainSeqno(): Promise<number>;
  /** Root hash of a masterchain block. */
  masterchainRoot(seqno: number): Promise<Buffer>;
}

const MASTERCHAIN = { workchain: -1, shard: '-9223372036854775808' } as const;

const blockId = z.object({ seqno: z.number() });

const accountReply = z
  .object({
    balance: z.union([z.string(), z.number()]),
    state: z.string(),
    code: z.string().default(''),
    last_transaction_id: z.object({ lt: z.string(), hash: z.string() }),
    block_id: blockId,
    sync_utime: z.number(),
  })
  .transform((reply): AccountSnapshot => ({
    deployed: reply.state === 'active',
    balanceNano: BigInt(reply.balance),
    code: reply.code,
    last:
      reply.last_transaction_id.lt === '0'
        ? null
        : {
            lt: BigInt(reply.last_transaction_id.lt),
            hash: Buffer.from(reply.last_transaction_id.hash, 'base64'),
          },
    seqno: reply.block_id.seqno,
    atUnix: reply.sync_utime,
  }));

const getMethodReply = z.object({
  exit_code: z.number(),
  stack: z.array(z.unknown()),
  last_transaction_id: z.object({ lt: z.string() }),
});

const transactionsReply = z.array(
  z.object({ data: z.string() }).transform(({ data }): RawTransaction => {
    const cell = Cell.fromBase64(data);
    return { cell, transaction: loadTransaction(cell.beginParse()), hash: cell.hash() };
  }),
);

const masterchainReply = z.object({ last: blockId });

const lookedUp = z.object({
  seqno: z.number(),
  root_hash: z.string().transform((text, context) => {
    const hash = Buffer.from(text, 'base64');
    if (hash.length === 32) return hash;
    context.addIssue({ code: 'custom', message: 'a hash of 32 bytes' });
    return z.NEVER;
  }),
});

const configReply = z.object({ config: z.object({ bytes: z.string() }) });

export function createChainClient(config: RpcConfig, deps: RpcDeps = {}): ChainClient {
  const rpc = createRpc(config, deps);

  const getMethodAt: ChainClient['getMethodAt'] = async (address, name, args = []) => {
    const stack = stackArguments(args);
    const reply = await rpc.call(
      'runGetMethod',
      { address: address.toString(), method: name, stack },
      getMethodReply,
    );
    if (reply.exit_code !== 0) {
      throw new CocoonError(
        'chain_refused',
        `${name} of ${address.toString()} ended with ${reply.exit_code}.`,
      );
    }
    return { stack: readStack(reply.stack), lastLt: BigInt(reply.last_transaction_id.lt) };
  };

  return {
    account: (address) => rpc.call('getAddressInformation', { address: address.toString() }, accountReply),

    getMethod: async (address, name, args) => (await getMethodAt(address, name, args)).stack,
    getMethodAt,

    async transactions(address, limit, from) {
      const found: RawTransaction[] = [];
      let cursor = from;
      while (found.length < limit) {
        // Each page but the first begins with the last transaction of the one before.
        const overlap = found.length > 0 ? 1 : 0;
        const size = Math.min(CHAIN_LIMITS.transactionsPage, limit - found.length + overlap);
        const page = await rpc.call(
          'getTransactions',
          {
            address: address.toString(),
            limit: size,
            archival: true,
            ...(cursor ? { lt: cursor.lt.toString(), hash: cursor.hash.toString('hex') } : {}),
          },
          transactionsReply,
        );
        found.push(...page.slice(overlap));
        const last = page.at(-1);
        if (!last || page.length < size || last.transaction.prevTransactionLt === 0n) break;
        cursor = { lt: last.transaction.lt, hash: last.hash };
      }
      return found;
    },

    async sendExternal(address, body, init) {
      const message = external({ to: address, body, ...(init ? { init } : {}) });
      const boc = beginCell().store(storeMessage(message)).endCell().toBoc().toString('base64');
      await rpc.call('sendBoc', { boc }, z.unknown());
    },

    async configParam(id) {
      try {
        const { config: parameter } = await rpc.call('getConfigParam', { config_id: id }, configReply);
        return Cell.fromBase64(parameter.bytes);
      } catch (error) {
        if (error instanceof CocoonError && error.code === 'chain_refused') return null;
        throw error;
      }
    },

    masterchainSeqno: async () => (await rpc.call('getMasterchainInfo', {}, masterchainReply)).last.seqno,

    masterchainRoot: async (seqno) => {
      const found = await rpc.call('lookupBlock', { ...MASTERCHAIN, seqno }, lookedUp);
      if (found.seqno === seqno) return found.root_hash;
      throw new CocoonError(
        'chain_unavailable',
        `The TON endpoint gave masterchain block ${found.seqno} where ${seqno} was asked for.`,
      );
    },
  };
}

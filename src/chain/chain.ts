import { Address } from '@ton/core';
import { parseListed, REGISTRY_GETTERS } from '../../wrappers/Registry';
import type { ChainPrices } from '../../wrappers/escrowCosts';
import { nano } from '../protocol/amounts';
import { CocoonError } from '../protocol/errors';
import type { Root } from '../protocol/root';
import { createAddressMemo } from './addressMemo';
import { createChainClient, type ChainClient } from './chainClient';
import { readEscrow } from './escrowState';
import { CHAIN_LIMITS } from './limits';
import { readPrices } from './prices';
import { readRegistryRoot } from './registryRoot';
import { createPlatformNames } from './platformState';
import { createRegistryReader } from './registryRules';
import type { RpcDeps } from './rpc';
import { viewTransaction } from './transactionView';
import type { Chain } from './types';
import { readWorker } from './workerState';

export interface ChainConfig {
  /** A toncenter-compatible JSON-RPC URL. */
  endpoint: string;
  apiKey?: string;
  registry: Address | string;
  /** Needed only where the endpoint does not tell configuration parameter 19; refused when it tells another. */
  networkId?: number;
  timeoutMs?: number;
  /** Attempts per request. */
  attempts?: number;
}

/** A `Chain` with the means that it is made of, for wallets and tools. */
export interface ConnectedChain extends Chain {
  readonly client: ChainClient;
  readonly prices: ChainPrices;
}

const GLOBAL_ID = 19;

/** Connects to a TON network. Throws CocoonError `chain_unavailable`. */
export async function createChain(config: ChainConfig, deps: RpcDeps = {}): Promise<ConnectedChain> {
  const client = createChainClient(config, deps);
  const registry = typeof config.registry === 'string' ? Address.parse(config.registry) : config.registry;
  const [networkId, prices] = await Promise.all([
    readNetworkId(client, config.networkId),
    readPrices(client),
  ]);
  const escrowMemo = createAddressMemo(CHAIN_LIMITS.genuineEntries);
  const workerMemo = createAddressMemo(CHAIN_LIMITS.genuineEntries);

  // An account's code does not change; a failure to read it is not kept.
  let root: Promise<Root> | undefined;
  const forget = (error: unknown): never => {
    root = undefined;
    throw error;
  };

  const registryRoot = (): Promise<Root> => (root ??= readRegistryRoot(client, registry).catch(forget));
  const platformName = createPlatformNames(registry);

  return {
    networkId,
    registry,
    client,
    prices,
    blockTime: async () => (await client.account(registry)).atUnix,
    balance: async (address) => nano((await client.account(address)).balanceNano),
    isDeployed: async (address) => (await client.account(address)).deployed,
    escrow: (address) => readEscrow(client, address, registry, escrowMemo),
    worker: (address) => readWorker(client, address, registry, workerMemo),
    registryRoot,
    registryRules: createRegistryReader(client, registry),
    masterchainRoot: (seqno) => client.masterchainRoot(seqno),
    platformOf: async (ppid) => platformName(await registryRoot(), ppid),
    workers: async () => parseListed(await client.getMethod(registry, REGISTRY_GETTERS.workers)),
    sendExternal: (address, body, init) => client.sendExternal(address, body, init),
    async transactions(address, limit) {
      const found = await client.transactions(address, Math.min(limit, CHAIN_LIMITS.transactionsMax));
      return found.map(viewTransaction);
    },
  };
}

async function readNetworkId(client: ChainClient, expected: number | undefined): Promise<number> {
  const found = (await client.configParam(GLOBAL_ID))?.beginParse().loadInt(32);
  if (found === undefined && expected === undefined) {
    throw new CocoonError('chain_unavailable', 'The TON endpoint does not tell its network id.', {
      remedy: 'Name the network id: -239 is mainnet, -3 is testnet.',
    });
  }
  if (found !== undefined && expected !== undefined && found !== expected) {
    throw new CocoonError('chain_unavailable', `The TON endpoint serves network ${found}, not ${expected}.`, {
      remedy: 'Correct the endpoint or the network id.',
    });
  }
  return (found ?? expected)!;
}

import { readFileSync } from 'node:fs';
import type { Address } from '@ton/core';
import { createChain, type ConnectedChain } from './chain';
import { blockTimeSource, createChainClock, devnetTimeSource, type ChainClock } from './clock';

/** How a program's configuration file names its network. */
export interface ChainEndpoint {
  endpoint: string;
  registry: Address | string;
  networkId?: number | undefined;
  apiKeyFile?: string | undefined;
  /** URL of a devnet, whose clock is then followed instead of the system's. */
  devnet?: string | undefined;
}

/** Connects to the chain and follows its time. Throws CocoonError `chain_unavailable`. */
export async function connectChain(to: ChainEndpoint): Promise<{ chain: ConnectedChain; clock: ChainClock }> {
  const { endpoint, registry, networkId, apiKeyFile, devnet } = to;
  const chain = await createChain({
    endpoint,
    registry,
    ...(networkId === undefined ? {} : { networkId }),
    ...(apiKeyFile === undefined ? {} : { apiKey: readFileSync(apiKeyFile, 'utf8').trim() }),
  });
  const clock = await createChainClock(
    devnet === undefined
      ? { source: blockTimeSource(chain), follow: 'system' }
      : { source: devnetTimeSource(devnet), follow: 'chain' },
  );
  return { chain, clock };
}

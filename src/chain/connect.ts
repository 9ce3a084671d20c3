import { readFileSync } from 'node:fs';
import type { Address } from '@ton/core';
import { createAgreeingChain } from './agreement';
import { createChain, type ConnectedChain } from './chain';
import { blockTimeSource, createChainClock, devnetTimeSource, type ChainClock } from './clock';

/** How a program's configuration file names its network. */
export interface ChainEndpoint {
  endpoint: string;
  registry: Address | string;
  networkId?: number | undefined;
  apiKeyFile?: string | undefined;
  /** Endpoints of others, which must confirm all that trust rests on. */
  witnesses?: readonly Witness[] | undefined;
  /** URL of a devnet, whose clock is then followed instead of the system's. */
  devnet?: string | undefined;
}

export interface Witness {
  endpoint: string;
  apiKeyFile?: string | undefined;
}

/** Connects to the chain and follows its time. Throws CocoonError `chain_unavailable`, `chain_disagrees`. */
export async function connectChain(to: ChainEndpoint): Promise<{ chain: ConnectedChain; clock: ChainClock }> {
  const { endpoint, registry, networkId, apiKeyFile, witnesses = [], devnet } = to;
  const open = (at: Witness): Promise<ConnectedChain> =>
    createChain({
      endpoint: at.endpoint,
      registry,
      ...(networkId === undefined ? {} : { networkId }),
      ...(at.apiKeyFile === undefined ? {} : { apiKey: readFileSync(at.apiKeyFile, 'utf8').trim() }),
    });
  const [first, ...others] = await Promise.all([open({ endpoint, apiKeyFile }), ...witnesses.map(open)]);
  const chain = others.length === 0 ? first : createAgreeingChain(first, others);
  const clock = await createChainClock(
    devnet === undefined
      ? { source: blockTimeSource(chain), follow: 'system' }
      : { source: devnetTimeSource(devnet), follow: 'chain' },
  );
  return { chain, clock };
}

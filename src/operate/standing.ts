import type { Address } from '@ton/core';
import type { ChainClient } from '../chain/chainClient';
import { readRegistryRoot } from '../chain/registryRoot';
import type { Standing } from '../governance/standing';
import { CocoonError } from '../protocol/errors';
import { readRegistryLists } from './lists';

/**
 * What a registry holds now. Throws CocoonError `proposal_foreign` when no registry of this version is at the address,
 * `chain_unavailable`.
 */
export async function readStanding(client: ChainClient, registry: Address): Promise<Standing> {
  await requireRegistry(client, registry);
  const [{ atUnix }, lists] = await Promise.all([
    client.account(registry),
    readRegistryLists(client, registry),
  ]);
  return { nowUnix: atUnix, ...lists };
}

async function requireRegistry(client: ChainClient, registry: Address): Promise<void> {
  try {
    await readRegistryRoot(client, registry);
  } catch (cause) {
    if (!(cause instanceof CocoonError) || cause.code !== 'chain_refused') throw cause;
    throw new CocoonError('proposal_foreign', cause.message, { cause, remedy: cause.remedy });
  }
}

import type { Address } from '@ton/core';
import { GET_PLATFORM, parsePlatform, type PlatformOnChain } from '../../wrappers/Platform';
import type { ChainClient } from './chainClient';

/** What a machine's Platform holds, or null where it is not deployed yet. Throws CocoonError `chain_unavailable`. */
export async function readPlatform(client: ChainClient, address: Address): Promise<PlatformOnChain | null> {
  // The address follows from the contract's code, so that nothing else can live there.
  if (!(await client.account(address)).deployed) return null;
  return parsePlatform(await client.getMethod(address, GET_PLATFORM));
}

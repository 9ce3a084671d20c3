import type { Address } from '@ton/core';
import {
  GET_PLATFORM,
  parsePlatform,
  platformAddress,
  ppidHash,
  type PlatformOnChain,
} from '../../wrappers/Platform';
import type { Root } from '../protocol/root';
import { createAddressMemo } from './addressMemo';
import type { ChainClient } from './chainClient';
import { CHAIN_LIMITS } from './limits';

/** What a machine's Platform holds, or null where it is not deployed yet. Throws CocoonError `chain_unavailable`. */
export async function readPlatform(client: ChainClient, address: Address): Promise<PlatformOnChain | null> {
  // The address follows from the contract's code, so that nothing else can live there.
  if (!(await client.account(address)).deployed) return null;
  return parsePlatform(await client.getMethod(address, GET_PLATFORM));
}

/** Account hashes of Platforms, each worked out once: that unpacks and hashes the whole contract. */
export function createPlatformNames(registry: Address): (root: Root, ppid: Uint8Array) => Promise<Buffer> {
  const memo = createAddressMemo(CHAIN_LIMITS.genuineEntries);
  return async (root, ppid) => {
    const hash = ppidHash(ppid);
    const number = BigInt(`0x${hash.toString('hex')}`);
    return (await memo(registry, number, () => platformAddress(root, registry, hash))).hash;
  };
}

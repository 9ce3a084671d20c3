import { Cell, type Address } from '@ton/core';
import { registryCodeHash } from '../../wrappers/Registry';
import { CocoonError } from '../protocol/errors';
import type { Root } from '../protocol/root';
import type { ChainClient } from './chainClient';

const ROOTS: readonly Root[] = ['intel', 'simulated'];

/**
 * Whose signature a registry takes for hardware's: told by the hash of the code at its address, which nobody can change. Throws
 * CocoonError `chain_refused` for a code that this version does not know, `chain_unavailable` when it cannot be read.
 */
export async function readRegistryRoot(client: ChainClient, registry: Address): Promise<Root> {
  const { code } = await client.account(registry);
  const codeHash = code === '' ? null : Cell.fromBase64(code).hash();
  for (const root of ROOTS) {
    if (codeHash?.equals(await registryCodeHash(root))) return root;
  }
  throw new CocoonError(
    'chain_refused',
    `The code at ${registry.toString()} is no registry that this version knows.`,
    { remedy: 'Correct the address of the registry, or use the version that its maintainers name.' },
  );
}

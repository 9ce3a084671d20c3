import type { Chain } from '../chain/types';
import { CocoonError } from '../protocol/errors';
import type { Policy } from './policy';

/**
 * Makes sure that the registry admits nothing but hardware that Intel vouches for: the hash of its code says so, whatever network it
 * is on. Throws CocoonError `no_attested_worker` for the simulated root and for a code that this version does not know,
 * `chain_unavailable` when it cannot be read. A policy that allows simulated hardware needs no look.
 */
export async function requireHardware(chain: Pick<Chain, 'registryRoot'>, policy: Policy): Promise<void> {
  if (policy.allowSimulated) return;
  const root = await chain.registryRoot().catch((error: unknown) => {
    if (error instanceof CocoonError && error.code === 'chain_refused') throw noHardware(error.message);
    throw error;
  });
  if (root !== 'intel')
    throw noHardware("This registry's hardware is simulated, and the policy wants real one.");
}

function noHardware(problem: string): CocoonError {
  return new CocoonError('no_attested_worker', problem, {
    remedy: 'Name another registry, or set policy.allowSimulated and send nothing secret.',
  });
}

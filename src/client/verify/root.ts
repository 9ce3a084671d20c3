import { createQuoteVerifier, type AttestationCrypto, type QuoteVerifier } from '../../attestation';
import { createSimulatedQuoteVerifier } from '../../attestation/simulated';
import type { Chain } from '../../chain/types';
import { CocoonError } from '../../protocol/errors';
import type { Root } from '../../protocol/root';
import type { Policy } from '../policy';

/**
 * Under which root workers are verified: the hash of the registry's code says so, whatever network it is on. Throws
 * CocoonError `no_attested_worker` for the simulated root unless the policy allows it, and for a code that this version
 * does not know; `chain_unavailable` or `chain_disagrees` when it cannot be read.
 */
export async function registryRoot(chain: Pick<Chain, 'registryRoot'>, policy: Policy): Promise<Root> {
  const root = await chain.registryRoot().catch((error: unknown) => {
    if (error instanceof CocoonError && error.code === 'chain_refused') throw noHardware(error.message);
    throw error;
  });
  if (root === 'simulated' && !policy.allowSimulated)
    throw noHardware("This registry's hardware is simulated, and the policy wants real one.");
  return root;
}

/** One verifier for each root, made when it is first wanted. */
export function createVerifiers(crypto: AttestationCrypto): (root: Root) => QuoteVerifier {
  const made = new Map<Root, QuoteVerifier>();
  return (root) => {
    const known = made.get(root);
    if (known) return known;
    const verifier = root === 'intel' ? createQuoteVerifier(crypto) : createSimulatedQuoteVerifier(crypto);
    made.set(root, verifier);
    return verifier;
  };
}

function noHardware(problem: string): CocoonError {
  return new CocoonError('no_attested_worker', problem, {
    remedy: 'Name another registry, or set policy.allowSimulated and send nothing secret.',
  });
}

import { Address } from '@ton/core';
import { parsePolicy, type Policy } from '../attestation';
import { AttestationError } from '../attestation/errors';

/** What whoever reads a bundle asks of it: the settings of a quote's policy (src/attestation/policy.ts), and these. */
export interface EvidencePolicy {
  quote: Policy;
  /** False refuses networks whose hardware is simulated. */
  allowSimulated: boolean;
  /** Account hash of the only registry that is believed; null for any. */
  registry: Buffer | null;
}

/**
 * Reads a policy of plain JSON: `allowSimulated` (default false), `registry` (an address; default any), and all keys of
 * a quote's policy. Throws AttestationError `policy_malformed`.
 */
export function parseEvidencePolicy(value: unknown): EvidencePolicy {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject) throw malformed('it is no object');
  const { allowSimulated = false, registry = null, ...quote } = value as Record<string, unknown>;
  if (typeof allowSimulated !== 'boolean') throw malformed('allowSimulated is neither true nor false');
  return { quote: parsePolicy(quote), allowSimulated, registry: registry === null ? null : hashOf(registry) };
}

function hashOf(registry: unknown): Buffer {
  try {
    return Address.parse(registry as string).hash;
  } catch (cause) {
    throw malformed('registry is no address', cause);
  }
}

function malformed(why: string, cause?: unknown): AttestationError {
  return new AttestationError('policy_malformed', `policy: ${why}`, { cause });
}

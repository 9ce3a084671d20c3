import { CocoonError } from '../../protocol/errors';
import type { Refused } from '../market';
import { ATTESTATION_LINKS } from './refusal';

/**
 * The error for a model that no verified worker offers: it names the first link that failed, where workers say that they
 * offer it but could not be verified.
 */
export function noVerifiedWorker(model: string, refused: readonly Refused[]): CocoonError {
  const offering = refused.filter(({ models }) => models.includes(model));
  const disagreeing = offering.find(({ link }) => link === 'chain');
  const unverified = offering.find(({ link }) => ATTESTATION_LINKS.has(link)) ?? disagreeing;
  if (!unverified) return new CocoonError('no_attested_worker', `No verified worker offers ${model} now.`);
  const { worker, link, reason } = unverified;
  const others = offering.length > 1 ? ` (${offering.length - 1} more were refused)` : '';
  const named = `worker ${worker.slice(0, 8)} fails at the link "${link}": ${reason}${others}`;
  const code = unverified === disagreeing ? 'chain_disagrees' : 'attestation_refused';
  return new CocoonError(code, `No worker of ${model} could be verified: ${named}.`);
}

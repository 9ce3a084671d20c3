import { AttestationError } from '../attestation/errors';
import { refusalOf } from '../chain/accounts';
import { CocoonError } from '../protocol/errors';
import { QuoteSourceError } from './quotes/errors';

/** Why a renewal failed, in few words: for metrics, and for the eye. */
export function reasonOf(error: unknown): string {
  const refusal = refusalOf(error);
  if (refusal !== null) return refusal;
  const named =
    error instanceof QuoteSourceError || error instanceof CocoonError || error instanceof AttestationError;
  return named ? error.code : 'unexpected';
}

/** A contract said no: nothing of what was sent is still on its way. */
export function wasRefused(error: unknown): boolean {
  return refusalOf(error) !== null;
}

export function troubleText(error: unknown): string {
  if (error instanceof QuoteSourceError || error instanceof CocoonError) {
    return `${error.message} ${error.remedy}`;
  }
  return String(error);
}

import { WORKER_LIMITS } from './limits';
import type { Logger } from './logger';
import type { QuoteSource } from './quotes/source';
import type { RenewalStep } from './renewal';
import type { RenewalRecord } from './renewalFile';

/** How the chain's word for this worker is kept fresh. */
export interface AttestationStatus {
  /** Where quotes come from; a simulated source says so. Null when none come from here. */
  source: string | null;
  simulated: boolean;
  step: RenewalStep;
  /** Unix seconds at which the admission ends; 0 for never admitted. */
  expiresAtUnix: number;
  /** Unix seconds; 0 for never. */
  lastSuccessAtUnix: number;
  /** Since the last success. */
  failures: number;
  lastFailure: { reason: string; atUnix: number } | null;
  nextTryAtUnix: number;
  /** Why somebody should look now; null while all is well. */
  alert: string | null;
}

export function attestationStatus(facts: {
  source: QuoteSource | undefined;
  step: RenewalStep;
  expiresAtUnix: number;
  record: RenewalRecord;
  nowUnix: number;
}): AttestationStatus {
  const { source, step, expiresAtUnix, record, nowUnix } = facts;
  const { failures, lastFailure, nextTryAtUnix, lastSuccessAtUnix } = record;
  return {
    source: source?.describe() ?? null,
    simulated: source?.root === 'simulated',
    ...{ step, expiresAtUnix, lastSuccessAtUnix, failures, lastFailure, nextTryAtUnix },
    alert: alertOf(expiresAtUnix, record, nowUnix),
  };
}

/** A renewal that fails while there is time is no reason to wake anybody. */
function alertOf(
  expiresAtUnix: number,
  { failures, lastFailure }: RenewalRecord,
  nowUnix: number,
): string | null {
  const left = expiresAtUnix - nowUnix;
  if (failures === 0 || expiresAtUnix === 0 || left >= WORKER_LIMITS.alertBeforeSeconds) return null;
  const when = left > 0 ? `ends in ${Math.ceil(left / 60)} minutes` : 'has ended';
  return `the admission ${when}, and ${failures} renewals failed: ${lastFailure?.reason ?? 'unknown'}`;
}

/** Says an alert once when it begins, and once when it is over. */
export function createAlarm(log: Logger): (status: AttestationStatus) => void {
  let raised = false;
  return ({ alert, expiresAtUnix }) => {
    if (alert !== null && !raised) log.error({ expiresAtUnix }, `ALERT: ${alert}`);
    if (alert === null && raised) log.info({ expiresAtUnix }, 'the alert is over');
    raised = alert !== null;
  };
}

import { ApiError, overloaded } from '../apiError';
import { ENGINE_LIMITS } from '../limits';

/** What ends a request early: its client went away, it took too long, or the engine stops. */
export interface RequestSignals {
  /** For the wait in line. */
  queue: AbortSignal;
  /** For the run. */
  job: AbortSignal;
  /** Stops the timers. */
  done: () => void;
}

export function requestSignals(client: AbortSignal, shutdown: AbortSignal): RequestSignals {
  const waited = new AbortController();
  const ran = new AbortController();
  const queueTimer = setTimeout(
    () => waited.abort(overloaded(503, 'No slot became free in time.')),
    ENGINE_LIMITS.queueMaxWaitMs,
  );
  const jobTimer = setTimeout(
    () => ran.abort(new ApiError(504, 'job_timeout', 'The request ran too long.')),
    ENGINE_LIMITS.jobMaxMs + ENGINE_LIMITS.queueMaxWaitMs,
  );
  const job = AbortSignal.any([client, shutdown, ran.signal]);
  return {
    queue: AbortSignal.any([job, waited.signal]),
    job,
    done() {
      clearTimeout(queueTimer);
      clearTimeout(jobTimer);
    },
  };
}

import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { JobOutcome } from '../protocol/jobRecord';
import type { JobEnd } from './jobs';
import type { AttestationStatus } from './attestationStatus';

/** Numbers for Prometheus. Nothing here names a client, a line or a text. */
export interface Metrics {
  ended(job: JobEnd): void;
  refused(code: string): void;
  /** `reason` is an error code, or a contract's name for its refusal: there are few of either. */
  attestationFailed(reason: string): void;
  text(): Promise<string>;
}

export interface Gauges {
  running: () => number;
  free: () => number;
  links: () => number;
  admitted: () => boolean;
  attestation: () => AttestationStatus;
}

export function createMetrics(gauges: Gauges, registry = new Registry()): Metrics {
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      ...{ name, help, registers },
      collect() {
        this.set(read());
      },
    });
  };
  gauge('cocoon_worker_jobs_running', 'Jobs that run now', gauges.running);
  gauge('cocoon_worker_slots_free', 'Jobs that could start now', gauges.free);
  gauge('cocoon_worker_links', 'Routers that are linked', gauges.links);
  gauge('cocoon_worker_admitted', '1 while the chain admits this key', () => Number(gauges.admitted()));
  gauge(
    'cocoon_worker_attestation_expires_at',
    'Unix time of the last admitted second; 0 for never admitted',
    () => gauges.attestation().expiresAtUnix,
  );
  gauge(
    'cocoon_worker_attestation_last_success',
    'Unix time of the last admission; 0 for never',
    () => gauges.attestation().lastSuccessAtUnix,
  );
  gauge(
    'cocoon_worker_attestation_alert',
    '1 while the admission is in its last quarter and renewals fail',
    () => Number(gauges.attestation().alert !== null),
  );
  gauge('cocoon_worker_attestation_simulated', '1 where quotes are simulated and prove nothing', () =>
    Number(gauges.attestation().simulated),
  );

  const jobs = new Counter({
    name: 'cocoon_worker_jobs_total',
    help: 'Jobs that ended with a record',
    labelNames: ['outcome'],
    registers,
  });
  const fees = new Counter({ name: 'cocoon_worker_fees_nano_total', help: 'Billed nanotons', registers });
  const heard = new Counter({
    name: 'cocoon_worker_audio_seconds_total',
    help: 'Billed seconds of sound',
    registers,
  });
  const tokens = new Counter({
    name: 'cocoon_worker_tokens_total',
    help: 'Billed tokens',
    labelNames: ['type'],
    registers,
  });
  const duration = new Histogram({
    name: 'gen_ai_server_request_duration_seconds',
    help: 'From acceptance to the receipt',
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800],
    registers,
  });
  const refusals = new Counter({
    name: 'cocoon_worker_refusals_total',
    help: 'Jobs that were refused',
    labelNames: ['code'],
    registers,
  });
  const renewals = new Counter({
    name: 'cocoon_worker_attestation_failures_total',
    help: 'Renewals of the attestation that failed',
    labelNames: ['reason'],
    registers,
  });

  return {
    ended({ record, seconds }) {
      jobs.inc({ outcome: record.outcome === JobOutcome.Completed ? 'completed' : 'partial' });
      fees.inc(Number(record.fee));
      heard.inc(record.audioMs / 1_000);
      tokens.inc({ type: 'prompt' }, record.promptTokens);
      tokens.inc({ type: 'completion' }, record.completionTokens);
      duration.observe(seconds);
    },
    refused: (code) => refusals.inc({ code }),
    attestationFailed: (reason) => renewals.inc({ reason }),
    text: () => registry.metrics(),
  };
}

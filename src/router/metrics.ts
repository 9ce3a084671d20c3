import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Prometheus series of one router. Names of the first group follow OpenTelemetry's conventions for GenAI servers. */
export interface RouterMetrics {
  registry: Registry;
  requestSeconds: Histogram;
  firstTokenSeconds: Histogram;
  jobs: Counter<'outcome'>;
  refusals: Counter<'code'>;
  bytes: Counter<'direction'>;
  running: Gauge;
  links: Gauge;
  linksRefused: Counter;
  receipts: Counter<'outcome'>;
  commitSeconds: Histogram;
  commitLines: Histogram;
}

const SECONDS = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 1800];

export function createMetrics(): RouterMetrics {
  const registry = new Registry();
  const registers = [registry];
  return {
    registry,
    requestSeconds: new Histogram({
      name: 'gen_ai_server_request_duration_seconds',
      help: 'From the first byte of a job to the last of its reply',
      buckets: SECONDS,
      registers,
    }),
    firstTokenSeconds: new Histogram({
      name: 'gen_ai_server_time_to_first_token_seconds',
      help: 'From sending a job to its worker to the first byte of the reply',
      buckets: SECONDS,
      registers,
    }),
    jobs: new Counter({
      name: 'cocoon_router_jobs_total',
      help: 'Relayed jobs by how they ended',
      labelNames: ['outcome'],
      registers,
    }),
    refusals: new Counter({
      name: 'cocoon_router_refusals_total',
      help: 'Requests refused before anything ran, by error code',
      labelNames: ['code'],
      registers,
    }),
    bytes: new Counter({
      name: 'cocoon_router_bytes_total',
      help: 'Ciphertext relayed: up to workers, down to clients',
      labelNames: ['direction'],
      registers,
    }),
    running: new Gauge({ name: 'cocoon_router_running_jobs', help: 'Jobs being relayed', registers }),
    links: new Gauge({ name: 'cocoon_router_links', help: 'Linked workers', registers }),
    linksRefused: new Counter({
      name: 'cocoon_router_links_refused_total',
      help: 'Refused links',
      registers,
    }),
    receipts: new Counter({
      name: 'cocoon_router_receipts_total',
      help: 'Receipts by what the ledger made of them',
      labelNames: ['outcome'],
      registers,
    }),
    commitSeconds: new Histogram({
      name: 'cocoon_router_ledger_commit_seconds',
      help: 'Time of one ledger commit',
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5],
      registers,
    }),
    commitLines: new Histogram({
      name: 'cocoon_router_ledger_commit_lines',
      help: 'Lines written by one ledger commit',
      buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500],
      registers,
    }),
  };
}

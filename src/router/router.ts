import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import type { Logger } from 'pino';
import type { Clock } from '../chain/types';
import { createAdmission, type EscrowReader } from './admission';
import { sendBytes, sendJson } from './answer';
import { createBook } from './book';
import {
  COLLATERAL_PATH,
  createCollateralHandler,
  createEvidenceHandler,
  EVIDENCE_PATH,
  type EvidenceDeps,
  type FamilyCollateral,
} from './evidence';
import { createExposure } from './exposure';
import { noFaults, type FaultHook } from './faults';
import { createJobHandler, type JobHandler } from './jobs';
import { createReceiptLedger, type ReceiptLedger } from './ledger';
import { ROUTER_LIMITS, type RouterLimits } from './limits';
import { createLinkGate } from './linkGate';
import { createLinkTable } from './links';
import { createMetrics, type RouterMetrics } from './metrics';
import type { OfferChain } from './offers';
import {
  CONTRADICTIONS_PATH,
  createContradictionsHandler,
  createReceiptHandler,
  createWorkerReceiptsHandler,
  RECEIPT_PATH,
  WORKER_RECEIPTS_PATH,
} from './receipts';
import { createBodyMemory } from './receive';
import { createHttpServer, type Route } from './server';
import { createStandings } from './standing';

export interface RouterConfig {
  host: string;
  /** 0 picks a free one. */
  port: number;
  /** SQLite file of the receipt ledger. */
  ledgerPath: string;
  feeBps: number;
  /** First 160 bits of the account hash that gets this router's fee. */
  feeTo: Buffer;
  acceptFreeLines?: boolean;
  limits?: Partial<RouterLimits>;
}

export interface RouterDeps {
  chain: OfferChain;
  escrows: EscrowReader;
  clock: Clock;
  log: Logger;
  /** Default: a ledger at `ledgerPath`. */
  ledger?: ReceiptLedger;
  metrics?: RouterMetrics;
  /** Without it this router serves no collateral, and its clients need a source of their own. */
  collateral?: FamilyCollateral;
  /** Milliseconds that only grow. */
  monotonicMs?: () => number;
  faultPoint?: FaultHook;
  /** After the last job of a drain, while the ledger is still open. */
  onDrained?: () => Promise<void>;
  onClosed?: () => void;
}

export interface RouterStatus {
  draining: boolean;
  links: number;
  runningJobs: number;
  ledgerHealthy: boolean;
}

export interface Router {
  readonly url: string;
  readonly port: number;
  readonly ledger: ReceiptLedger;
  status(): RouterStatus;
  /** Takes nothing new, lets running jobs end within the limit, then closes. */
  drain(): Promise<void>;
  /** Ends everything now; receipts that wait are committed. */
  close(): Promise<void>;
}

/** Receipts of ended lines stay for whoever asks late; the escrow pays nothing on them any more. */
const KEEP_ENDED_SECONDS = 7 * 86_400;
const PRUNE_INTERVAL_MS = 3_600_000;

/** Listens, takes links and jobs, and keeps receipts. It holds no money and no key that any contract knows. */
export async function createRouter(config: RouterConfig, deps: RouterDeps): Promise<Router> {
  const limits: RouterLimits = { ...ROUTER_LIMITS, ...config.limits };
  const { chain, escrows, clock, log } = deps;
  const faultPoint = deps.faultPoint ?? noFaults;
  const metrics = deps.metrics ?? createMetrics();
  const ledger = deps.ledger ?? openLedger(config, limits, metrics, faultPoint);
  const monotonicMs = deps.monotonicMs ?? (() => performance.now());
  const links = createLinkTable();
  const standings = createStandings(limits);
  let draining = false;
  const isDraining = (): boolean => draining;

  const gate = createLinkGate({ chain, clock, limits, links, log, metrics, isDraining });
  const admission = createAdmission(
    { feeBps: config.feeBps, feeTo: config.feeTo, acceptFreeLines: config.acceptFreeLines ?? true, limits },
    { clock, escrows, links, ledger, exposure: createExposure(limits) },
  );
  const memory = createBodyMemory(limits.bufferedBytes);
  const jobs = createJobHandler({
    ...{ admission, escrows, ledger, standings, metrics, memory, clock, log, limits, faultPoint, isDraining },
  });
  const book = createBook(
    {
      networkId: chain.networkId,
      registry: chain.registry.hash,
      feeBps: config.feeBps,
      feeTo: config.feeTo,
      cacheMs: limits.bookCacheMs,
    },
    { links, standings, clock, monotonicMs },
  );
  const isReady = (): boolean => !draining && ledger.healthy();
  const collateral = deps.collateral ?? null;
  const routes = routesOf({
    ...{ book, jobs, ledger, metrics, isReady, limits, collateral },
    evidence: { links, limits, monotonicMs },
  });
  const server = createHttpServer({ routes, limits, onUpgrade: gate.upgrade });
  await listen(server, config);
  const { port } = server.address() as AddressInfo;
  const recheck = setInterval(() => void gate.recheck(), limits.recheckIntervalMs).unref();
  const prune = setInterval(() => ledger.prune(clock.now() - KEEP_ENDED_SECONDS), PRUNE_INTERVAL_MS).unref();
  log.info({ port, feeBps: config.feeBps }, 'router listens');

  const close = async (): Promise<void> => {
    draining = true;
    clearInterval(recheck);
    clearInterval(prune);
    gate.close('the router is shutting down');
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
    await jobs.idle(limits.drainTimeoutMs);
    deps.onClosed?.();
    ledger.close();
    log.info('router closed');
  };
  let closing: Promise<void> | null = null;
  const closeOnce = (): Promise<void> => (closing ??= close());

  return {
    url: `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`,
    port,
    ledger,
    status: () => ({
      draining,
      links: links.size,
      runningJobs: jobs.running,
      ledgerHealthy: ledger.healthy(),
    }),
    async drain() {
      draining = true;
      log.info({ running: jobs.running }, 'router drains');
      server.close();
      server.closeIdleConnections();
      const ended = await jobs.idle(limits.drainTimeoutMs);
      if (!ended) log.warn({ running: jobs.running }, 'jobs cut by the drain limit');
      await deps.onDrained?.();
      await closeOnce();
    },
    close: closeOnce,
  };
}

interface RouteDeps {
  book: { render(): Buffer };
  jobs: JobHandler;
  ledger: ReceiptLedger;
  metrics: RouterMetrics;
  isReady: () => boolean;
  limits: RouterLimits;
  evidence: EvidenceDeps;
  collateral: FamilyCollateral | null;
}

function routesOf({ book, jobs, ledger, metrics, isReady, limits, ...more }: RouteDeps): Route[] {
  return [
    {
      pattern: /^\/v1\/jobs$/,
      methods: { POST: (request, response) => void jobs.handle(request, response) },
    },
    {
      pattern: /^\/v1\/book$/,
      methods: { GET: (_request, response) => sendBytes(response, 'application/json', book.render()) },
    },
    { pattern: EVIDENCE_PATH, methods: { GET: createEvidenceHandler(more.evidence) } },
    {
      pattern: COLLATERAL_PATH,
      methods: { GET: createCollateralHandler(more.collateral, more.evidence) },
    },
    { pattern: RECEIPT_PATH, methods: { GET: createReceiptHandler(ledger, limits.retryAfterSeconds) } },
    {
      pattern: WORKER_RECEIPTS_PATH,
      methods: { GET: createWorkerReceiptsHandler(ledger, limits.retryAfterSeconds) },
    },
    {
      pattern: CONTRADICTIONS_PATH,
      methods: { GET: createContradictionsHandler(ledger, limits.retryAfterSeconds) },
    },
    { pattern: /^\/healthz$/, methods: { GET: (_request, response) => sendJson(response, { ok: true }) } },
    {
      pattern: /^\/readyz$/,
      methods: { GET: (_request, response) => sendJson(response, { ok: isReady() }, isReady() ? 200 : 503) },
    },
    {
      pattern: /^\/metrics$/,
      methods: {
        GET(_request, response) {
          metrics.registry.metrics().then(
            (text) => sendBytes(response, metrics.registry.contentType, Buffer.from(text)),
            (cause: unknown) => response.destroy(cause as Error),
          );
        },
      },
    },
  ];
}

function openLedger(
  config: RouterConfig,
  limits: RouterLimits,
  metrics: RouterMetrics,
  faultPoint: FaultHook,
): ReceiptLedger {
  const { commitReceipts, cachedLines } = limits;
  return createReceiptLedger(
    { path: config.ledgerPath, commitReceipts, cachedLines },
    {
      faultPoint,
      onCommit(lines, ms) {
        metrics.commitLines.observe(lines);
        metrics.commitSeconds.observe(ms / 1000);
      },
    },
  );
}

function listen(server: Server, { host, port }: RouterConfig): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

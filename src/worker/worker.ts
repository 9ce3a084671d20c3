import type { Registry } from 'prom-client';
import { createEscrowCache } from '../chain/escrowCache';
import type { Chain, Clock } from '../chain/types';
import type { Timers } from '../channel';
import { CocoonError } from '../protocol/errors';
import { LIMITS } from '../protocol/limits';
import type { SignedOffer } from '../protocol/wire';
import type { ReceiptStore, Settlement } from '../settle';
import { startAdminServer } from './adminServer';
import { createUtilisation } from './autopilot';
import type { WorkerConfig } from './config';
import type { Engine } from './engine';
import { createEngineHealth } from './engineHealth';
import { createEngines } from './engines';
import type { FaultPoint } from './groupCommit';
import { createJobs } from './jobs';
import { readBootId } from './highWater';
import { ensureLedger } from './identity';
import { WORKER_LIMITS } from './limits';
import { createLinkDialer, type LinkDialer } from './linkDialer';
import type { Logger } from './logger';
import { createMetrics } from './metrics';
import { configuredModels, createPresence } from './presence';
import { isWornOut } from './receiptKey';
import { createReceiptSigner } from './receipts';
import { createReplyCache } from './replyCache';
import { createSettler } from './settler';
import type { Announce, Attestation } from './renewal';
import type { AttestationStatus } from './attestationStatus';
import { ensureStateDir } from './stateFiles';
import { createStatusBoard } from './status';
import { every, within } from './timers';

export interface WorkerDeps {
  chain: Chain;
  clock: Clock;
  timers: Timers;
  randomBytes: (bytes: number) => Buffer;
  /** In [0, 1); for jitter only. */
  random: () => number;
  log: Logger;
  /** How far the chain's time is from the clock's; beyond a minute no new job is taken. */
  chainOffsetSeconds?: () => number;
  /** Announces a statement from the operator's wallet; absent when another process does. */
  announce?: Announce;
  /** Quotes, and brings quotes to the chain; absent when another process does. */
  attestation?: Attestation;
  /** Settles; absent when routers or another process do. */
  settlement?: Settlement;
  /** Keeps receipts beyond the life of this key. */
  receipts?: ReceiptStore;
  /** Where metrics are counted; one of its own by default. */
  registry?: Registry;
  /** The receipt key is in its last days: drain this worker with final receipts, and start another. */
  onWornOut?: () => void;
  /** After the last thing that this worker does. */
  onEnd?: () => void;
  /** A test may end the process here. */
  faultPoint?: FaultPoint;
  /** The kernel's name for this boot, when it is not to be asked. */
  bootId?: string;
}

export interface WorkerStatus {
  ready: boolean;
  admitted: boolean;
  activeUntil: number;
  attestation: AttestationStatus;
  engineHealthy: boolean;
  draining: boolean;
  running: number;
  free: number;
  slots: number;
  workerKey: string;
  links: { router: string; connected: boolean }[];
}

export interface Worker {
  readonly workerKey: Buffer;
  readonly adminPort: number;
  status(): WorkerStatus;
  /** The signed offer that routers get; null before the first statement is recorded on chain. */
  offer(): SignedOffer | null;
  /** Takes no more jobs, lets the running ones end, says GOAWAY, settles; then closes. */
  drain(options?: { final?: boolean }): Promise<void>;
  /** Ends at once. What was acknowledged is on disk. */
  close(): Promise<void>;
}

/** Starts a worker: it dials its routers, keeps itself admitted and serves jobs until it is drained or closed. */
export async function createWorker(config: WorkerConfig, deps: WorkerDeps): Promise<Worker> {
  const { chain, clock, timers, log } = deps;
  const now = (): number => clock.now();
  const faultPoint = deps.faultPoint ?? (() => undefined);
  ensureStateDir(config.stateDir);
  const { key, ledger } = ensureLedger(config, {
    ...{ now, random: deps.randomBytes, faultPoint, log },
    bootId: deps.bootId ?? readBootId(),
  });
  const workerKey = key.keys.publicKey;
  const models = configuredModels(config);
  const engine: Engine = createEngines({
    url: config.engine.url,
    connections: config.slots + 1,
    models: models.map(({ offered }) => offered),
  });
  const { hpke, asks, standing, offers } = createPresence(config, models, key.keys, {
    ...deps,
    nextSeq: () => ledger.nextSeq(now()),
    onChange: () => status.refresh(),
    onAttestationFailure: (reason) => metrics.attestationFailed(reason),
  });
  const links: LinkDialer[] = [];

  let draining = false;
  const closedReason = (): CocoonError | null => {
    if (draining) return new CocoonError('draining', 'The worker is shutting down.');
    const offset = Math.abs(deps.chainOffsetSeconds?.() ?? 0);
    if (offset > LIMITS.clockSkewSeconds) {
      return new CocoonError('chain_unavailable', "The chain's time is more than a minute from this clock.");
    }
    if (ledger.broken()) return new CocoonError('internal', 'The ledger cannot be written.');
    if (!standing.current().admitted)
      return new CocoonError('worker_unverified', 'The worker is not admitted.');
    if (!health.healthy()) return new CocoonError('worker_failed', 'The engine does not serve.');
    return null;
  };

  const escrows = createEscrowCache({ chain, clock });
  const signReceipt = createReceiptSigner(key.keys, { now, faultPoint });
  const utilisation = createUtilisation(config.slots, now);
  const jobs = createJobs(
    {
      worker: config.worker.hash,
      workerKey,
      imageId: config.imageId,
      models,
      slots: config.slots,
      cacheSalt: config.engine.cacheSalt ? deps.randomBytes(32) : null,
      continuousUsage: config.engine.continuousUsage,
    },
    {
      ...{ clock, timers, escrows, ledger, hpke, asks, engine, signReceipt, log, faultPoint },
      random: deps.randomBytes,
      replies: createReplyCache(),
      standing: () => standing.current(),
      closed: closedReason,
      onLoad: (running) => {
        utilisation.busy(running);
        status.refresh();
      },
      onEnd: (end) => metrics.ended(end),
      onRefused: (code) => metrics.refused(code),
    },
  );
  const health = createEngineHealth(
    engine,
    models.map(({ offered }) => offered.engineModel),
    { timers, log, busy: () => jobs.running() > 0, onChange: () => status.refresh() },
  );
  const free = (): number => (closedReason() ? 0 : config.slots - jobs.running());
  const status = createStatusBoard(() => ({ free: free(), draining }));
  const metrics = createMetrics(
    {
      running: () => jobs.running(),
      free,
      links: () => links.filter((link) => link.connected()).length,
      admitted: () => standing.current().admitted,
      attestation: () => standing.attestation(),
    },
    deps.registry,
  );
  const { settlement, receipts } = deps;
  const settler = createSettler({ clock, escrows, ledger, signReceipt, settlement, receipts, log });

  const report = (): WorkerStatus => ({
    ready: closedReason() === null,
    admitted: standing.current().admitted,
    activeUntil: standing.current().activeUntil,
    attestation: standing.attestation(),
    engineHealthy: health.healthy(),
    draining,
    running: jobs.running(),
    free: free(),
    slots: config.slots,
    workerKey: workerKey.toString('hex'),
    links: links.map((link) => ({ router: link.url, connected: link.connected() })),
  });
  const admin = await startAdminServer(config.adminPort, { metrics, status: report, settler });

  const look = (): void => void standing.tick().then(() => status.refresh());
  const stops = [
    every(timers, WORKER_LIMITS.admissionEveryMs, () => {
      if (!standing.isSettled()) look();
      if (asks.renew()) offers.refresh();
    }),
    every(timers, WORKER_LIMITS.settledAdmissionEveryMs, look),
    every(timers, WORKER_LIMITS.autopilotEveryMs, () => {
      if (asks.step(utilisation.read())) offers.refresh();
    }),
    every(timers, WORKER_LIMITS.settleEveryMs, () => void settler.run()),
    every(timers, WORKER_LIMITS.pruneEveryMs, () => {
      if (isWornOut(key, now()) && !draining) deps.onWornOut?.();
      const forget = ledger.prune(now() - WORKER_LIMITS.keepEndedSeconds);
      forget.catch((error: unknown) => log.error({ err: error }, 'the ledger could not be pruned'));
    }),
  ];
  await Promise.all([standing.tick(), health.check()]);
  const { evidence } = standing;
  const linkDeps = { timers, log, jobs, offers, status, evidence, keys: key.keys, random: deps.random };
  // A line may have been closed while nobody looked.
  void settler.run();
  links.push(...config.routers.map((url) => createLinkDialer(url, linkDeps)));

  let ended: Promise<void> | null = null;
  const end = async (): Promise<void> => {
    stops.forEach((stop) => stop());
    health.close();
    links.forEach((link) => link.close());
    await admin.close();
    await engine.close();
    ledger.close();
    deps.onEnd?.();
  };
  const close = (): Promise<void> => (ended ??= end());

  return {
    workerKey,
    adminPort: admin.port,
    status: report,
    offer: () => offers.current(),
    close,
    async drain({ final = config.finalReceiptsOnDrain } = {}) {
      draining = true;
      status.refresh();
      log.info({ running: jobs.running() }, 'draining');
      const late = (): Error => new CocoonError('draining', 'Jobs still run.');
      await within(timers, WORKER_LIMITS.drainTimeoutMs, jobs.idle(), late).catch(() => {
        log.warn({ running: jobs.running() }, 'jobs are cut off');
      });
      // The last frames may still be on their way to a reader.
      const drained = Promise.all(links.map((link) => link.drain()));
      await within(timers, WORKER_LIMITS.linkDrainMs, drained, late).catch(() => undefined);
      if (final) await Promise.all(ledger.accounts().map((line) => ledger.finalise(line)));
      const settled = settler.run({ all: true });
      await within(timers, WORKER_LIMITS.settleOnDrainMs, settled, late).catch(() => {
        log.warn({}, 'the last settles take too long; the journal knows what was sent');
      });
      await close();
    },
  };
}

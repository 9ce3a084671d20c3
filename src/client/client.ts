import { webCrypto } from '../attestation/crypto/web';
import { systemTimers, type Timers } from '../channel';
import type { EvidenceBundle } from '../evidence';
import { randomBytes } from '../protocol/crypto';
import { CocoonError } from '../protocol/errors';
import { createAuditor, type Auditor } from './audit';
import { createLoad } from './choose';
import { evidenceOf } from './evidence/evidenceOf';
import { createEvidenceRoutes } from './evidence/routes';
import { createFailures } from './failures';
import { createClientFetch } from './clientFetch';
import { createCosts } from './costs';
import { createHousekeeping, type Pruner } from './housekeeping';
import type { JobDeps } from './job';
import { CLIENT_LIMITS } from './limits';
import { createLines, type Lines } from './lines';
import { createMarket, type MarketDeps } from './market';
import { listModels } from './models';
import { balanceInfo, lineInfos, moneyInfo } from './money';
import { DEFAULT_FUNDING, DEFAULT_POLICY } from './policy';
import { createRefill } from './refill';
import { toCocoonError } from './respond';
import type { ServeDeps } from './serve';
import type { Store } from './store';
import type { StoredContradiction } from './storeContradictions';
import type { StoredJob } from './storeRows';
import type { Client, ClientConfig, ClientDeps, ContradictionInfo, ReceiptInfo } from './types';
import { fetchCollateral } from './verify/fetching';

/**
 * The client, wherever it runs and wherever its books are kept: chooses and verifies workers, seals requests, funds
 * lines, checks bills. Owns the books.
 */
export function createClientOver(
  openBooks: () => Store,
  config: Omit<ClientConfig, 'dataDir'>,
  deps: Omit<ClientDeps, 'wallet'> & { pruner: Pruner | null },
): Client {
  if (config.routers.length === 0 || config.routers.length > CLIENT_LIMITS.routers) {
    throw new CocoonError('invalid_request', `A client takes 1 to ${CLIENT_LIMITS.routers} routers.`);
  }
  const { chain, clock, pruner } = deps;
  const timers: Timers = deps.timers ?? systemTimers;
  const random = deps.random ?? randomBytes;
  const fetch = deps.fetch ?? globalThis.fetch;
  const onFault = deps.onFault ?? (() => undefined);
  const policy = { ...DEFAULT_POLICY, ...config.policy };
  const funding = { ...DEFAULT_FUNDING, ...config.funding };

  const store = openBooks();
  const failures = createFailures({ store, clock });
  const { attestationCrypto: crypto = webCrypto() } = deps;
  const loadCollateral: MarketDeps['loadCollateral'] = deps.collateral
    ? (_, family) => deps.collateral!(family)
    : (router, family) => fetchCollateral(router, family, fetch);
  const market = createMarket(
    { ...config, policy },
    { chain, clock, fetch, timers, crypto, loadCollateral, isAvoided: failures.isAvoided },
  );
  const costs = createCosts(config, { chain, store, clock });
  const { isAvoided } = failures;
  // Lines are raised after an audit, and an audit is a job over a line.
  const lines: Lines = createLines(
    { ...config, funding },
    {
      chain,
      clock,
      timers,
      store,
      isAvoided,
      random,
      costBps: costs.shareBps,
      audit: (...args) => audit(...args),
    },
  );
  const job: JobDeps = { clock, timers, fetch, random, signer: config.signer, lines, market };
  const audit: Auditor = createAuditor({ job, store, failures, onFault });
  const load = createLoad(timers);
  const house = createHousekeeping(
    { policy, funding },
    {
      ...{ market, lines, costs, clock, timers, isAvoided, pruner },
      onFault: (error) => onFault(null, toCocoonError(error)),
    },
  );
  const refill = createRefill({ market, lines, clock, audit, house });
  house.start();

  const serve: ServeDeps = {
    market,
    lines,
    failures,
    policy,
    funding,
    load,
    freeSlotsOf: load.freeSlots,
    random01: () => random(4).readUInt32BE(0) / 2 ** 32,
    job,
    stayWith: createConversations(),
    afterJob: refill.afterJob,
    onFault,
  };
  const models = async () => listModels(await market.candidates());

  const evidence = (id: string): EvidenceBundle | null => {
    const job = store.job(id);
    return job && evidenceOf(job, store.evidence(id));
  };
  const routes = createEvidenceRoutes({ evidence, job: store.job, candidates: market.candidates });
  const fetchAs = createClientFetch({ serve, models, evidence: routes });

  return {
    fetch: fetchAs(null),
    fetchAs,
    models,
    refusedWorkers: market.refused,
    async balance() {
      return balanceInfo(await lines.escrow(0), lines.held(), clock.now());
    },
    async lines() {
      return lineInfos(await lines.escrow(0), lines.held(), clock.now());
    },
    async money() {
      return moneyInfo(await lines.escrow(0), lines.held(), {
        costs,
        wallet: pruner?.address ?? null,
        nowUnix: clock.now(),
      });
    },
    tidy: house.round,
    receipts: (limit = 100) => store.jobs(limit).map(receiptInfo),
    receipt(id) {
      const job = store.job(id);
      return job && receiptInfo(job);
    },
    contradictions: () => store.contradictions().map(contradictionInfo),
    evidence,
    closeLines: (ids) => lines.closeLines(ids, 'closed'),
    async ready() {
      await Promise.all([lines.escrow(0), market.candidates()]);
    },
    async close() {
      await Promise.all([refill.idle(), house.stop()]);
      store.close();
    },
  };
}

/** Which worker a conversation stays with; the oldest conversations are forgotten. */
function createConversations(): ServeDeps['stayWith'] {
  const workers = new Map<string, string>();
  return {
    get: (conversation) => workers.get(conversation) ?? null,
    set(conversation, workerId) {
      workers.delete(conversation);
      if (workers.size >= CLIENT_LIMITS.conversations) workers.delete(workers.keys().next().value!);
      workers.set(conversation, workerId);
    },
  };
}

function contradictionInfo(pair: StoredContradiction): ContradictionInfo {
  return {
    version: 1,
    worker: pair.worker.toString('hex'),
    worker_key: pair.workerKey.toString('hex'),
    first: pair.first.toString('hex'),
    second: pair.second.toString('hex'),
  };
}

function receiptInfo(job: StoredJob): ReceiptInfo {
  const text = (bytes: Buffer | null): string | null => bytes?.toString('base64') ?? null;
  return {
    id: job.id,
    lineId: job.lineId,
    model: job.model,
    worker: job.worker,
    issuedAtUnix: job.issuedAtUnix,
    maxFeeNano: job.maxFeeNano,
    costNano: job.feeNano,
    ticket: job.ticket.toString('base64'),
    record: text(job.record),
    proof: text(job.proof),
    receipt: text(job.receipt),
  };
}

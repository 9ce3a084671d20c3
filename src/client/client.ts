import { randomBytes } from 'node:crypto';
import { systemTimers, type Timers } from '../channel';
import { CocoonError } from '../protocol/errors';
import { createAuditor, type Auditor } from './audit';
import { createLoad } from './choose';
import { createFailures } from './failures';
import { createClientFetch } from './clientFetch';
import { readDeposit } from './funding';
import { reservedNano, roomNano, spentNano, takesTickets } from './heldLine';
import type { JobDeps } from './job';
import { CLIENT_LIMITS } from './limits';
import { createLines, type Lines } from './lines';
import { createMarket } from './market';
import { listModels } from './models';
import { DEFAULT_FUNDING, DEFAULT_POLICY } from './policy';
import { createRefill } from './refill';
import type { ServeDeps } from './serve';
import { openStore, type StoredJob } from './store';
import type { Client, ClientConfig, ClientDeps, LineInfo, ReceiptInfo } from './types';

/** The client: chooses and verifies workers, seals requests, funds lines, checks bills. Owns its data directory. */
export function createClient(config: ClientConfig, deps: ClientDeps): Client {
  if (config.routers.length === 0 || config.routers.length > CLIENT_LIMITS.routers) {
    throw new CocoonError('invalid_request', `A client takes 1 to ${CLIENT_LIMITS.routers} routers.`);
  }
  const { chain, clock } = deps;
  const timers: Timers = deps.timers ?? systemTimers;
  const random = deps.random ?? randomBytes;
  const fetch = deps.fetch ?? globalThis.fetch;
  const onFault = deps.onFault ?? (() => undefined);
  const policy = { ...DEFAULT_POLICY, ...config.policy };
  const funding = { ...DEFAULT_FUNDING, ...config.funding };

  const store = openStore(config.dataDir);
  const failures = createFailures({ store, clock });
  const market = createMarket({ ...config, policy }, { chain, clock, fetch, isAvoided: failures.isAvoided });
  // Lines are raised after an audit, and an audit is a job over a line.
  const lines: Lines = createLines(
    { ...config, funding },
    { chain, clock, timers, store, isAvoided: failures.isAvoided, audit: (...args) => audit(...args) },
  );
  const job: JobDeps = { clock, timers, fetch, random, signer: config.signer, lines, market };
  const audit: Auditor = createAuditor({ job, store, failures, onFault });
  const load = createLoad(timers);
  const refill = createRefill({ market, lines, clock, audit });

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

  return {
    fetch: createClientFetch({ serve, models }),
    models,
    refusedWorkers: market.refused,
    async balance() {
      const escrow = await lines.escrow(0);
      const {
        freeNano,
        depositNano,
        unspentNano,
        reservedNano: reserved,
      } = readDeposit(escrow, lines.held(), clock.now());
      return {
        depositNano,
        freeNano,
        allocatedNano: unspentNano,
        reservedNano: reserved,
        unsettledNano: escrow.lockedNano - unspentNano,
        signerBudgetNano: escrow.signerBudgetNano,
      };
    },
    async lines() {
      const escrow = await lines.escrow(0);
      const now = clock.now();
      const books = new Map(lines.held().map((line) => [line.id, line]));
      return [...escrow.lines].map(([id, entry]): LineInfo => {
        const line = books.get(id);
        return {
          id,
          worker: line?.line.workerAddress.toString('hex') ?? null,
          router: line?.router ?? null,
          capNano: entry.capNano,
          paidNano: entry.paidNano,
          spentNano: line ? spentNano(line) : entry.paidNano,
          reservedNano: line ? reservedNano(line, now) : 0n,
          roomNano: line ? roomNano(line, entry, now) : 0n,
          settleByUnix: entry.settleBy,
          closeAtUnix: entry.closeAt,
          open: line !== undefined && takesTickets(line, entry, now),
        };
      });
    },
    receipts: (limit = 100) => store.jobs(limit).map(receiptInfo),
    receipt(id) {
      const job = store.job(id);
      return job && receiptInfo(job);
    },
    closeLines: lines.closeLines,
    async ready() {
      await Promise.all([lines.escrow(0), market.candidates()]);
    },
    async close() {
      await refill.idle();
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

import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Address } from '@ton/core';
import type { Chain, EscrowState, LineEntry, WorkerState } from '../../../../src/chain/types';
import { nano } from '../../../../src/protocol/amounts';
import { escrowDomain } from '../../../../src/protocol/domain';
import { CocoonError } from '../../../../src/protocol/errors';
import { keyPairFromSeed, type KeyPair } from '../../../../src/protocol/ed25519';
import { sha256 } from '../../../../src/protocol/hash';
import { lineId, NO_FEE_RECIPIENT, type Line } from '../../../../src/protocol/line';
import { parseStatement, statementHash } from '../../../../src/protocol/statement';
import { workerConfigSchema, type WorkerConfig } from '../../../../src/worker/config';
import { closeLedgerDatabase, openLedgerDatabase } from '../../../../src/worker/ledgerSchema';
import { silentLogger } from '../../../../src/worker/logger';
import { createWorker, type Worker, type WorkerDeps } from '../../../../src/worker/worker';
import { startScriptedEngine, type ScriptedEngine } from './scriptedEngine';
import {
  openReply,
  sealJob,
  type JobBend,
  type JobFacts,
  type OpenedReply,
  type SealedJob,
} from './testClient';
import { sendJob, startTestRouter, type Reply, type TestRouter } from './testRouter';
import { createTestTimers, type TestTimers } from './timers';

/** One worker between a scripted engine, a test router and a chain that is plain data. */
export const NETWORK_ID = -3;
export const START = 1_900_000_000;
const DAY = 86_400;
export const REGISTRY = new Address(0, sha256(Buffer.from('registry')));
export const WORKER = new Address(0, sha256(Buffer.from('worker')));
export const MODEL_HASH = sha256(Buffer.from('model'));

export interface TestEscrow {
  hash: Buffer;
  signer: KeyPair;
  domain: Buffer;
  state: EscrowState;
}

export interface World {
  worker: Worker;
  engine: ScriptedEngine;
  router: TestRouter;
  timers: TestTimers;
  clock: { time: number; now(): number };
  chain: TestChain;
  escrow: TestEscrow;
  line: Line;
  stateDir: string;
  config: WorkerConfig;
  /** A genuine job, bent as the test wants. */
  job(facts?: Partial<JobFacts>, bend?: JobBend): SealedJob;
  send(job: SealedJob): Promise<Reply>;
  /** Sends and opens; throws when it was refused. */
  run(facts?: Partial<JobFacts>, bend?: JobBend): Promise<OpenedReply>;
  /** Opens one more line of the escrow. */
  open(line: Line): void;
  /** The offer as a router gets it now. */
  offerText(): string;
  /** Lines in the ledger on disk; the worker is closed for it. */
  ledgerLines(): Promise<number>;
  /** Lets the event loop run until the condition holds. */
  until(condition: () => boolean): Promise<void>;
  /** A second worker over the same directory. */
  startAnother(): Promise<Worker>;
  /** Ends the worker and starts another over the same directory. */
  restart(deps?: Partial<WorkerDeps>): Promise<void>;
  end(): Promise<void>;
}

export interface TestChain extends Chain {
  /** The statement announced last. */
  statement(): { hash: Buffer; hpkeKey: Buffer };
  escrows: Map<string, EscrowState>;
  workerState: WorkerState | null;
  failing: boolean;
  /** How old the newest block is. */
  lagSeconds: number;
  admitAnnounced(): void;
  announced: number;
  /** False while the registry's owner confirms nothing. */
  admits: boolean;
  announce(image: Buffer): Promise<void>;
}

export interface WorldOptions {
  config?: Record<string, unknown>;
  deps?: Partial<WorkerDeps>;
  slots?: number;
  admits?: boolean;
  /** False where the routers are not the world's own. */
  waitForLink?: boolean;
}

export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const engine = await startScriptedEngine();
  const router = await startTestRouter();
  const clock = { time: START, now: () => clock.time };
  const timers = createTestTimers();
  const folder = mkdtempSync(join(tmpdir(), 'cocoon-worker-'));
  const stateDir = join(folder, 'state');
  const chain = createTestChain(clock, options.admits ?? true);
  const config = workerConfigSchema.parse({
    stateDir,
    network: { endpoint: 'http://127.0.0.1:1', networkId: NETWORK_ID, registry: REGISTRY.toRawString() },
    worker: WORKER.toRawString(),
    imageId: 'ab'.repeat(32),
    routers: [router.url],
    engine: { url: engine.url },
    slots: options.slots ?? 4,
    models: [testModel()],
    ...options.config,
  });
  const start = (deps: Partial<WorkerDeps>): Promise<Worker> =>
    createWorker(config, {
      ...{ chain, clock, timers, log: silentLogger, announce: chain.announce },
      randomBytes: (bytes) =>
        Buffer.from(createHash('shake256', { outputLength: bytes }).update(`${++draws}`).digest()),
      random: () => 0.5,
      ...options.deps,
      ...deps,
    });
  let draws = 0;
  let jobs = 0;
  let worker = await start({});
  let session =
    (options.waitForLink ?? options.config?.['routers'] === undefined) && options.admits !== false
      ? await router.link()
      : null;

  const escrow = openEscrow(chain, 'client', clock.time);
  openLine(escrow, lineTo(worker.workerKey));

  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise((resolve) => setImmediate(resolve));
  };
  /** Both ends know of the link. */
  const linked = (): Promise<void> => until(() => worker.status().links.every(({ connected }) => connected));
  if (session) await linked();

  const world: World = {
    ...{
      worker,
      engine,
      router,
      timers,
      clock,
      chain,
      escrow,
      line: lineTo(worker.workerKey),
      stateDir,
      config,
    },
    job(facts = {}, bend = {}) {
      const statement = chain.statement();
      return sealJob(
        {
          escrow: escrow.hash,
          domain: escrow.domain,
          line: world.line,
          signer: escrow.signer,
          recipientKey: statement.hpkeKey,
          statementHash: statement.hash,
          modelHash: MODEL_HASH,
          jobId: sha256(Buffer.from(`job ${++jobs}`)).subarray(0, 16),
          now: clock.time,
          maxFee: 10_000n,
          path: '/v1/chat/completions',
          body: { model: 'tiny', messages: [{ role: 'user', content: 'Say hello' }] },
          ...facts,
        },
        bend,
      );
    },
    send: async (job) => sendJob((session ??= await router.link()), job.bytes),
    async run(facts, bend) {
      const job = world.job(facts, bend);
      const reply = await world.send(job);
      if (reply.code !== null || reply.status !== 200)
        throw new Error(`refused: ${reply.status} ${reply.code}`);
      return openReply(job, reply.frames);
    },
    open: (line) => openLine(escrow, line),
    offerText: () => worker.offer()?.text ?? '',
    until,
    async ledgerLines() {
      await worker.close();
      const db = openLedgerDatabase(join(stateDir, 'ledger.sqlite'));
      const { lines } = db.prepare('SELECT count(*) AS lines FROM lines').get() as { lines: number };
      closeLedgerDatabase(db);
      return lines;
    },
    startAnother: () => start({}),
    async restart(deps = {}) {
      session = null;
      await router.dropLink();
      await worker.close();
      worker = await start(deps);
      session = await router.link();
      await linked();
      world.worker = worker;
    },
    async end() {
      await worker.close();
      await router.close();
      await engine.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return world;
}

export function testModel(): Record<string, unknown> {
  return {
    ...{ id: 'tiny', hash: MODEL_HASH.toString('hex'), engineModel: 'engine-tiny' },
    ...{ contextLength: 2048, maxOutputTokens: 512, capabilities: ['chat', 'completions', 'embeddings'] },
    floor: { prompt_nano: '1000000', cached_nano: '500000', completion_nano: '2000000' },
    minCap_nano: '1000',
  };
}

export function lineTo(workerKey: Buffer): Line {
  return {
    workerAddress: WORKER.hash,
    settleBy: START + 10 * DAY,
    feeBps: 0,
    feeTo: NO_FEE_RECIPIENT,
    workerKey,
  };
}

export function openEscrow(chain: TestChain, name: string, readAtUnix: number): TestEscrow {
  const hash = sha256(Buffer.from(`escrow ${name}`));
  const signer = keyPairFromSeed(sha256(Buffer.from(`signer ${name}`)));
  const domain = escrowDomain({ networkId: NETWORK_ID, registry: REGISTRY.hash, self: hash }, 7n);
  const state: EscrowState = {
    address: new Address(0, hash),
    registry: REGISTRY,
    client: new Address(0, sha256(Buffer.from(`client ${name}`))),
    salt: 0n,
    signer: signer.publicKey,
    signerBudgetNano: nano(0),
    seqno: 0,
    closeDelaySeconds: 129_600,
    born: 7n,
    domain,
    balanceNano: nano(10_000_000_000n),
    lockedNano: nano(0),
    freeNano: nano(0),
    reserveNano: nano(0),
    lines: new Map(),
    readAtUnix,
  };
  chain.escrows.set(hash.toString('hex'), state);
  return { hash, signer, domain, state };
}

export function openLine(escrow: TestEscrow, line: Line, bend: Partial<LineEntry> = {}): void {
  const lines = escrow.state.lines as Map<string, LineEntry>;
  lines.set(lineId(line).toString('hex'), {
    ...{ capNano: nano(50_000_000n), paidNano: nano(0), settleBy: line.settleBy, closeAt: 0 },
    ...bend,
  });
}

export function createTestChain(
  clock: { now(): number },
  admits: boolean,
): TestChain & { statement(): { hash: Buffer; hpkeKey: Buffer } } {
  let statement: Buffer | null = null;
  const refuse = (): never => {
    throw new Error('not used here');
  };
  const chain = {
    networkId: NETWORK_ID,
    registry: REGISTRY,
    escrows: new Map<string, EscrowState>(),
    workerState: {
      ...{ address: WORKER, registry: REGISTRY, provider: WORKER, index: 0, operator: WORKER },
      ...{ stakeNano: nano(1), activeUntil: 0, active: true, unstakeAt: 0, keys: [], feeRecipients: [] },
      ...{ statementHash: Buffer.alloc(32), imageId: Buffer.alloc(32), readAtUnix: clock.now() },
      ...{
        shape: Buffer.alloc(32),
        platform: Buffer.alloc(32),
        tcb: null,
        quoteSeqno: 0,
        attestedAt: 0,
        pending: null,
      },
      ...{ earningsNano: nano(0), claimableNano: nano(0), balanceNano: nano(0) },
    } as WorkerState | null,
    failing: false,
    lagSeconds: 0,
    admitAnnounced: () => admit(chain, statement!),
    announced: 0,
    admits,
    statement() {
      if (!statement) throw new Error('nothing was announced');
      return { hash: statementHash(statement), hpkeKey: parseStatement(statement).hpkeKey };
    },
    announce(image: Buffer) {
      statement = image;
      chain.announced += 1;
      if (chain.admits) admit(chain, image);
      return Promise.resolve();
    },
    blockTime: () => Promise.resolve(Math.floor(clock.now())),
    escrow(address: Address) {
      if (chain.failing) return Promise.reject(new CocoonError('chain_unavailable', 'No chain.'));
      const state = chain.escrows.get(address.hash.toString('hex')) ?? null;
      return Promise.resolve(state && { ...state, readAtUnix: clock.now() - chain.lagSeconds });
    },
    worker: () =>
      chain.failing
        ? Promise.reject(new CocoonError('chain_unavailable', 'No chain.'))
        : Promise.resolve(chain.workerState && { ...chain.workerState, readAtUnix: clock.now() }),
    workers: refuse,
    registryRules: refuse,
    masterchainRoot: refuse,
    platformOf: refuse,
    registryRoot: refuse,
    balance: refuse,
    isDeployed: refuse,
    sendExternal: refuse,
    transactions: refuse,
  };
  return chain;
}

function admit(chain: { workerState: WorkerState | null }, image: Buffer): void {
  const { receiptKey, notAfter } = parseStatement(image);
  const keys = chain.workerState!.keys.filter(({ workerKey }) => !workerKey.equals(receiptKey));
  const admitted = {
    workerKey: receiptKey,
    activeUntil: notAfter,
    lastSettleBy: START + 13 * DAY,
    platform: Buffer.alloc(32, 0x55),
  };
  chain.workerState = {
    ...chain.workerState!,
    ...{ keys: [...keys, admitted], activeUntil: notAfter, statementHash: statementHash(image) },
  };
}

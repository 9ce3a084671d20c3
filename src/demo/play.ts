import { join } from 'node:path';
import { TonClient } from '@ton/ton';
import { publishRouter } from '../chain/accounts';
import type { HeldReceipt } from '../chain/dues';
import { COIN_SYMBOL, formatCoins } from '../protocol/amounts';
import { LIMITS } from '../protocol/limits';
import { simulatedMeasurements } from '../worker/quotes/simulator';
import { advanceClock } from './cast';
import { partiesOf, receiptRows, unsettled } from './closing';
import { closeAllLines, createCustomer, leave, type Customer } from './customer';
import { gatherEvidence, type DemoEvidence } from './evidence';
import { acceptedPayouts, closeBooks, readHistories, settlementsIn } from './ledger';
import { DEMO_TERMS, foundNetwork } from './maintainer';
import type { DemoOptions } from './options';
import { startProgram } from './processes';
import {
  claim,
  stake,
  takeRouterShare,
  writeWorkerFiles,
  type DemoWorker,
  type WorkerPlan,
} from './provider';
import { receiptsOf } from './receipts';
import { refusedQuotes } from './refusedQuotes';
import type { DemoResult, Refusal } from './result';
import { killInMidStream, runDry, settleTwice } from './scenes';
import {
  fundEverybody,
  makeModel,
  startDevnet,
  startEngines,
  startRouter,
  type Model,
  type Stage,
} from './stage';
import { planJobs, runJob, runJobs, type JobOutcome } from './workload';

/** The demo's steps, each to be called once and in order. */
export interface Play {
  startChain(): Promise<string>;
  awaitEngines(): Promise<string>;
  foundNetwork(): Promise<string>;
  startRouter(): Promise<string>;
  startWorkers(): Promise<string>;
  attestWorkers(): Promise<string>;
  openEscrows(): Promise<string>;
  runJobs(say: (detail: string) => void): Promise<string>;
  killWorker(): Promise<string>;
  runDry(): Promise<string>;
  settleTwice(): Promise<string>;
  drainWorkers(): Promise<string>;
  claim(): Promise<string>;
  showEvidence(): Promise<string>;
  leave(): Promise<string>;
  closeBooks(seconds: number): Promise<DemoResult>;
  urls(): [string, string][];
  faucetUrl(): string;
  close(): Promise<void>;
}

const ROUTER_FEE_BPS = 300;
/** Nanotons per million tokens; far above any real price, so that a few answers can be seen on the ledger. */
const PRICES = { prompt: 20_000_000_000n, cached: 5_000_000_000n, completion: 80_000_000_000n };
const CONTEXT_LENGTH = 4_096;
const SLOTS = 4;
const CONCURRENCY = 6;
const ADMISSION_SECONDS = 40;

export function createPlay(options: DemoOptions): Play {
  let stage: Stage;
  let model: Model;
  let engines: Promise<string[]> = Promise.resolve([]);
  let router: { url: string; feeTo: Buffer };
  let workers: DemoWorker[] = [];
  let customers: Customer[] = [];
  let outcomes: JobOutcome[] = [];
  let receipts: HeldReceipt[] = [];
  const refusals: Refusal[] = [];
  let claimed: bigint = 0n;
  let evidence: DemoEvidence;
  let closed: Promise<void> | null = null;

  const nameOfWorker = (hash: Buffer): string =>
    workers.find(({ address }) => address.hash.equals(hash))?.name ?? '?';

  const plansOf = (imageId: Buffer): WorkerPlan[] =>
    stage.providers.map((provider, i) => ({
      name: `worker ${i + 1}`,
      provider,
      operator: stage.operators[i]!,
      index: 0,
      imageId,
    }));

  const startWorkerProgram = async (worker: DemoWorker): Promise<void> => {
    const { program } = await startProgram({
      name: worker.name,
      entry: 'src/worker/main.ts',
      args: ['--config', worker.configFile, '--json'],
      logDir: join(options.out, 'logs'),
      ready: (line) => (line.startsWith('{"url"') ? true : undefined),
    });
    stage.programs.set(worker.name, program);
  };

  const waitForBook = async (count: number): Promise<void> => {
    for (let tries = 0; tries < ADMISSION_SECONDS * 5; tries++) {
      const book = (await (await fetch(`${router.url}/v1/book`)).json()) as { entries: unknown[] };
      if (book.entries.length >= count) return;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    throw new Error(
      `fewer than ${count} workers reached the order book within ${ADMISSION_SECONDS} s; see the logs of workers and router`,
    );
  };

  return {
    async startChain() {
      stage = await startDevnet(options);
      model = await makeModel(stage);
      // Engines take a few seconds to load; the chain does not wait for them.
      engines = startEngines(stage);
      engines.catch(() => undefined);
      await fundEverybody(stage);
      return `network ${stage.chain.networkId}, everybody funded from the faucet`;
    },

    async foundNetwork() {
      const now = Math.floor(stage.clock.now());
      const registry = await foundNetwork(stage.maintainer, stage.treasury.wallet.address, model, now);
      return registry.toString();
    },

    async startRouter() {
      router = await startRouter(stage, ROUTER_FEE_BPS);
      await publishRouter(stage.router.wallet, {
        registry: stage.registry,
        endpoint: router.url,
        feeBps: ROUTER_FEE_BPS,
        depositNano: DEMO_TERMS.routerDepositNano,
      });
      return `${router.url}, fee ${ROUTER_FEE_BPS / 100}%`;
    },

    async awaitEngines() {
      const urls = await engines;
      return `${urls.length} x ${model.id}, one per provider`;
    },

    async startWorkers() {
      const urls = await engines;
      const { imageId } = await simulatedMeasurements();
      const share = { feeTo: router.feeTo, feeBps: ROUTER_FEE_BPS };
      workers = await Promise.all(
        plansOf(imageId).map(async (plan, i) => {
          const address = await stake(plan, stage.chain, DEMO_TERMS.minStakeNano, share);
          return writeWorkerFiles(plan, address, {
            endpoint: stage.devnet.apiUrl,
            networkId: stage.chain.networkId,
            registry: stage.registry,
            devnetUrl: stage.devnet.url,
            engineUrl: urls[i]!,
            routerUrl: router.url,
            model: { ...model, contextLength: CONTEXT_LENGTH },
            prices: PRICES,
            slots: SLOTS,
            folder: stage.folder,
          });
        }),
      );
      await Promise.all(workers.map(startWorkerProgram));
      return `${workers.length} workers, ${formatCoins(DEMO_TERMS.minStakeNano)} ${COIN_SYMBOL} each at stake`;
    },

    async attestWorkers() {
      await waitForBook(workers.length);
      const refused = await refusedQuotes(workers[workers.length - 1]!, stage);
      refusals.push(...refused);
      return `${workers.length} active by their quotes; refused: ${refused.map(({ code }) => code).join(', ')}`;
    },

    async openEscrows() {
      customers = await Promise.all(stage.clients.map((actor) => createCustomer(stage, actor, router.url)));
      await Promise.all(customers.map(({ client }) => client.ready()));
      return customers.map(({ name, way }) => `${name} by ${way}`).join(', ');
    },

    async runJobs(say) {
      const jobs = planJobs(options.jobs, customers.length, options.seed);
      outcomes = await runJobs(
        jobs,
        (job) => runJob(customers[job.client]!.openai, model.id, job),
        CONCURRENCY,
        (_, done) => say(`${done} of ${jobs.length}`),
      );
      const failed = outcomes.filter(({ ok }) => !ok);
      const tokens = outcomes.reduce((sum, outcome) => sum + outcome.tokens, 0);
      const trouble =
        failed.length > 0 ? `, ${failed.length} failed (${failed[0]!.code}: ${failed[0]!.message})` : '';
      return `${outcomes.length - failed.length} of ${jobs.length} answered, ${tokens.toLocaleString('en')} tokens${trouble}`;
    },

    async killWorker() {
      const scene = await killInMidStream(customers[0]!, model.id, async (hash) => {
        const victim = workers.find(({ address }) => address.hash.toString('hex') === hash);
        if (!victim) throw new Error(`no worker of ours answered, but ${hash}`);
        await stage.programs.get(victim.name)!.stop('SIGKILL');
        return victim;
      });
      refusals.push(scene.refusal);
      await startWorkerProgram(scene.worker);
      await waitForBook(workers.length);
      return `${scene.worker.name} killed after ${scene.piecesSeen} pieces: the client saw "${scene.refusal.code}"; it is back under its old key`;
    },

    async runDry() {
      const refusal = await runDry(customers[customers.length - 1]!, model.id);
      refusals.push(refusal);
      return `${refusal.who} was told ${refusal.code}`;
    },

    async settleTwice() {
      receipts = (await Promise.all(customers.map((customer) => receiptsOf(router.url, customer)))).flat();
      const { escrow, name } = customers[0]!;
      const { lines, firstNano, secondNano } = await settleTwice(stage, escrow, receipts);
      if (secondNano !== 0n) throw new Error('the same receipts paid twice');
      refusals.push({
        who: 'anybody',
        what: `the same settle of ${name}'s lines a second time`,
        code: 'paid 0',
        message: 'every line was skipped, the sender paid the gas',
      });
      return `${lines} lines of ${name}: ${formatCoins(firstNano)} ${COIN_SYMBOL}, the second time ${formatCoins(secondNano)}`;
    },

    async drainWorkers() {
      await Promise.all(workers.map(({ name }) => stage.programs.get(name)!.stop('SIGTERM')));
      receipts = (await Promise.all(customers.map((customer) => receiptsOf(router.url, customer)))).flat();
      const unpaid = await unsettled(stage, customers, receipts);
      return unpaid === 0n
        ? 'nothing earned is left unpaid'
        : `${formatCoins(unpaid)} ${COIN_SYMBOL} too small to be worth a settlement`;
    },

    async claim() {
      const amounts = await Promise.all(workers.map((worker) => claim(worker, stage.chain)));
      claimed = amounts.reduce((sum, amount) => sum + amount, 0n);
      let share: bigint = 0n;
      for (const worker of workers)
        share += await takeRouterShare(stage.router, router.feeTo, worker, stage.chain);
      return `providers ${formatCoins(claimed)} ${COIN_SYMBOL}, router ${formatCoins(share)}`;
    },

    async showEvidence() {
      evidence = await gatherEvidence(stage, customers[0]!);
      const { links } = evidence.onChain;
      const count = (state: string): number => links.filter((link) => link.state === state).length;
      return `${count('ok')} of ${links.length} links of an answer to ${evidence.customer} hold, ${count('failed')} fail`;
    },

    async leave() {
      const open = (await Promise.all(customers.map(closeAllLines))).reduce((sum, lines) => sum + lines, 0);
      await advanceClock(stage.devnet.url, LIMITS.closeDelayDefaultSeconds + 1);
      await stage.clock.sync();
      const back = await Promise.all(customers.map((customer) => leave(stage, customer)));
      return `${open} lines closed, ${LIMITS.closeDelayDefaultSeconds / 3_600} h later ${formatCoins(back.reduce((sum, amount) => sum + amount, 0n))} ${COIN_SYMBOL} came back`;
    },

    async closeBooks(seconds) {
      const parties = await partiesOf(stage, workers, customers);
      const histories = await readHistories(new TonClient({ endpoint: stage.devnet.apiUrl }), parties);
      const rows = await receiptRows(stage, customers, receipts, nameOfWorker);
      return {
        seed: options.seed,
        jobsDone: outcomes.filter(({ ok }) => ok).length,
        jobsFailed: outcomes.filter(({ ok }) => !ok).length,
        refusals,
        tokens: outcomes.reduce((sum, outcome) => sum + outcome.tokens, 0),
        paidNano: acceptedPayouts(histories).nano,
        claimedNano: claimed,
        settlements: settlementsIn(histories),
        seconds,
        ledger: closeBooks(parties, histories),
        receipts: rows,
        evidence,
        workers: workers.map((worker) => ({
          name: `${worker.name} of ${worker.provider.name}`,
          address: worker.address.toString(),
          state: 'admitted by its quote, simulated hardware',
          jobs: rows.filter((row) => row.worker === worker.name).reduce((sum, row) => sum + row.jobs, 0),
        })),
      };
    },

    urls: () => [
      ['chain', stage.devnet.apiUrl],
      ['devnet', stage.devnet.url],
      ['router', router.url],
      ['order book', `${router.url}/v1/book`],
      ...customers
        .filter(({ way }) => way === 'gateway')
        .map(({ name, openai }): [string, string] => [`${name} API`, openai.baseURL]),
      ['registry', stage.registry.toString()],
      ...customers.map(({ name, escrow }): [string, string] => [`${name} escrow`, escrow.toString()]),
      ['report', join(options.out, 'report.html')],
    ],
    faucetUrl: () => `${stage.devnet.url}/faucet`,

    close() {
      const end = async (): Promise<void> => {
        await Promise.all(customers.map((customer) => customer.close()));
        await stage?.close();
      };
      return (closed ??= end());
    },
  };
}

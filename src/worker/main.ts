import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Command } from 'commander';
import pino from 'pino';
import { Registry } from 'prom-client';
import type { ConnectedChain } from '../chain/chain';
import { connectChain } from '../chain/connect';
import type { TraceableWallet } from '../chain/types';
import { createWalletSender } from '../chain/wallet';
import { readWalletKey } from '../chain/walletKeyFile';
import { systemTimers } from '../channel';
import { CocoonError } from '../protocol/errors';
import {
  allListeners,
  createSettleLog,
  createSettleMetrics,
  createSettlement,
  openSettleStore,
} from '../settle';
import { createAdmission } from './attestation';
import { readWorkerConfig, type WorkerConfig } from './config';
import { QuoteSourceError } from './quotes/errors';
import { ensureStateDir } from './stateFiles';
import { createWorker, type Worker } from './worker';

/** In the state folder: the newest receipts of this and earlier keys, and what their settlements cost. */
const SETTLE_FILE = 'settlements.sqlite';

/** The worker as a process: prints where its health is, drains on SIGTERM or SIGINT. */
export async function runWorker(argv: readonly string[]): Promise<void> {
  const program = new Command('worker')
    .description('Serves jobs from its routers with the engine beside it, and is paid for them')
    .requiredOption('--config <file>', 'JSON configuration file, see docs/operate-worker.md')
    .option('--json', 'print the health URL and the worker key as one JSON line')
    .parse([...argv], { from: 'user' });
  const flags = program.opts<{ config: string; json?: boolean }>();
  const config = readWorkerConfig(flags.config);
  const log = pino({ level: config.logLevel }, pino.destination({ fd: 2, sync: true }));

  const failed = (error: unknown): void => {
    log.error({ err: error }, 'drain failed');
    process.exit(1);
  };
  let stopping = false;
  // A key near its last day: end its lines, settle them, and come back under a new key.
  const renew = (): void => {
    if (stopping) return;
    log.info('the receipt key is in its last days: a new one is made');
    worker
      .drain({ final: true })
      .then(async () => {
        if (!stopping) worker = await startWorker(config, log, renew);
      })
      .catch(failed);
  };
  let worker = await startWorker(config, log, renew);
  const url = `http://127.0.0.1:${worker.adminPort}`;
  const key = worker.workerKey.toString('hex');
  process.stdout.write(
    flags.json ? `${JSON.stringify({ url, workerKey: key })}\n` : `worker    ${url}   key ${key}\n`,
  );

  const stop = (): void => {
    // A second signal does not wait for jobs: what was acknowledged is on disk.
    if (stopping) process.exit(1);
    stopping = true;
    worker.drain().then(() => process.exit(0), failed);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

/** Connects a worker to the chain, the wallets and the engine that its file names. */
export async function startWorker(
  config: WorkerConfig,
  log: pino.Logger,
  onWornOut: () => void,
): Promise<Worker> {
  ensureStateDir(config.stateDir);
  const { chain, clock } = await connectChain(config.network);
  const operator = await openWallet(chain, config.operatorKeyFile);
  const payer = await openWallet(chain, config.settlementKeyFile);
  const registry = new Registry();
  const store = payer && openSettleStore(join(config.stateDir, SETTLE_FILE));
  const settlement =
    payer &&
    store &&
    createSettlement({
      ...{ chain, clock, wallet: payer, store },
      listener: allListeners(createSettleLog(log), createSettleMetrics(registry)),
    });
  return createWorker(config, {
    ...{ chain, clock, log, randomBytes },
    timers: systemTimers,
    random: Math.random,
    chainOffsetSeconds: () => clock.chainOffsetSeconds(),
    onWornOut,
    registry,
    onEnd: () => {
      store?.close();
      clock.stop();
    },
    ...(await createAdmission(config, operator, { chain, clock, log, randomBytes, timers: systemTimers })),
    ...(settlement && store ? { settlement, receipts: store.receipts } : {}),
  });
}

async function openWallet(
  chain: ConnectedChain,
  keyFile: string | undefined,
): Promise<TraceableWallet | null> {
  return keyFile === undefined ? null : createWalletSender(chain, await readWalletKey(keyFile));
}

if (require.main === module) {
  runWorker(process.argv.slice(2)).catch((error: unknown) => {
    const known = error instanceof CocoonError || error instanceof QuoteSourceError;
    const text = known ? `${error.message} ${error.remedy}` : String(error);
    process.stderr.write(`worker: ${text}\n`);
    process.exit(1);
  });
}

import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import pino from 'pino';
import type { ConnectedChain } from '../chain/chain';
import { connectChain } from '../chain/connect';
import { createEscrowCache } from '../chain/escrowCache';
import { createWalletSender, walletKeyFromMnemonic } from '../chain/wallet';
import { CocoonError } from '../protocol/errors';
import {
  allListeners,
  createSettleLog,
  createSettleMetrics,
  createSettlement,
  openSettleStore,
} from '../settle';
import { openCollateral } from './collateral';
import { parseRouterFile, type RouterFile } from './config';
import { createMetrics, type RouterMetrics } from './metrics';
import { createRouter, type Router } from './router';
import { createSettler, type SettlerDeps } from './settler';

interface Flags {
  config: string;
  json?: boolean;
}

/** The router as a process: prints where it listens, drains on SIGTERM or SIGINT. */
export async function runRouter(argv: readonly string[]): Promise<void> {
  const program = new Command('router')
    .description('Matches clients with linked workers, relays sealed jobs and keeps receipts')
    .requiredOption('--config <file>', 'JSON configuration file, see docs/operate-router.md')
    .option('--json', 'print the URL as one JSON line')
    .parse([...argv], { from: 'user' });
  const flags = program.opts<Flags>();
  const file = parseRouterFile(readFileSync(flags.config, 'utf8'));
  const log = pino({ level: file.logLevel }, pino.destination({ fd: 2, sync: true }));

  const router = await startRouter(file, log);
  process.stdout.write(flags.json ? `${JSON.stringify({ url: router.url })}\n` : `router    ${router.url}\n`);

  let stopping = false;
  const stop = (): void => {
    // A second signal does not wait for jobs.
    if (stopping) process.exit(1);
    stopping = true;
    router.drain().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'drain failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

/** Connects a router to the chain that its file names. */
export async function startRouter(file: RouterFile, log: pino.Logger): Promise<Router> {
  const { chain, clock } = await connectChain(file.chain);
  const { host, port } = file.listen;
  const metrics = createMetrics();
  const { urls, cacheDir = `${file.ledger}.collateral` } = file.collateral;
  const collateral = openCollateral(() => chain.registryRoot(), { urls, cacheDir }, { clock, log });
  let settling: Settling | null = null;
  const router = await createRouter(
    {
      host,
      port,
      ledgerPath: file.ledger,
      feeBps: file.fee.bps,
      feeTo: Buffer.from(file.fee.to, 'hex'),
      acceptFreeLines: file.acceptFreeLines,
      limits: file.limits,
    },
    {
      ...{ chain, escrows: createEscrowCache({ chain, clock }), clock, log, metrics, collateral },
      onDrained: async () => settling?.finish(),
      onClosed: () => settling?.stop(),
    },
  );
  if (file.settlement) {
    settling = await startSettling(file, file.settlement, {
      chain,
      clock,
      metrics,
      log,
      ledger: router.ledger,
    });
  }
  return router;
}

interface Settling {
  /** Settles the rest, for as long as a drain may take. */
  finish(): Promise<void>;
  stop(): void;
}

/** Settles at once and every interval, with the wallet whose words are in a file. */
async function startSettling(
  file: RouterFile,
  config: NonNullable<RouterFile['settlement']>,
  deps: Omit<SettlerDeps, 'settlement'> & { chain: ConnectedChain; metrics: RouterMetrics },
): Promise<Settling> {
  const { chain, clock, log } = deps;
  const keys = await walletKeyFromMnemonic(readFileSync(config.mnemonicFile, 'utf8'));
  const store = openSettleStore(config.store ?? `${file.ledger}.settlements`);
  const settlement = createSettlement({
    ...{ chain, clock, wallet: createWalletSender(chain, keys), store },
    policy: { feesBelowBps: config.feesBelowBps, lookEverySeconds: QUIET_SECONDS },
    listener: allListeners(createSettleLog(log), createSettleMetrics(deps.metrics.registry)),
  });
  const settler = createSettler({ ...deps, settlement });
  void settler.run();
  const timer = setInterval(() => void settler.run(), config.intervalSeconds * 1000).unref();
  return {
    async finish() {
      clearInterval(timer);
      const limit = new Promise<void>((resolve) => setTimeout(resolve, FINISH_MS).unref());
      await Promise.race([settler.run({ all: true }), limit]);
    },
    stop() {
      clearInterval(timer);
      store.close();
    },
  };
}

/** An escrow without a new receipt is looked at again after this time: a line of it may be closing by then. */
const QUIET_SECONDS = 3_600;
const FINISH_MS = 120_000;

if (require.main === module) {
  runRouter(process.argv.slice(2)).catch((error: unknown) => {
    const text = error instanceof CocoonError ? `${error.message} ${error.remedy}` : String(error);
    process.stderr.write(`router: ${text}\n`);
    process.exit(1);
  });
}

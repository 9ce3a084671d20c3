import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import pino from 'pino';
import type { ConnectedChain } from '../chain/chain';
import { connectChain } from '../chain/connect';
import { createEscrowCache } from '../chain/escrowCache';
import { createSettlement } from '../chain/settlement';
import { createWalletSender, walletKeyFromMnemonic } from '../chain/wallet';
import { CocoonError } from '../protocol/errors';
import { parseRouterFile, type RouterFile } from './config';
import { createMetrics } from './metrics';
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
    { chain, escrows: createEscrowCache({ chain, clock }), clock, log, metrics },
  );
  if (file.settlement)
    await startSettling(file.settlement, { chain, clock, metrics, log, ledger: router.ledger });
  return router;
}

/** Settles every interval, with the wallet whose words are in a file. */
async function startSettling(
  config: NonNullable<RouterFile['settlement']>,
  deps: Omit<SettlerDeps, 'settlement'> & { chain: ConnectedChain },
): Promise<void> {
  const keys = await walletKeyFromMnemonic(readFileSync(config.mnemonicFile, 'utf8'));
  const settlement = createSettlement({
    chain: deps.chain,
    clock: deps.clock,
    wallet: createWalletSender(deps.chain, keys),
    onFailure: (escrow, error) =>
      deps.log.warn({ escrow: escrow.hash.toString('hex'), reason: String(error) }, 'escrow not settled'),
  });
  const settler = createSettler({ ...deps, settlement });
  setInterval(() => void settler.run(), config.intervalSeconds * 1000).unref();
}

if (require.main === module) {
  runRouter(process.argv.slice(2)).catch((error: unknown) => {
    const text = error instanceof CocoonError ? `${error.message} ${error.remedy}` : String(error);
    process.stderr.write(`router: ${text}\n`);
    process.exit(1);
  });
}

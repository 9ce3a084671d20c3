import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { AttestationError } from '../attestation/errors';
import { CollateralError } from '../collateral';
import { CocoonError } from '../protocol/errors';
import { addAccountCommands } from './accounts';
import { addAttestCommands } from './attest/command';
import { addGovCommands } from './gov/command';
import { addKeyCommands } from './key/command';
import { addProviderCommands } from './provider/command';
import { addReceiptCommands } from './receipts';
import { addSlashCommands } from './slash/command';
import { addVerifyCommand } from './verify/command';

/**
 * Programs are loaded only when they are asked for: `cocoon --help` must not load an emulator. A dynamic import is
 * resolved as an ECMAScript module's, hence the endings.
 */
const PROGRAMS: readonly [name: string, description: string, run: (argv: string[]) => Promise<unknown>][] = [
  [
    'devnet',
    'an embedded chain behind a toncenter-compatible API',
    async (argv) => (await import('../devnet/main.js')).runDevnet(argv),
  ],
  [
    'worker',
    'serve jobs with the engine beside it, and be paid',
    async (argv) => (await import('../worker/main.js')).runWorker(argv),
  ],
  [
    'router',
    'relay sealed jobs, keep receipts',
    async (argv) => (await import('../router/main.js')).runRouter(argv),
  ],
  [
    'gateway',
    "OpenAI's API on this machine, sealed and paid for",
    async (argv) =>
      argv.includes('--sandbox')
        ? (await import('../demo/sandbox/run.js')).runSandbox(argv)
        : (await import('../client/main.js')).runGateway(argv),
  ],
];

async function main(): Promise<void> {
  const cocoon = new Command('cocoon')
    .description('Confidential compute, paid in Toncoin')
    .showHelpAfterError('See cocoon --help.')
    .exitOverride();

  const { withDemoOptions } = await import('../demo/options.js');
  withDemoOptions(cocoon.command('demo'))
    .description('run the whole economy on this machine: chain, contracts, workers, router, clients')
    .action(async (options: Parameters<typeof import('../demo/run.js').runDemo>[0]) => {
      const { runDemo } = await import('../demo/run.js');
      process.exit(await runDemo(options));
    });

  for (const [name, description, run] of PROGRAMS) {
    cocoon
      .command(name)
      .description(description)
      .argument('[flags...]', `see cocoon ${name} --help`)
      .allowUnknownOption()
      .helpOption(false)
      .action(async (flags: string[]) => void (await run(flags)));
  }
  addAccountCommands(cocoon);
  addReceiptCommands(cocoon);
  addAttestCommands(cocoon);
  addProviderCommands(cocoon);
  addGovCommands(cocoon);
  addKeyCommands(cocoon);
  addSlashCommands(cocoon);
  addVerifyCommand(cocoon);
  await cocoon.parseAsync();
}

/** 0 done, 1 failed, 2 usage, 3 a proof does not hold, 4 too little money, 5 no network. */
function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof CollateralError) return error.code === 'collateral_unreachable' ? 5 : 1;
  if (!(error instanceof CocoonError)) return 1;
  if (error.code === 'escrow_exhausted' || error.code === 'wallet_exhausted') return 4;
  if (error.code === 'chain_unavailable' || error.code === 'router_unreachable') return 5;
  return error.code.startsWith('receipt_') || error.code.startsWith('proposal_') ? 3 : 1;
}

/** Their messages are written for people; of any other error the kind matters too. */
const SPOKEN = [AttestationError, CollateralError, CommanderError];

function textOf(error: unknown): string {
  if (error instanceof CocoonError) return `${error.message} ${error.remedy}`;
  if (isPortTaken(error))
    return `Port ${error.port} is in use. End the program that listens there, or choose another port.`;
  const spoken = SPOKEN.some((kind) => error instanceof kind);
  return spoken ? (error as Error).message : String(error);
}

function isPortTaken(error: unknown): error is NodeJS.ErrnoException & { port: number } {
  return error instanceof Error && 'port' in error && 'code' in error && error.code === 'EADDRINUSE';
}

// Whoever reads our output may have seen enough: `cocoon attest explain x | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

main().catch((error: unknown) => {
  // What the parser of the command line found is on the terminal already, and so is help.
  if (!(error instanceof CommanderError) || error instanceof InvalidArgumentError)
    process.stderr.write(`cocoon: ${textOf(error)}\n`);
  process.exit(exitCodeOf(error));
});

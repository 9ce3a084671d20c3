import { Command, InvalidArgumentError } from 'commander';
import { pino } from 'pino';
import { CocoonError } from '../protocol/errors';
import { createDevnet } from './devnet';
import { DEVNET_NETWORK_ID, NOMINAL_BLOCK_MS } from './network';

interface Flags {
  dataDir?: string;
  host: string;
  port: number;
  blockInterval: number;
  networkId: number;
  startUnix?: number;
  json?: boolean;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError('a whole number');
  return value;
}

/** The devnet as a process: prints where it listens, runs until SIGTERM or SIGINT. */
export async function runDevnet(argv: readonly string[]): Promise<void> {
  const program = new Command('devnet')
    .description('A TON chain on this machine, behind the v2 API of toncenter')
    .option('--data-dir <folder>', 'keep the chain in this folder (default: in memory)')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <number>', 'port to listen on, 0 for any', wholeNumber, 8081)
    .option(
      '--block-interval <ms>',
      'time between blocks, 0 for a block per message',
      wholeNumber,
      NOMINAL_BLOCK_MS,
    )
    .option('--network-id <id>', 'global id, config parameter 19', wholeNumber, DEVNET_NETWORK_ID)
    .option('--start-unix <seconds>', "a new chain's first second (default: now)", wholeNumber)
    .option('--json', 'print the URLs as one JSON line')
    .parse([...argv], { from: 'user' });
  const flags = program.opts<Flags>();
  const log = pino({ level: 'warn' }, pino.destination(2));

  const devnet = await createDevnet(
    {
      dataDir: flags.dataDir ?? null,
      host: flags.host,
      port: flags.port,
      blockIntervalMs: flags.blockInterval,
      networkId: flags.networkId,
      ...(flags.startUnix === undefined ? {} : { startUnix: flags.startUnix }),
    },
    { onFault: (reason) => log.error({ reason }, 'devnet fault') },
  );

  const { url, apiUrl, networkId } = devnet;
  process.stdout.write(
    flags.json
      ? `${JSON.stringify({ url, api_url: apiUrl, network_id: networkId })}\n`
      : `devnet    ${url}\napi       ${apiUrl}\nnetwork   ${networkId}\n`,
  );

  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    void devnet.close().then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

if (require.main === module) {
  runDevnet(process.argv.slice(2)).catch((error: unknown) => {
    const text = error instanceof CocoonError ? `${error.message} ${error.remedy}` : String(error);
    process.stderr.write(`devnet: ${text}\n`);
    process.exit(1);
  });
}

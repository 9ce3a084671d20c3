import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import pino from 'pino';
import { CocoonError } from '../protocol/errors';
import { connectClient, readClientFile } from './connect';
import { createGateway, openKeyBooks } from './gateway';
import { moneyLine } from './money';
import type { Client } from './types';

interface Flags {
  config: string;
  json?: boolean;
}

/** The gateway as a process: prints its base URL, drains on SIGTERM or SIGINT. */
export async function runGateway(argv: readonly string[]): Promise<void> {
  const program = new Command('cocoon gateway')
    .description("OpenAI's API on this machine: chooses and verifies workers, seals requests, checks bills")
    .requiredOption('--config <file>', 'JSON configuration file, see docs/use-client.md')
    .option('--json', 'print the URL as one JSON line')
    .addHelpText(
      'after',
      '\nA whole simulated network to try it on: cocoon gateway --sandbox, see cocoon gateway --sandbox --help',
    )
    .showHelpAfterError('To try it without a file, money or hardware: npx cocoon gateway --sandbox')
    .parse([...argv], { from: 'user' });
  const flags = program.opts<Flags>();
  const file = readClientFile(flags.config);
  const log = pino({ level: file.logLevel }, pino.destination({ fd: 2, sync: true }));

  const client = await connectClient(file, {
    onFault: (worker, error) => log.warn({ worker, code: error.code, err: error }, 'a request failed'),
  });
  const { host, port, bodyMaxBytes, corsOrigins, apiKeysFile } = file.gateway;
  const keys = openKeyBooks(file.dataDir, () => Date.now() / 1_000);
  const gateway = createGateway(
    client,
    {
      host,
      port,
      corsOrigins,
      limits: { bodyBytes: bodyMaxBytes },
      apiKeys: apiKeysFile === undefined ? [] : readLines(apiKeysFile),
    },
    { keys, onFault: (error) => log.error({ code: error.code, err: error }, 'a request failed') },
  );
  const url = await gateway.listen();
  process.stdout.write(flags.json ? `${JSON.stringify({ url })}\n` : `gateway   ${url}\n`);
  if (!flags.json) await sayMoney(client);

  let stopping = false;
  const stop = (): void => {
    // A second signal does not wait for running requests.
    if (stopping) process.exit(1);
    stopping = true;
    gateway
      .close()
      .then(() => client.close())
      .then(() => keys.close())
      .then(
        () => process.exit(0),
        (error: unknown) => {
          log.error({ err: error }, 'shutdown failed');
          process.exit(1);
        },
      );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

/** A gateway whose chain does not answer yet serves all the same: it says so when it is asked for something. */
async function sayMoney(client: Client): Promise<void> {
  const line = await client.money().then(moneyLine, (error: unknown) => textOf(error));
  process.stdout.write(`money     ${line}\n`);
}

function textOf(error: unknown): string {
  return error instanceof CocoonError ? `${error.message} ${error.remedy}` : String(error);
}

function readLines(path: string): string[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

if (require.main === module) {
  runGateway(process.argv.slice(2)).catch((error: unknown) => {
    process.stderr.write(`gateway: ${textOf(error)}\n`);
    process.exit(1);
  });
}

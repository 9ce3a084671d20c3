import { readFileSync } from 'node:fs';
import { Address } from '@ton/core';
import { Command } from 'commander';
import pino from 'pino';
import { createChain } from '../chain/chain';
import { blockTimeSource, createChainClock, devnetTimeSource } from '../chain/clock';
import { keyPairFromSeed, type KeyPair } from '../protocol/ed25519';
import { CocoonError } from '../protocol/errors';
import { createClient } from './client';
import { parseClientFile, type ClientFile } from './config';
import { createGateway } from './gateway';
import type { Client } from './types';

interface Flags {
  config: string;
  json?: boolean;
}

/** The gateway as a process: prints its base URL, drains on SIGTERM or SIGINT. */
export async function runGateway(argv: readonly string[]): Promise<void> {
  const program = new Command('gateway')
    .description('OpenAI API on this machine: chooses and verifies workers, seals requests, checks bills')
    .requiredOption('--config <file>', 'JSON configuration file, see docs/use-client.md')
    .option('--json', 'print the URL as one JSON line')
    .parse([...argv], { from: 'user' });
  const flags = program.opts<Flags>();
  const file = parseClientFile(readFileSync(flags.config, 'utf8'));
  const log = pino({ level: file.logLevel }, pino.destination({ fd: 2, sync: true }));

  const { client, stopClock } = await startClient(file, log);
  const { host, port, bodyMaxBytes, corsOrigins, apiKeysFile } = file.gateway;
  const gateway = createGateway(client, {
    host,
    port,
    corsOrigins,
    limits: { bodyBytes: bodyMaxBytes },
    apiKeys: apiKeysFile === undefined ? [] : readLines(apiKeysFile),
  });
  const url = await gateway.listen();
  process.stdout.write(flags.json ? `${JSON.stringify({ url })}\n` : `gateway   ${url}\n`);

  let stopping = false;
  const stop = (): void => {
    // A second signal does not wait for running requests.
    if (stopping) process.exit(1);
    stopping = true;
    gateway
      .close()
      .then(() => client.close())
      .then(
        () => {
          stopClock();
          process.exit(0);
        },
        (error: unknown) => {
          log.error({ err: error }, 'shutdown failed');
          process.exit(1);
        },
      );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

/** Connects a client to the chain and the routers that its file names. */
export async function startClient(
  file: ClientFile,
  log: pino.Logger,
): Promise<{ client: Client; stopClock: () => void }> {
  const { endpoint, registry, networkId, apiKeyFile, devnet } = file.chain;
  const chain = await createChain({
    endpoint,
    registry: Address.parse(registry),
    ...(networkId === undefined ? {} : { networkId }),
    ...(apiKeyFile === undefined ? {} : { apiKey: readFileSync(apiKeyFile, 'utf8').trim() }),
  });
  const clock = await createChainClock(
    devnet === undefined
      ? { source: blockTimeSource(chain), follow: 'system' }
      : { source: devnetTimeSource(devnet), follow: 'chain' },
  );
  const { policy, lines } = file;
  const client = createClient(
    {
      routers: file.routers,
      escrow: Address.parse(file.escrow),
      signer: readSigner(file.signerSeedFile),
      dataDir: file.dataDir,
      policy: { ...policy, maxFeeNano: policy.maxFee },
      funding: {
        firstCapNano: lines.firstCap,
        raiseMinNano: lines.raiseMin,
        raiseMaxNano: lines.raiseMax,
        roomPercent: lines.roomPercent,
        maxLines: lines.most,
        raisesPerDay: lines.raisesPerDay,
      },
    },
    {
      chain,
      clock,
      onFault: (worker, error) => log.warn({ worker, code: error.code, err: error }, 'a request failed'),
    },
  );
  return { client, stopClock: () => clock.stop() };
}

function readSigner(path: string): KeyPair {
  const text = readFileSync(path, 'utf8').trim();
  if (!/^[0-9a-f]{64}$/i.test(text)) {
    throw new CocoonError('invalid_request', `${path} does not hold a seed.`, {
      remedy: 'A signer seed is 32 bytes in hex.',
    });
  }
  return keyPairFromSeed(Buffer.from(text, 'hex'));
}

function readLines(path: string): string[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

if (require.main === module) {
  runGateway(process.argv.slice(2)).catch((error: unknown) => {
    const text = error instanceof CocoonError ? `${error.message} ${error.remedy}` : String(error);
    process.stderr.write(`gateway: ${text}\n`);
    process.exit(1);
  });
}

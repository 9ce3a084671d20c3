import type { Address } from '@ton/core';
import { InvalidArgumentError, type Command } from 'commander';
import { connectChain } from '../../chain/connect';
import { nano, parseCoins, type Nano } from '../../protocol/amounts';
import { SETTLE_LIMITS } from '../../settle';
import { fileSource, routerSource, workerSource, type ReceiptSource } from '../../settle/sources';
import { parseAddress } from '../connect';

/** Where receipts and the chain are: shared by `settle` and `claims`. */
export interface SourceFlags {
  endpoint: string;
  registry: Address;
  apiKeyFile?: string;
  devnet?: string;
  store: string;
  worker: Address[];
  workerUrl: string[];
  router: string[];
  receipts: string[];
  feesBelow: number;
  json: boolean;
}

export interface SettleFlags extends SourceFlags {
  walletKey: string;
  once: boolean;
  interval: number;
  claim: boolean;
  claimAbove: Nano;
  metricsPort?: number;
}

export function withSourceFlags(command: Command): Command {
  return command
    .requiredOption('--endpoint <url>', 'toncenter-compatible JSON-RPC')
    .requiredOption('--registry <address>', 'the network is that of this registry', parseAddress)
    .option('--api-key-file <file>', 'file with the key for the endpoint')
    .option('--devnet <url>', 'follow the clock of this devnet')
    .option('--store <file>', 'keeps receipts and what settling cost', 'settlements.sqlite')
    .option('--worker <address>', 'a Worker contract of yours; may be repeated', collectAddress, [])
    .option('--worker-url <url>', "a worker's admin server; may be repeated", collectUrl, [])
    .option(
      '--router <url>',
      'a router, asked for the lines of each --worker; may be repeated',
      collectUrl,
      [],
    )
    .option('--receipts <file>', 'JSON lines of receipt, line, escrow; may be repeated', collectText, [])
    .option('--fees-below <percent>', 'settle when the fees are at most this share', parsePercent, 100)
    .option('--json', 'JSON instead of text', false);
}

export function withSettleFlags(command: Command): Command {
  return withSourceFlags(command)
    .requiredOption('--wallet-key <file>', 'mode 0600: a seed of 64 hex digits, or 24 words; pays the gas')
    .option(
      '--once',
      'one round, then end: 0 all is settled that should be, 1 something near its end is not',
      false,
    )
    .option('--interval <seconds>', 'between two rounds', parseSeconds, 600)
    .option('--claim', "take earnings out of the Worker contracts; the wallet must be the provider's", false)
    .option('--claim-above <amount>', 'claim what exceeds this, in TON', parseAmount, nano(1_000_000_000n))
    .option('--metrics-port <n>', 'metrics and claims on 127.0.0.1', parsePort);
}

/** Throws InvalidArgumentError for a router without a Worker to ask it for. */
export function sourcesOf(flags: SourceFlags): ReceiptSource[] {
  if (flags.router.length > 0 && flags.worker.length === 0)
    throw new InvalidArgumentError('--router needs --worker: whose receipts are meant?');
  return [
    ...flags.workerUrl.map((url) => workerSource(url)),
    ...flags.router.flatMap((url) => flags.worker.map((worker) => routerSource(url, worker))),
    ...flags.receipts.map(fileSource),
  ];
}

export function connectBy({ endpoint, registry, apiKeyFile, devnet }: SourceFlags) {
  return connectChain({ endpoint, registry, apiKeyFile, devnet });
}

export function workersOf({ worker }: SourceFlags): Address[] | null {
  return worker.length > 0 ? worker : null;
}

function collectText(text: string, before: string[]): string[] {
  if (before.length >= SETTLE_LIMITS.sources)
    throw new InvalidArgumentError(`at most ${SETTLE_LIMITS.sources}.`);
  return [...before, text];
}

function collectUrl(text: string, before: string[]): string[] {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) throw new InvalidArgumentError('a URL is needed.');
  return collectText(text, before);
}

function collectAddress(text: string, before: Address[]): Address[] {
  if (before.length >= SETTLE_LIMITS.workers)
    throw new InvalidArgumentError(`at most ${SETTLE_LIMITS.workers}.`);
  return [...before, parseAddress(text)];
}

/** Per cent with at most two decimals, as basis points. */
function parsePercent(text: string): number {
  const bps = /^\d{1,3}(\.\d{1,2})?$/.test(text) ? Math.round(Number(text) * 100) : 0;
  if (bps < 1 || bps > 10_000) throw new InvalidArgumentError('a share from 0.01 to 100 is needed.');
  return bps;
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!Number.isInteger(seconds) || seconds < 10 || seconds > 86_400)
    throw new InvalidArgumentError('whole seconds from 10 to 86400 are needed.');
  return seconds;
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError('a port from 0 to 65535 is needed.');
  return port;
}

function parseAmount(text: string): Nano {
  try {
    return parseCoins(text);
  } catch {
    throw new InvalidArgumentError('an amount such as 1.25 is needed.');
  }
}

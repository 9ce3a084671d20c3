import { readFileSync, statSync } from 'node:fs';
import type { Address } from '@ton/core';
import type { Command } from 'commander';
import { connectChain } from '../../chain/connect';
import { createWalletSender } from '../../chain/wallet';
import { readWalletKey } from '../../chain/walletKeyFile';
import { CocoonError } from '../../protocol/errors';
import { contradictionSource, fileSource, routerSource, workerSource } from '../../settle/sources';
import { parseProof, SLASH_LIMITS } from '../../slash';
import { parseAddress, withChainFlags, type ChainFlags } from '../connect';
import { standardOutput } from '../console';
import { runFile } from './file';
import { runFind } from './find';

interface FindFlags {
  worker: Address[];
  router: string[];
  workerUrl: string[];
  out: string;
  json: boolean;
}

interface FileFlags extends ChainFlags {
  walletKey?: string;
  devnet?: string;
}

/** `cocoon slash`: find two receipts that contradict each other, and file them. Anybody may, and gets a tenth of the stake. */
export function addSlashCommands(cocoon: Command): void {
  const slash = cocoon
    .command('slash')
    .description('find two receipts of a worker that contradict each other, and file the pair');
  slash
    .command('find')
    .description('compare receipts of any number of sources; exit code 3 when two contradict each other')
    .argument('[files...]', 'JSON lines of receipt, line, escrow, as routers and workers give them')
    .option('--worker <address>', 'a Worker contract to ask routers for; may be repeated', addAddress, [])
    .option(
      '--router <url>',
      'its contradictions, and its receipts of each --worker; may be repeated',
      addText,
      [],
    )
    .option('--worker-url <url>', "a worker's admin server; may be repeated", addText, [])
    .option('--out <folder>', 'where proofs are written', '.')
    .option('--json', 'one JSON object instead of text', false)
    .action(async (files: string[], flags: FindFlags) => {
      const sources = [
        ...files.map(fileSource),
        ...flags.workerUrl.map((url) => workerSource(url)),
        ...flags.router.map((url) => contradictionSource(url)),
        ...flags.router.flatMap((url) => flags.worker.map((worker) => routerSource(url, worker))),
      ];
      process.exitCode = await runFind(sources, flags, standardOutput());
    });
  withChainFlags(slash.command('file'))
    .description('say what a proof would do; with a wallet key, do it')
    .argument('<proof>', 'a file that `slash find` wrote')
    .option('--wallet-key <file>', 'mode 0600: pays the gas, and gets the reward')
    .option('--devnet <url>', 'follow the clock of this devnet')
    .action(async (path: string, flags: FileFlags) => {
      const proof = parseProof(readProof(path));
      const { chain, clock } = await connectChain(flags);
      try {
        const keys = flags.walletKey === undefined ? null : await readWalletKey(flags.walletKey);
        const wallet = keys && createWalletSender(chain, keys);
        await runFile(proof, { chain, wallet }, flags.json, standardOutput());
      } finally {
        clock.stop();
      }
    });
}

function readProof(path: string): string {
  const tooLarge = statSync(path).size > SLASH_LIMITS.proofFileMaxBytes;
  if (tooLarge) throw new CocoonError('receipt_malformed', `${path} is too large for a proof.`);
  return readFileSync(path, 'utf8');
}

function addAddress(text: string, before: Address[]): Address[] {
  return [...before, parseAddress(text)];
}

function addText(text: string, before: string[]): string[] {
  return [...before, text];
}

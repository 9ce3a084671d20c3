import { readFileSync } from 'node:fs';
import type { Address } from '@ton/core';
import { Option, type Command } from 'commander';
import { createChain } from '../../chain/chain';
import { readClientFile } from '../../client';
import { CocoonError } from '../../protocol/errors';
import { parseAddress, toJson } from '../connect';
import { readOwnBooks, type OwnBooks } from './books';
import { escrowJson, escrowText } from './text';

interface EscrowFlags {
  endpoint?: string;
  registry?: Address;
  config?: string;
  json: boolean;
}

/** `cocoon escrow`: anybody's from the chain alone; one's own, with `--config`, beside one's own books. */
export function addEscrowCommand(cocoon: Command): void {
  const command = cocoon.command('escrow');
  command
    .description("an escrow's money and lines, from the finalized chain; one's own with what its books add")
    .argument('[address]', 'of the escrow; else the one that --config names', parseAddress)
    .addOption(
      new Option(
        '--config <file>',
        "a client's configuration file: its gateway is asked, or its books are read",
      ),
    )
    .option('--endpoint <url>', 'toncenter-compatible JSON-RPC; else the one that --config names')
    .option('--registry <address>', 'the network is that of this registry', parseAddress)
    .option('--json', 'one JSON object instead of text', false)
    .action(async (named: Address | undefined, flags: EscrowFlags) => {
      const { address, endpoint, registry, apiKey } = whereTo(named, flags, (text) => command.error(text));
      const chain = await createChain({ endpoint, registry, ...(apiKey === undefined ? {} : { apiKey }) });
      const state = await chain.escrow(address);
      if (!state) {
        throw new CocoonError(
          'escrow_unknown',
          `There is no escrow of this registry at ${address.toString()}.`,
        );
      }
      const books: OwnBooks | null = flags.config === undefined ? null : await readOwnBooks(flags.config);
      const text = flags.json ? toJson(escrowJson(state, books)) : escrowText(state, books);
      process.stdout.write(`${text}\n`);
    });
}

/** What flags leave open, the client's file says. */
function whereTo(
  named: Address | undefined,
  flags: EscrowFlags,
  refuse: (text: string) => never,
): { address: Address; endpoint: string; registry: Address; apiKey?: string } {
  const file = flags.config === undefined ? null : readClientFile(flags.config);
  const address = named ?? (file ? parseAddress(file.escrow) : refuse('error: name an address, or --config'));
  const endpoint =
    flags.endpoint ?? file?.chain.endpoint ?? refuse('error: --endpoint or --config is needed');
  const registry =
    flags.registry ??
    (file ? parseAddress(file.chain.registry) : refuse('error: --registry or --config is needed'));
  const keyFile = file?.chain.apiKeyFile;
  return {
    address,
    endpoint,
    registry,
    ...(keyFile === undefined ? {} : { apiKey: readFileSync(keyFile, 'utf8').trim() }),
  };
}

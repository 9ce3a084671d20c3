import { Address } from '@ton/core';
import { InvalidArgumentError, type Command } from 'commander';
import { createChain, type ConnectedChain } from '../chain/chain';

export interface ChainFlags {
  endpoint: string;
  registry: Address;
  json: boolean;
}

/** The flags of every command that reads the chain. */
export function withChainFlags(command: Command): Command {
  return command
    .requiredOption('--endpoint <url>', 'toncenter-compatible JSON-RPC, as `cocoon devnet` prints it')
    .requiredOption('--registry <address>', 'the network is that of this registry', parseAddress)
    .option('--json', 'one JSON object instead of text', false);
}

export function connect(flags: ChainFlags): Promise<ConnectedChain> {
  return createChain({ endpoint: flags.endpoint, registry: flags.registry });
}

export function parseAddress(text: string): Address {
  try {
    return Address.parse(text);
  } catch {
    throw new InvalidArgumentError('an address such as EQ... is needed.');
  }
}

/** Amounts as decimal strings, so that no reader loses a digit. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, field: unknown) => (typeof field === 'bigint' ? field.toString() : field));
}

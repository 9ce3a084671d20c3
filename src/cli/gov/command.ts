import type { Address } from '@ton/core';
import { InvalidArgumentError, type Command } from 'commander';
import { createChainClient } from '../../chain/chainClient';
import { parseAddress, withChainFlags, type ChainFlags } from '../connect';
import { standardOutput } from '../console';
import { createForkSource } from './forkSource';
import { runInspect } from './inspect';
import { createProgress } from './progress';
import { runPropose } from './propose';
import { runSimulate } from './simulate';

const WHAT =
  "hash of a queued order, address of a multisig's order, or a bag of cells (hex, base64, a file, - for standard input)";

interface GovFlags extends ChainFlags {
  multisig?: Address;
}

/** `cocoon gov`: what a registry's owner has ordered, or is about to, in sentences that anybody can check. */
export function addGovCommands(cocoon: Command): void {
  const gov = cocoon.command('gov').description("a registry's orders: read them, try them, propose them");
  addInspect(gov);
  addSimulate(gov);
  addPropose(gov);
}

function withMultisigFlag(command: Command): Command {
  return command.option(
    '--multisig <address>',
    "whose proposal a bag of cells is; the owner's without it",
    parseAddress,
  );
}

function addInspect(gov: Command): void {
  withMultisigFlag(withChainFlags(gov.command('inspect')))
    .description(
      'what an order or a proposal would do; without an argument the whole queue, all blocks, and who decides',
    )
    .argument('[what]', WHAT)
    .action(async (what: string | undefined, flags: GovFlags) => {
      const { registry, multisig = null, json, endpoint } = flags;
      const options = { what: what ?? null, registry, multisig, json };
      process.exitCode = await runInspect(options, createChainClient({ endpoint }), standardOutput());
    });
}

function addSimulate(gov: Command): void {
  withMultisigFlag(withChainFlags(gov.command('simulate')))
    .description(
      'run an order or a proposal on a copy of the chain, over its timelock, and say what changes; exit code 3 when it is refused',
    )
    .argument('<what>', WHAT)
    .option('--from <address>', "who sends an order's body; whoever may, without it", parseAddress)
    .action(async (what: string, flags: GovFlags & { from?: Address }) => {
      const { registry, multisig = null, from = null, json, endpoint } = flags;
      const client = createChainClient({ endpoint });
      const { createFork } = await import('../../devnet/fork.js');
      const progress = createProgress((line) => void process.stderr.write(`${line}\n`));
      const deps = { client, source: createForkSource(endpoint, client), createFork, progress };
      const options = { what, registry, multisig, from, json };
      process.exitCode = await runSimulate(options, deps, standardOutput());
    });
}

const DAY = 86_400;
const DAYS_MOST = 90;

function addPropose(gov: Command): void {
  withMultisigFlag(withChainFlags(gov.command('propose')))
    .description('print the message with which a member has a multisig order something; nothing is sent')
    .argument(
      '<order...>',
      'such as: allowShape shape=<hex>; several after one another; or bodies as bags of cells',
    )
    .requiredOption('--by <address>', 'the signer or proposer who will send it', parseAddress)
    .option('--days <n>', 'how long it can be approved', parseDays, 7)
    .action(async (orders: string[], flags: GovFlags & { by: Address; days: number }) => {
      const { registry, multisig = null, by, days, json, endpoint } = flags;
      const options = { orders, registry, multisig, by, seconds: days * DAY, json };
      process.exitCode = await runPropose(options, createChainClient({ endpoint }), standardOutput());
    });
}

function parseDays(text: string): number {
  const days = Number(text);
  if (Number.isInteger(days) && days >= 1 && days <= DAYS_MOST) return days;
  throw new InvalidArgumentError(`a whole number from 1 to ${DAYS_MOST} is needed.`);
}

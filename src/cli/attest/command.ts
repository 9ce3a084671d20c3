import type { Address } from '@ton/core';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { ATTEST_KINDS } from '../../attestation/onchain/kind';
import { parseQuote } from '../../attestation/quote';
import { createWalletSender, type WalletVersion } from '../../chain/wallet';
import type { Root } from '../../protocol/root';
import { readWalletKey } from '../../chain/walletKeyFile';
import { connect, parseAddress, withChainFlags, type ChainFlags } from '../connect';
import { standardOutput } from '../console';
import { collateralOf, withCollateralFlags, type CollateralFlags } from './collateral';
import { describeQuote } from './describe';
import { differences, printDifferences } from './diff';
import { printExplanation } from './explain';
import { readQuoteFile } from './files';
import { parseTime, policyOf, withPolicyFlags, withRootFlag, type PolicyFlags } from './flags';
import { runHints } from './hints';
import { hintsInput, type HintsFlags } from './hintsInput';
import { runSubmit } from './submit';
import { runVerify, verifierFor } from './verify';

const QUOTE = ['<quote>', 'file with a quote: raw, hex or base64; - for standard input'] as const;

/** `cocoon attest`: quotes looked at, verified, compared, and brought to the chain. */
export function addAttestCommands(cocoon: Command): void {
  const attest = cocoon
    .command('attest')
    .description('Intel TDX quotes: verify, explain, compare, bring to the chain');
  addVerify(attest);
  addExplain(attest);
  addHints(attest);
  addSubmit(attest);
  addDiff(attest);
}

function addVerify(attest: Command): void {
  const command = attest
    .command('verify')
    .description('verify a quote with everything that Intel publishes; exit code 0 accepted, 3 refused')
    .argument(...QUOTE)
    .option('--at <time>', "the verifier's clock, such as 2025-06-25T12:00:00Z; now without it", parseTime)
    .option('--json', 'one JSON object instead of the checklist', false);
  withPolicyFlags(withRootFlag(withCollateralFlags(command))).action(
    async (
      file: string,
      flags: PolicyFlags & CollateralFlags & { at?: number; root: Root; json: boolean },
    ) => {
      const quote = readQuoteFile(file);
      const { root, json, at = now() } = flags;
      const collateral = await collateralOf(flags, quote, at, verifierFor(root));
      const options = { quote, collateral, atUnix: at, policy: policyOf(flags), root, json };
      process.exitCode = await runVerify(options, standardOutput());
    },
  );
}

function addExplain(attest: Command): void {
  const command = attest
    .command('explain')
    .description('every field of a quote with what it means; nothing is judged')
    .argument(...QUOTE)
    .option('--event-log <file>', 'CCEL or JSON: replayed to the measurement registers')
    .option('--json', 'one JSON object instead of text', false);
  withRootFlag(command).action(
    async (file: string, flags: { eventLog?: string; root: Root; json: boolean }) => {
      process.exitCode = await printExplanation(readQuoteFile(file), flags, standardOutput());
    },
  );
}

function addHints(attest: Command): void {
  const command = attest
    .command('hints')
    .description(
      "make the message for the quote's Platform contract, and say what the chain would answer; exit code 3 when it would refuse",
    )
    .argument(...QUOTE)
    .requiredOption('--provider <address>', 'of the Worker that the quote is for', parseAddress)
    .requiredOption('--index <n>', "which of the provider's Workers", parseIndex)
    .addOption(
      new Option('--kind <kind>', 'how much of the chain comes along; the cheapest without it').choices([
        ...ATTEST_KINDS,
      ]),
    )
    .option('--at <time>', 'block time to judge dates by; now without it', parseTime)
    .option('--out <file>', "where the message's body goes, as a bag of cells")
    .option(
      '--endpoint <url>',
      'toncenter-compatible JSON-RPC: then Registry, Worker and what the Platform remembers are looked at',
    )
    .option('--registry <address>', 'needed with --endpoint', parseAddress)
    .option('--json', 'one JSON object instead of text', false);
  withRootFlag(command).action(async (file: string, flags: HintsFlags & { out?: string; json: boolean }) => {
    const { provider, index, json } = flags;
    const input = await hintsInput(parseQuote(readQuoteFile(file)), flags, now());
    process.exitCode = await runHints(
      { input, provider, index, out: flags.out ?? null, json },
      standardOutput(),
    );
  });
}

function addSubmit(attest: Command): void {
  withChainFlags(attest.command('submit'))
    .description('bring a quote to the chain; nothing is sent when it would be refused (exit code 3)')
    .argument(...QUOTE)
    .requiredOption('--worker <address>', 'the Worker contract that the quote is for', parseAddress)
    .requiredOption(
      '--key-file <file>',
      'of the wallet that pays: mode 0600, a seed of 64 hex digits or 24 words',
    )
    .addOption(new Option('--wallet <version>', 'of that wallet').choices(['v5r1', 'v4']).default('v5r1'))
    .action(
      async (
        file: string,
        flags: ChainFlags & { worker: Address; keyFile: string; wallet: WalletVersion },
      ) => {
        const [chain, keys] = await Promise.all([connect(flags), readWalletKey(flags.keyFile)]);
        const wallet = createWalletSender(chain, keys, { version: flags.wallet });
        const options = { quote: readQuoteFile(file), worker: flags.worker, json: flags.json };
        process.exitCode = await runSubmit(options, chain, wallet, standardOutput());
      },
    );
}

function addDiff(attest: Command): void {
  const command = attest
    .command('diff')
    .description(
      'two quotes field by field, with what each difference means; exit code 0 the same, 1 different',
    )
    .argument('<a>', QUOTE[1])
    .argument('<b>', QUOTE[1])
    .option('--json', 'one JSON object instead of text', false);
  withRootFlag(command).action(async (a: string, b: string, flags: { root: Root; json: boolean }) => {
    const [left, right] = await Promise.all(
      [a, b].map((file) => describeQuote(parseQuote(readQuoteFile(file)), flags.root)),
    );
    process.exitCode = printDifferences(differences(left!, right!), flags.json, standardOutput());
  });
}

function parseIndex(text: string): number {
  const index = Number(text);
  if (Number.isInteger(index) && index >= 0 && index <= 65_535) return index;
  throw new InvalidArgumentError('a whole number from 0 to 65535 is needed.');
}

function now(): number {
  return Math.floor(Date.now() / 1_000);
}

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Address } from '@ton/core';
import { dryRun } from '../../../src/attestation/onchain/dryRun';
import { parseQuote } from '../../../src/attestation/quote';
import { announceStatement, orderRegistry, refusalOf, stakeWorker } from '../../../src/chain/accounts';
import { attestWorker } from '../../../src/chain/attest';
import { newestSharedBlock } from '../../../src/chain/masterchain';
import type { WalletSender } from '../../../src/chain/types';
import { chainFacts } from '../../../src/cli/attest/chainFacts';
import { runSubmit } from '../../../src/cli/attest/submit';
import type { Console } from '../../../src/cli/console';
import { familyOf } from '../../../src/collateral';
import { statementDigest } from '../../../src/protocol/statement';
import {
  createSimulatedQuotes,
  type SimulatedQuotes,
  type SimulatedSoftware,
} from '../../../src/worker/quotes/simulator';
import { allowTcbBody, blockBody } from '../../../wrappers/Registry';
import { createEconomy, key, START_UNIX, statementOf, TON, type Economy } from '../chain/economy';

/** Until the next block that counts, on an idle devnet. */
const HUNDRED_BLOCKS_SECONDS = 40;

let economy: Economy;
let provider: WalletSender;
let folder: string;

beforeAll(async () => {
  economy = await createEconomy();
  provider = await economy.wallet(2, 1_000n);
  folder = mkdtempSync(path.join(tmpdir(), 'cocoon-submit-'));
});
afterAll(async () => {
  await economy.close();
  rmSync(folder, { recursive: true });
});

interface Announced {
  worker: Address;
  statement: Buffer;
}

async function announced(index: number): Promise<Announced> {
  const { registry } = economy.chain;
  const staked = { registry, index, stakeNano: TON, operator: provider.address };
  const { contract: worker } = await stakeWorker(provider, staked);
  const statement = statementOf(economy, worker, key(100 + index));
  await announceStatement(provider, worker, statement, []);
  return { worker, statement };
}

const machineWith = (software: Partial<SimulatedSoftware>): SimulatedQuotes =>
  createSimulatedQuotes({ stateDir: folder, ...software }, { randomBytes, nowUnix: () => START_UNIX });

async function quoteFor({ statement }: Announced, machine = economy.machine): Promise<Uint8Array> {
  const { rootHash } = await newestSharedBlock(economy.chain.client);
  return machine.quote(Buffer.concat([statementDigest(statement), rootHash]));
}

function collecting(): Console & { text: string } {
  return {
    text: '',
    colours: false,
    write(text) {
      this.text += text;
    },
  };
}

/** What the dry run says, and what the contracts then do say; as names without ERROR_ and the contract's own. */
async function foretold(worker: Address, quote: Uint8Array): Promise<[expected: string, answer: string]> {
  const outcome = await dryRun(await chainFacts(economy.chain, parseQuote(quote), worker, null));
  const answer = await attestWorker(provider, economy.chain, { worker, quote }).then(
    () => 'accepted',
    (error: unknown) => refusalOf(error) ?? String(error),
  );
  if (outcome.ok) return ['accepted', answer];
  const { error } = outcome.refusal;
  return [
    error
      .replace(/^ERROR_(PLATFORM|REGISTRY|WORKER)_/, '')
      .replaceAll('_', ' ')
      .toLowerCase(),
    answer,
  ];
}

test('provider brings a quote to the chain and is told what it cost; a repetition is not even sent', async () => {
  const mine = await announced(0);
  const quote = await quoteFor(mine);
  const to = collecting();
  const options = { quote, worker: mine.worker, json: false };
  expect(await runSubmit(options, economy.chain, provider, to)).toBe(0);
  expect(to.text).toMatch(
    /^Admitted: the chain verified the quote\.\n {2}worker +\S+\n {2}active until +2026/,
  );
  expect(to.text).toMatch(/kind +leaf\n {2}spent, \S+ +0\.0\d+/);

  const before = await economy.chain.balance(provider.address);
  const again = collecting();
  expect(await runSubmit({ ...options, json: true }, economy.chain, provider, again)).toBe(3);
  expect(JSON.parse(again.text)).toMatchObject({
    ok: false,
    sent: false,
    error: 'ERROR_WORKER_STATEMENT_NOT_ANNOUNCED',
  });
  expect(await economy.chain.balance(provider.address)).toBe(before);
});

test('renewal takes the remembered key, as the dry run said, and prints for programs', async () => {
  const mine = await announced(1);
  const to = collecting();
  const options = { quote: await quoteFor(mine), worker: mine.worker, json: true };
  expect(await runSubmit(options, economy.chain, provider, to)).toBe(0);
  expect(JSON.parse(to.text)).toMatchObject({
    ok: true,
    sent: true,
    kind: 'key',
    hash: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
});

/** One Worker for all that is refused: a refusal leaves it as it is. */
let refusedOne: Promise<Announced> | undefined;

test.each<[error: string, software: Partial<SimulatedSoftware>]>([
  ['image not allowed', { image: 'wrong' }],
  ['shape not allowed', { shape: 'wrong' }],
  ['debug', { debug: true }],
])('dry run foretells "%s"', async (error, software) => {
  const mine = await (refusedOne ??= announced(2));
  expect(await foretold(mine.worker, await quoteFor(mine, machineWith(software)))).toEqual([error, error]);
});

test('dry run foretells a foreign statement, a replayed quote, and one that is too old', async () => {
  const [mine, other] = [await announced(3), await announced(4)];
  const quote = await quoteFor(mine);
  expect(await foretold(other.worker, quote)).toEqual(['statement not announced', 'statement not announced']);
  expect(await foretold(mine.worker, quote)).toEqual(['accepted', 'accepted']);
  await announceStatement(provider, mine.worker, mine.statement, []);
  expect(await foretold(mine.worker, quote)).toEqual(['quote replayed', 'quote replayed']);
  const late = await quoteFor(other);
  economy.devnet.advance(16 * HUNDRED_BLOCKS_SECONDS);
  expect(await foretold(other.worker, late)).toEqual(['quote not fresh', 'quote not fresh']);
});

test('dry run foretells a floor above the machine, and a blocked worker', async () => {
  const mine = await announced(5);
  const order = (body: Parameters<typeof orderRegistry>[2]) =>
    orderRegistry(economy.maintainer, economy.chain.registry, body);
  const quote = await quoteFor(mine);
  await order(blockBody(mine.worker.hash));
  expect(await foretold(mine.worker, quote)).toEqual(['worker blocked', 'worker blocked']);

  const family = Buffer.from(familyOf(quote).fmspc, 'hex');
  const zeros = Buffer.alloc(16);
  const floor = { pceId: 0, pceSvn: 65_535, sgxSvns: zeros, teeTcbSvn: zeros, qeIsvSvn: 0 };
  await order(allowTcbBody(family, floor));
  expect(await foretold(mine.worker, quote)).toEqual(['tcb too old', 'tcb too old']);
});

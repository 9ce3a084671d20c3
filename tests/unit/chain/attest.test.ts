import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Address } from '@ton/core';
import { announceStatement, orderRegistry, refusalOf, stakeWorker } from '../../../src/chain/accounts';
import { attestWorker, type AttestReport } from '../../../src/chain/attest';
import { newestSharedBlock, sharedBlocks } from '../../../src/chain/masterchain';
import { readPlatform } from '../../../src/chain/platformState';
import type { WalletSender } from '../../../src/chain/types';
import { sha256 } from '../../../src/protocol/hash';
import { statementDigest } from '../../../src/protocol/statement';
import {
  createSimulatedQuotes,
  simulatedMeasurements,
  type SimulatedQuotes,
  type SimulatedSoftware,
} from '../../../src/worker/quotes/simulator';
import { platformAddress } from '../../../wrappers/Platform';
import { allowImageBody, allowShapeBody, allowTcbBody, blockBody } from '../../../wrappers/Registry';
import { createEconomy, DAY, key, START_UNIX, statementOf, TON, type Economy } from './economy';

const ANY_FAMILY = Buffer.alloc(6);
/** Low enough for every machine: floors have tests of their own. */
const FLOOR = { pceId: 0, pceSvn: 0, sgxSvns: Buffer.alloc(16), teeTcbSvn: Buffer.alloc(16), qeIsvSvn: 0 };
/** One hundred blocks of an idle devnet. */
const HUNDRED_BLOCKS_SECONDS = 40;

describe('a quote is brought to the chain', () => {
  let economy: Economy;
  let stateDir: string;
  let provider: WalletSender;
  let machine: SimulatedQuotes;
  let wallets = 10;

  beforeAll(async () => {
    economy = await createEconomy();
    stateDir = mkdtempSync(join(tmpdir(), 'cocoon-attest-'));
    const { maintainer, chain } = economy;
    const { imageId, shape } = await simulatedMeasurements();
    for (const order of [
      allowImageBody(imageId, START_UNIX + 365 * DAY),
      allowShapeBody(shape),
      allowTcbBody(ANY_FAMILY, FLOOR),
    ]) {
      await orderRegistry(maintainer, chain.registry, order);
    }
    provider = await economy.wallet(2, 1_000n);
    machine = quotes();
  });
  afterAll(async () => {
    await economy.close();
    rmSync(stateDir, { recursive: true, force: true });
  });

  const quotes = (software: Partial<SimulatedSoftware> = {}): SimulatedQuotes =>
    createSimulatedQuotes({ stateDir, ...software }, { randomBytes, nowUnix: () => START_UNIX });

  /** A staked Worker whose statement is announced and cleared. */
  const announced = async (index: number, seed = index): Promise<{ worker: Address; statement: Buffer }> => {
    const { registry } = economy.chain;
    const staked = { registry, index, stakeNano: TON, operator: provider.address };
    const { contract: worker } = await stakeWorker(provider, staked);
    const statement = statementOf(economy, worker, key(100 + seed));
    await announceStatement(provider, worker, statement, []);
    return { worker, statement };
  };
  const quoteFor = async (statement: Buffer, source: SimulatedQuotes = machine): Promise<Uint8Array> => {
    const { rootHash } = await newestSharedBlock(economy.chain.client);
    return source.quote(Buffer.concat([statementDigest(statement), rootHash]));
  };
  const attest = (worker: Address, quote: Uint8Array, wallet = provider): Promise<AttestReport> =>
    attestWorker(wallet, economy.chain, { worker, quote });
  const refusal = (promise: Promise<unknown>): Promise<string | null> =>
    promise.then(
      () => 'accepted',
      (error: unknown) => {
        if (refusalOf(error) === null) throw error;
        return refusalOf(error);
      },
    );
  const nextBlocks = (count: number): void => void economy.devnet.advance(count * HUNDRED_BLOCKS_SECONDS);

  it('makes a worker active that nobody was asked about, and says what it cost', async () => {
    const { worker, statement } = await announced(0);
    const anybody = await economy.wallet(++wallets);
    const report = await attest(worker, await quoteFor(statement), anybody);
    expect(report.kind).toBe('leaf');
    expect(report.spentNano).toBeGreaterThan(0n);

    const { registryRoot, registry, client } = economy.chain;
    const state = (await economy.chain.worker(worker))!;
    const measured = await machine.measured();
    const platform = await platformAddress(await registryRoot(), registry, sha256(machine.ppid));
    expect(state).toMatchObject({ active: true, ...measured, platform: platform.hash, pending: null });
    expect(state.keys).toHaveLength(1);
    expect(state.quoteSeqno).toBe((await newestSharedBlock(client)).seqno);
    const { slots, keys } = (await readPlatform(client, platform))!;
    expect(slots).toEqual([{ worker: worker.hash, heldUntil: state.activeUntil }]);
    expect(keys).toHaveLength(1);
    expect(report.contract.equals(platform)).toBe(true);
  });

  it('renews with the remembered key, for a statement of another day', async () => {
    const { worker, statement } = await announced(1);
    expect((await attest(worker, await quoteFor(statement))).kind).toBe('key');
    const before = (await economy.chain.worker(worker))!.activeUntil;
    economy.devnet.advance(16 * 3_600);
    const next = statementOf(economy, worker, key(101));
    await announceStatement(provider, worker, next, []);
    const report = await attest(worker, await quoteFor(next));
    expect(report.kind).toBe('key');
    const { activeUntil, keys } = (await economy.chain.worker(worker))!;
    expect(activeUntil).toBe(before + 16 * 3_600);
    expect(keys).toHaveLength(1);
  });

  it('names a wrong image, a wrong shape and a debug TD', async () => {
    const { worker, statement } = await announced(2);
    const name = async (software: Partial<SimulatedSoftware>): Promise<string | null> =>
      refusal(attest(worker, await quoteFor(statement, quotes(software))));
    expect(await name({ image: 'wrong' })).toBe('image not allowed');
    expect(await name({ shape: 'wrong' })).toBe('shape not allowed');
    expect(await name({ debug: true })).toBe('debug');
    expect((await economy.chain.worker(worker))!.keys).toEqual([]);
    expect(await name({})).toBe('accepted');
  });

  it('refuses a quote that was used, also from somebody else and for another statement of the same block', async () => {
    const { worker, statement } = await announced(3);
    const quote = await quoteFor(statement);
    await attest(worker, quote);
    const before = (await economy.chain.worker(worker))!;
    expect(await refusal(attest(worker, quote))).toBe('statement not announced');
    expect(await refusal(attest(worker, quote, await economy.wallet(++wallets)))).toBe(
      'statement not announced',
    );

    // The same words again, as after a restart that forgot: the statement waits anew, and the block is used up.
    await announceStatement(provider, worker, statement, []);
    expect(await refusal(attest(worker, quote))).toBe('quote replayed');
    const after = (await economy.chain.worker(worker))!;
    expect([after.activeUntil, after.quoteSeqno]).toEqual([before.activeUntil, before.quoteSeqno]);
    nextBlocks(1);
    expect(await refusal(attest(worker, await quoteFor(statement)))).toBe('accepted');
  });

  it('refuses a quote of sixteen hundred blocks ago, and of a block that is none', async () => {
    const { worker, statement } = await announced(4);
    const old = await quoteFor(statement);
    nextBlocks(16);
    expect(await refusal(attest(worker, old))).toBe('quote not fresh');
    const none = await machine.quote(Buffer.concat([statementDigest(statement), Buffer.alloc(32, 1)]));
    expect(await refusal(attest(worker, none))).toBe('quote not fresh');
    expect(await refusal(attest(worker, await quoteFor(statement)))).toBe('accepted');
  });

  it('refuses a quote before its statement is announced, and for another worker', async () => {
    const first = await announced(5);
    const second = await announced(6);
    const foreign = await quoteFor(first.statement);
    expect(await refusal(attest(second.worker, foreign))).toBe('statement not announced');
    expect(await refusal(attest(first.worker, foreign))).toBe('accepted');
  });

  it('gives the value back that a refusal leaves', async () => {
    const { worker, statement } = await announced(7);
    const wallet = await economy.wallet(++wallets, 1n);
    await refusal(attest(worker, await quoteFor(statement, quotes({ image: 'wrong' })), wallet));
    expect(TON - (await economy.chain.balance(wallet.address))).toBeLessThan(40_000_000n);
  });

  it('names a blocked machine', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cocoon-attest-'));
    try {
      const other = createSimulatedQuotes({ stateDir: folder }, { randomBytes, nowUnix: () => START_UNIX });
      const { worker, statement } = await announced(8);
      const { registry, registryRoot } = economy.chain;
      const platform = await platformAddress(await registryRoot(), registry, sha256(other.ppid));
      await orderRegistry(economy.maintainer, registry, blockBody(platform.hash));
      expect(await refusal(attest(worker, await quoteFor(statement, other)))).toBe('platform blocked');
      expect(await refusal(attest(worker, await quoteFor(statement)))).toBe('accepted');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('is refused before anything is sent where there is no Worker', async () => {
    const quote = await machine.quote(Buffer.alloc(64));
    const before = await economy.chain.balance(provider.address);
    await expect(attest(economy.chain.registry, quote)).rejects.toMatchObject({ code: 'chain_refused' });
    expect(await economy.chain.balance(provider.address)).toBe(before);
  });

  it('is bound to blocks that contracts see: the newest, and fifteen more', async () => {
    nextBlocks(17);
    const blocks = await sharedBlocks(economy.chain.client);
    expect(blocks).toHaveLength(16);
    expect(blocks[0]).toEqual(await newestSharedBlock(economy.chain.client));
    expect(blocks.every(({ seqno }, i) => seqno === blocks[0]!.seqno - 100 * i && seqno % 100 === 0)).toBe(
      true,
    );

    const { worker, statement } = await announced(9);
    const bound = (root: Buffer): Promise<Uint8Array> =>
      machine.quote(Buffer.concat([statementDigest(statement), root]));
    expect(await refusal(attest(worker, await bound(blocks[15]!.rootHash)))).toBe('accepted');
  });
});

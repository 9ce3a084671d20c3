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
  const announced = async (index: number): Promise<{ worker: Address; statement: Buffer }> => {
    const { registry } = economy.chain;
    const staked = { registry, index, stakeNano: TON, operator: provider.address };
    const { contract: worker } = await stakeWorker(provider, staked);
    const statement = statementOf(economy, worker, key(100 + index));
    await announceStatement(provider, worker, statement, []);
    return { worker, statement };
  };
  const quoted = (statement: Buffer, blockRoot: Buffer, source = machine): Promise<Uint8Array> =>
    source.quote(Buffer.concat([statementDigest(statement), blockRoot]));
  const quoteFor = async (statement: Buffer, source = machine): Promise<Uint8Array> =>
    quoted(statement, (await newestSharedBlock(economy.chain.client)).rootHash, source);
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

  it('makes a worker active that nobody was asked about, once for each quote', async () => {
    const { worker, statement } = await announced(0);
    const anybody = await economy.wallet(3);
    const quote = await quoteFor(statement);
    const report = await attest(worker, quote, anybody);
    expect(report.kind).toBe('leaf');

    const { registryRoot, registry, client } = economy.chain;
    const state = (await economy.chain.worker(worker))!;
    const measured = await machine.measured();
    const platform = await platformAddress(await registryRoot(), registry, sha256(machine.ppid));
    expect(state).toMatchObject({ active: true, ...measured, platform: platform.hash, pending: null });
    expect(state.quoteSeqno).toBe((await newestSharedBlock(client)).seqno);
    const { slots, keys } = (await readPlatform(client, platform))!;
    expect(slots).toEqual([{ worker: worker.hash, heldUntil: state.activeUntil }]);
    expect(keys).toHaveLength(1);
    expect(report.contract.equals(platform)).toBe(true);

    expect(await refusal(attest(worker, quote))).toBe('statement not announced');
    // The same words again, as after a restart that forgot: the statement waits anew, and the block is used up.
    await announceStatement(provider, worker, statement, []);
    expect(await refusal(attest(worker, quote))).toBe('quote replayed');
    const after = (await economy.chain.worker(worker))!;
    expect([after.activeUntil, after.quoteSeqno]).toEqual([state.activeUntil, state.quoteSeqno]);

    nextBlocks(1);
    const again = await attest(worker, await quoteFor(statement));
    expect(again.kind).toBe('key');
    expect((await economy.chain.worker(worker))!.keys).toHaveLength(1);
  });

  it('is refused by name, and what is left of the value comes back, until it is the right one', async () => {
    const { worker, statement } = await announced(1);
    const other = statementOf(economy, worker, key(102));
    const name = async (quote: Promise<Uint8Array>): Promise<string | null> =>
      refusal(attest(worker, await quote));
    const before = await economy.chain.balance(provider.address);
    expect(await name(quoteFor(statement, quotes({ image: 'wrong' })))).toBe('image not allowed');
    expect(before - (await economy.chain.balance(provider.address))).toBeLessThan(20_000_000n);
    expect(await name(quoteFor(statement, quotes({ shape: 'wrong' })))).toBe('shape not allowed');
    expect(await name(quoteFor(statement, quotes({ debug: true })))).toBe('debug');
    expect(await name(quoteFor(other))).toBe('statement not announced');

    const old = quoteFor(statement);
    await old;
    nextBlocks(16);
    expect(await name(old)).toBe('quote not fresh');
    expect(await name(quoted(statement, Buffer.alloc(32, 1)))).toBe('quote not fresh');
    expect((await economy.chain.worker(worker))!.keys).toEqual([]);

    const blocks = await sharedBlocks(economy.chain.client);
    expect(await name(quoted(statement, blocks[15]!.rootHash))).toBe('accepted');
  });

  it('of a blocked machine is refused', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cocoon-attest-'));
    try {
      const blocked = createSimulatedQuotes({ stateDir: folder }, { randomBytes, nowUnix: () => START_UNIX });
      const { worker, statement } = await announced(2);
      const { registry, registryRoot } = economy.chain;
      const platform = await platformAddress(await registryRoot(), registry, sha256(blocked.ppid));
      await orderRegistry(economy.maintainer, registry, blockBody(platform.hash));
      expect(await refusal(attest(worker, await quoteFor(statement, blocked)))).toBe('platform blocked');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('is not sent where there is no Worker', async () => {
    const quote = await machine.quote(Buffer.alloc(64));
    const before = await economy.chain.balance(provider.address);
    await expect(attest(economy.chain.registry, quote)).rejects.toMatchObject({ code: 'chain_refused' });
    expect(await economy.chain.balance(provider.address)).toBe(before);
  });
});

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Address } from '@ton/core';
import { allocate } from '../../src/chain/accounts';
import type { HeldReceipt } from '../../src/chain/dues';
import type { TraceableWallet } from '../../src/chain/types';
import { openEntry } from '../../src/protocol/allocate';
import { nano } from '../../src/protocol/amounts';
import { lineId, lineImage, type Line } from '../../src/protocol/line';
import { encodeSigned, receiptLayout } from '../../src/protocol/signed';
import { createSettlement, openSettleStore } from '../../src/settle';
import {
  admittedWorker,
  createEconomy,
  key,
  lineTo,
  openedEscrow,
  receiptFor,
  TON,
  type Economy,
  type RunningWorker,
} from '../unit/chain/economy';
import type { SettleOrder } from './settleKill/settler';

const ROOT = resolve(__dirname, '..', '..');
const PROVIDER = 2;
const LINES = 3;
/** Requests around the one that sends the message; earlier ones only read. Later ones survive, and are counted as such. */
const REQUESTS = Array.from({ length: 12 }, (_, i) => i + 7);
/** A wallet's message is valid for a minute. */
const EXPIRY_SECONDS = 62;
const RAISE = 20_000_000n;

describe('a settling process that is killed', () => {
  let economy: Economy;
  let provider: TraceableWallet;
  let worker: RunningWorker;
  let escrow: Address;
  let lines: Line[];
  let folder: string;
  let storePath: string;

  beforeAll(async () => {
    economy = await createEconomy();
    provider = await economy.wallet(PROVIDER);
    const client = await economy.wallet(3);
    worker = await admittedWorker(economy, provider, 0, key(100));
    escrow = await openedEscrow(economy, client, 5n * TON);
    lines = Array.from({ length: LINES }, (_, i) => lineTo(economy, worker, 5 + i));
    const entries = lines.map((line) =>
      openEntry(line, { provider: provider.address.hash, index: 0 }, nano(TON)),
    );
    await allocate(client, escrow, entries, BigInt(LINES) * TON);
    folder = mkdtempSync(join(tmpdir(), 'cocoon-settle-'));
    storePath = join(folder, 'settlements.sqlite');
  }, 120_000);
  afterAll(async () => {
    await economy.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('at any of its requests pays nothing twice, and the next one pays what is left and knows what all of it cost', async () => {
    const { domain } = (await economy.chain.escrow(escrow))!;
    const wealth = await economy.chain.balance(provider.address);
    let total = 0n;
    const seen = { killed: 0, paidBeforeDeath: 0, found: 0, voided: 0 };
    for (const request of REQUESTS) {
      for (const when of ['before', 'after'] as const) {
        total += RAISE;
        const held = lines.map((line) => ({
          escrow: escrow.hash,
          line,
          receipt: receiptFor(line, domain, total, worker.keys),
        }));
        if ((await settleAndDie(held, { request, when })) === 'killed') seen.killed += 1;

        const between = await paidPerLine();
        for (const paid of between) expect([total - RAISE, total]).toContain(paid);
        if (between.every((paid) => paid === total)) seen.paidBeforeDeath += 1;

        await settleTheRest(held, seen);
        expect(await paidPerLine()).toEqual(lines.map(() => total));
        const { earningsNano } = (await economy.chain.worker(worker.address))!;
        expect(earningsNano).toBe(total * BigInt(LINES));
      }
    }
    const store = openSettleStore(storePath);
    const sums = store.journal.totals();
    store.close();
    expect(sums.paidNano).toBe(total * BigInt(LINES));
    expect(sums.spentNano).toBe(wealth - (await economy.chain.balance(provider.address)));
    const dues = 2 * REQUESTS.length * LINES;
    process.stdout.write(
      `settlement kill drill: ${seen.killed} kills, ${seen.paidBeforeDeath} settled before the end, ` +
        `${seen.found} found again and ${seen.voided} never taken, ${dues} dues acknowledged, ${dues} paid once\n`,
    );
    expect(seen.killed).toBeGreaterThanOrEqual(20);
    for (const count of [seen.paidBeforeDeath, seen.found, seen.voided]) expect(count).toBeGreaterThan(0);
  }, 240_000);

  /** The next process: it sends nothing while the dead one's message may still be taken. */
  async function settleTheRest(
    held: readonly HeldReceipt[],
    seen: { found: number; voided: number },
  ): Promise<void> {
    const store = openSettleStore(storePath);
    const settlement = createSettlement({
      chain: economy.chain,
      clock: economy.clock,
      wallet: provider,
      store,
    });
    const paid = await paidPerLine();
    const { settled } = await settlement.run(held, { all: true });
    if (store.journal.open().length > 0) {
      expect(settled).toEqual([]);
      expect(await paidPerLine()).toEqual(paid);
      economy.devnet.advance(EXPIRY_SECONDS);
      const [voided] = (await settlement.run(held, { all: true })).settled;
      expect(voided!.outcome).toBe('void');
      seen.voided += 1;
    } else if (settled.length > 0 && paid[0] === held[0]!.receipt.value.total) {
      seen.found += 1;
    }
    store.close();
  }

  async function paidPerLine(): Promise<bigint[]> {
    const state = (await economy.chain.escrow(escrow))!;
    return lines.map((line) => state.lines.get(lineId(line).toString('hex'))!.paidNano);
  }

  function settleAndDie(
    held: readonly HeldReceipt[],
    dieAt: SettleOrder['dieAt'],
  ): Promise<'killed' | 'survived'> {
    const order: SettleOrder = {
      endpoint: economy.devnet.apiUrl,
      registry: economy.chain.registry.toString(),
      walletSeed: key(PROVIDER).seed.toString('hex'),
      nowUnix: economy.clock.now(),
      store: storePath,
      escrow: escrow.hash.toString('hex'),
      held: held.map(({ line, receipt }) => ({
        line: lineImage(line).toString('hex'),
        receipt: encodeSigned(receiptLayout, receipt).toString('hex'),
      })),
      dieAt,
    };
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', resolve(__dirname, 'settleKill', 'settler.ts')],
      { cwd: ROOT },
    );
    child.stdin.end(`${JSON.stringify(order)}\n`);
    let complaint = '';
    child.stderr.on('data', (data: Buffer) => (complaint += data.toString()));
    return new Promise((done, failed) => {
      child.on('close', (code, signal) => {
        if (signal === 'SIGKILL') done('killed');
        else if (code === 0) done('survived');
        else failed(new Error(complaint));
      });
    });
  }
});

import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import type { Address } from '@ton/core';
import { allocate } from '../../src/chain/accounts';
import { createSettlement, type Settlement } from '../../src/chain/settlement';
import type { HeldReceipt } from '../../src/chain/settlementPlan';
import type { WalletSender } from '../../src/chain/types';
import { openEntry } from '../../src/protocol/allocate';
import { nano } from '../../src/protocol/amounts';
import { lineId, lineImage, type Line } from '../../src/protocol/line';
import { encodeSigned, receiptLayout } from '../../src/protocol/signed';
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
/** Every request that a settlement makes, before and after; later ones survive, and are counted as such. */
const REQUESTS = 12;
const RAISE = 20_000_000n;

describe('a settling process that is killed', () => {
  let economy: Economy;
  let provider: WalletSender;
  let worker: RunningWorker;
  let escrow: Address;
  let lines: Line[];
  let settlement: Settlement;

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
    settlement = createSettlement({ chain: economy.chain, clock: economy.clock, wallet: provider });
  }, 120_000);
  afterAll(() => economy.close());

  it('at any of its requests pays nothing twice, and the next one pays what is left', async () => {
    const { domain } = (await economy.chain.escrow(escrow))!;
    let total = 0n;
    let killed = 0;
    let paidBeforeDeath = 0;
    for (let request = 1; request <= REQUESTS; request++) {
      for (const when of ['before', 'after'] as const) {
        total += RAISE;
        const held = lines.map((line) => ({
          escrow: escrow.hash,
          line,
          receipt: receiptFor(line, domain, total, worker.keys),
        }));
        if ((await settleAndDie(held, { request, when })) === 'killed') killed += 1;

        const between = await paidPerLine();
        for (const paid of between) expect([total - RAISE, total]).toContain(paid);
        if (between.every((paid) => paid === total)) paidBeforeDeath += 1;

        await settlement.run(held, { all: true });
        expect(await paidPerLine()).toEqual(lines.map(() => total));
        const { earningsNano } = (await economy.chain.worker(worker.address))!;
        expect(earningsNano).toBe(total * BigInt(LINES));
      }
    }
    process.stdout.write(
      `settlement kill drill: ${killed} kills, ${paidBeforeDeath} settled before the end, ${2 * REQUESTS * LINES} dues acknowledged, ${2 * REQUESTS * LINES} paid once\n`,
    );
    expect(killed).toBeGreaterThanOrEqual(20);
    expect(paidBeforeDeath).toBeGreaterThan(0);
  }, 240_000);

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

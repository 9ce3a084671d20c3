import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Address } from '@ton/core';
import { allocate } from '../../src/chain/accounts';
import type { TraceableWallet } from '../../src/chain/types';
import { openEntry } from '../../src/protocol/allocate';
import { nano } from '../../src/protocol/amounts';
import { lineId, type Line } from '../../src/protocol/line';
import { openSettleStore } from '../../src/settle';
import { heldJson, imagesOf } from '../../src/settle/held';
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

const ROOT = resolve(__dirname, '..', '..');
const PROVIDER = 2;
const LINES = 3;

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

describe('a provider outside the TD', () => {
  let economy: Economy;
  let provider: TraceableWallet;
  let worker: RunningWorker;
  let escrow: Address;
  let lines: Line[];
  let folder: string;

  beforeAll(async () => {
    economy = await createEconomy();
    provider = await economy.wallet(PROVIDER);
    const client = await economy.wallet(3);
    worker = await admittedWorker(economy, provider, 0, key(100));
    escrow = await openedEscrow(economy, client, 8n * TON);
    lines = Array.from({ length: LINES }, (_, i) => lineTo(economy, worker, 5 + i));
    const hints = { provider: provider.address.hash, index: 0 };
    await allocate(
      client,
      escrow,
      lines.map((line) => openEntry(line, hints, nano(2n * TON))),
      BigInt(LINES) * 2n * TON,
    );
    folder = mkdtempSync(join(tmpdir(), 'cocoon-provider-'));
    writeFileSync(join(folder, 'wallet.key'), key(PROVIDER).seed.toString('hex'), { mode: 0o600 });
    writeFileSync(join(folder, 'poor.key'), key(77).seed.toString('hex'), { mode: 0o600 });
  }, 120_000);
  afterAll(async () => {
    await economy.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function earn(total: bigint): Promise<void> {
    const { domain } = (await economy.chain.escrow(escrow))!;
    const rows = lines.map((line) => {
      const receipt = receiptFor(line, domain, total, worker.keys);
      return heldJson(imagesOf({ escrow: escrow.hash, line, receipt }));
    });
    const forged = { ...rows[0]!, receipt: Buffer.alloc(173, 1).toString('base64') };
    const text = [...rows, forged].map((row) => `${JSON.stringify(row)}\n`).join('');
    writeFileSync(join(folder, 'receipts.jsonl'), text);
  }

  async function paid(): Promise<bigint[]> {
    const state = (await economy.chain.escrow(escrow))!;
    return lines.map((line) => state.lines.get(lineId(line).toString('hex'))!.paidNano);
  }

  /** `until`: SIGTERM, once that text was printed. */
  function cocoon(
    words: readonly string[],
    { until, endpoint = economy.devnet.apiUrl }: { until?: string; endpoint?: string } = {},
  ): Promise<Ended> {
    const network = ['--endpoint', endpoint, '--devnet', economy.devnet.url];
    const args = ['provider', ...words, ...network, '--registry', economy.chain.registry.toString()];
    const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', ...args], { cwd: ROOT });
    const ended: Ended = { code: null, out: '', err: '' };
    let signalled = false;
    child.stdout.on('data', (data: Buffer) => {
      ended.out += data.toString();
      if (until === undefined || signalled || !ended.out.includes(until)) return;
      // A second signal would end it at once.
      signalled = true;
      child.kill('SIGTERM');
    });
    child.stderr.on('data', (data: Buffer) => (ended.err += data.toString()));
    return new Promise((done) => child.once('close', (code) => done({ ...ended, code })));
  }

  const store = (): string => join(folder, 'settlements.sqlite');
  const from = (): string[] => [
    ...['--store', store(), '--receipts', join(folder, 'receipts.jsonl')],
    ...['--worker', worker.address.toString()],
  ];
  const walletKey = (file = 'wallet.key'): string[] => ['--wallet-key', join(folder, file)];

  it('sees his claims with their deadlines, settles them once, and takes the earnings out', async () => {
    await earn(TON / 2n);
    const seen = await cocoon(['claims', ...from(), '--json']);
    const { claims } = JSON.parse(seen.out) as { claims: Record<string, unknown>[] };
    expect(seen.code).toBe(0);
    expect(claims).toHaveLength(LINES);
    expect(claims[0]).toMatchObject({
      line: lineId(lines[0]!).toString('hex'),
      state: 'planned',
      due_nano: (TON / 2n).toString(),
      last_second: lines[0]!.settleBy,
    });
    expect(await paid()).toEqual([0n, 0n, 0n]);

    const before = await economy.chain.balance(provider.address);
    const done = await cocoon(['settle', ...from(), ...walletKey(), '--once', '--claim', '--json']);
    expect(done.err).toContain('settled');
    expect(done.code).toBe(0);
    expect(await paid()).toEqual(lines.map(() => TON / 2n));
    const round = JSON.parse(done.out) as {
      sources: object[];
      settled: { outcome: string; spent_nano: string }[];
      claimed: { received_nano: string }[];
    };
    expect(round.sources).toMatchObject([{ stored: LINES, refused: { receipt_malformed: 1 } }]);
    expect(round.settled).toMatchObject([{ outcome: 'paid' }]);
    const after = await economy.chain.balance(provider.address);
    const spent = BigInt(round.settled[0]!.spent_nano);
    expect(after - before).toBe(BigInt(round.claimed[0]!.received_nano) - spent);
    expect((await economy.chain.worker(worker.address))!.claimableNano).toBe(0n);
    process.stdout.write(`three lines of 0.5 TON were settled for ${spent} nanotons\n`);
  }, 120_000);

  it('runs on, settles the rest when told to stop, and keeps a second instance from his store', async () => {
    await earn(TON);
    const running = await cocoon(['settle', ...from(), ...walletKey(), '--interval', '10', '--json'], {
      until: '\n',
    });
    expect(running).toMatchObject({ code: 0 });
    expect(await paid()).toEqual(lines.map(() => TON));
    const rounds = running.out.trim().split('\n');
    expect(rounds).toHaveLength(2);

    const held = openSettleStore(store());
    const second = await cocoon(['settle', ...from(), ...walletKey(), '--once']);
    expect(held.journal.totals().paidNano).toBe(3n * TON);
    held.close();
    expect(second).toMatchObject({
      code: 1,
      err: expect.stringMatching(/held by another process/) as string,
    });
  }, 120_000);

  it('hears by its exit code that the wallet is empty, or that earnings near their end are unpaid', async () => {
    await earn((3n * TON) / 2n);
    const poor = await cocoon(['settle', ...from(), ...walletKey('poor.key'), '--once']);
    expect(poor).toMatchObject({ code: 4, err: expect.stringMatching(/holds 0 TON/) as string });
    economy.devnet.advance(lines[0]!.settleBy - economy.clock.now() - 3_600);
    const late = await cocoon(['claims', ...from()]);
    expect(late).toMatchObject({ code: 1, out: expect.stringMatching(/its end is near/) as string });
    const dead = await cocoon(['settle', ...from(), ...walletKey(), '--once'], {
      endpoint: 'http://127.0.0.1:1',
    });
    expect(dead).toMatchObject({ code: 5, err: expect.stringMatching(/did not answer/) as string });
  }, 120_000);
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verify } from '../../src/protocol/ed25519';
import { decodeSigned, receiptLayout } from '../../src/protocol/signed';
import { FrameKind, JOB_CONTENT_TYPE, createFrameParser, type Frame } from '../../src/protocol/wire';
import type { FaultPoint } from '../../src/router/faults';
import { createFakeChain } from '../unit/router/support/fakeChain';
import { answerWith, linkFakeWorker } from '../unit/router/support/fakeWorker';
import type { ClientParty } from '../unit/router/support/parties';
import { createDrillParties } from './routerKill/parties';
import { spawnDrillProcess, type DrillProcess } from './routerKill/process';

const SEED = 20_261_125;
const POINTS: readonly FaultPoint[] = [
  ...(['job.received', 'job.forwarded', 'reply.started', 'reply.chunk', 'receipt.received'] as const),
  ...(['ledger.begun', 'ledger.written', 'ledger.committed', 'receipt.forwarded', 'reply.ended'] as const),
];
const KILLS = 24;
const MAX_NTH = 16;
/** Jobs of one line after which a round would be given up. */
const MAX_JOBS = 500;
const FEE = 100n;

/** Park and Miller's generator: the drill is the same every time. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

/** A client with what it was told and what it still waits for. */
interface Customer {
  party: ClientParty;
  /** Totals of all receipts that reached it. */
  acknowledged: bigint[];
  sent: number;
  waiting: Buffer | null;
}

const children: DrillProcess[] = [];
afterEach(() => children.forEach((child) => child.kill()));

test('no receipt that reached a client is lost when the router is killed', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'router-kill-'));
  const ledgerPath = join(directory, 'receipts.db');
  const { worker, clients } = createDrillParties(createFakeChain());
  const customers: Customer[] = clients.map((party) => ({ party, acknowledged: [], sent: 0, waiting: null }));
  const onJob = createBillingWorker(customers, worker);
  const random = createRandom(SEED);
  const killedAt: string[] = [];
  let repeated = 0;
  let recovered = 0;

  // Two processes load while one serves.
  const ready = [spawnDrillProcess(), spawnDrillProcess()];
  children.push(...ready);
  for (let round = 0; round <= KILLS; round++) {
    const router = ready.shift()!;
    if (round + 1 < KILLS) ready.push(spawnDrillProcess());
    children.push(...ready);
    const isLast = round === KILLS;
    const order = {
      ledgerPath,
      point: isLast ? null : POINTS[round % POINTS.length]!,
      nth: 1 + random(MAX_NTH),
    };
    const url = await router.start(order);
    const acknowledged = customers.reduce((sum, one) => sum + one.acknowledged.length, 0);
    recovered = await countRecovered(url, customers, worker.keys.publicKey);
    expect(recovered).toBe(acknowledged);

    const link = await linkFakeWorker(url, { party: worker, onJob });
    await link.accepted;
    repeated += customers.filter(({ waiting }) => waiting !== null).length;
    const jobs = isLast ? 1 : MAX_JOBS;
    await Promise.all(customers.map((customer) => shop(url, customer, jobs)));
    if (isLast) recovered = await countRecovered(url, customers, worker.keys.publicKey);
    if (isLast) router.kill();
    expect(await router.exited).toBe('SIGKILL');
    if (!isLast) killedAt.push(`${order.point}#${order.nth}`);
    link.close();
  }

  const acknowledged = customers.reduce((sum, one) => sum + one.acknowledged.length, 0);
  process.stdout.write(
    `router kill drill, seed ${SEED}: ${killedAt.length} kills (${killedAt.join(' ')}); ` +
      `${acknowledged} receipts acknowledged, ${recovered} recovered, ${repeated} jobs repeated after a kill\n`,
  );
  expect(killedAt).toHaveLength(KILLS);
  expect(repeated).toBeGreaterThan(0);
  // Every job was billed once, however often its ticket was sent.
  for (const { sent, acknowledged: totals } of customers) expect(totals.at(-1)).toBe(BigInt(sent) * FEE);
  expect(recovered).toBe(acknowledged);
  rmSync(directory, { recursive: true, force: true });
}, 180_000);

/** Bills each ticket once, and answers a repeated one with the stored reply. */
function createBillingWorker(customers: Customer[], worker: Parameters<ClientParty['receipt']>[0]) {
  const replies = new Map<string, Buffer>();
  const jobs = new Map<string, bigint>();
  return (stream: Parameters<typeof answerWith>[0], body: Buffer): void => {
    const ticket = body.toString('latin1', 243, 307);
    const { party } = customers.find((one) => one.party.escrow.equals(body.subarray(91, 123)))!;
    const id = party.escrow.toString('hex');
    let receipt = replies.get(ticket);
    if (!receipt) {
      const count = (jobs.get(id) ?? 0n) + 1n;
      jobs.set(id, count);
      receipt = party.receipt(worker, { total: count * FEE, jobs: count });
      replies.set(ticket, receipt);
    }
    answerWith(stream, [Buffer.alloc(64, 1), Buffer.alloc(64, 2)], receipt);
  };
}

/** Sends job after job until the router is gone; the one without an answer is kept, to be sent again. */
async function shop(url: string, customer: Customer, jobs: number): Promise<void> {
  for (let i = 0; i < jobs; i++) {
    customer.waiting ??= customer.party.job(Buffer.from(`job ${customer.sent++}`));
    const receipt = await send(url, customer.waiting);
    if (!receipt) return;
    customer.acknowledged.push(decodeSigned(receiptLayout, receipt).value.total);
    customer.waiting = null;
  }
}

async function send(url: string, job: Buffer): Promise<Buffer | null> {
  const parser = createFrameParser();
  const frames: Frame[] = [];
  try {
    const response = await fetch(`${url}/v1/jobs`, {
      method: 'POST',
      body: new Uint8Array(job),
      headers: { 'content-type': JOB_CONTENT_TYPE },
    });
    if (response.status !== 200) throw new Error(`status ${response.status}: ${await response.text()}`);
    for await (const part of response.body!) frames.push(...parser.push(part as Uint8Array));
  } catch (cause) {
    if (cause instanceof Error && cause.message.startsWith('status')) throw cause;
    // Cut: what came before counts all the same.
  }
  const last = frames.at(-1);
  return last?.kind === FrameKind.Receipt ? last.payload : null;
}

/** How many of the receipts that clients were told of the restarted router covers with a genuine one. */
async function countRecovered(url: string, customers: Customer[], workerKey: Buffer): Promise<number> {
  let recovered = 0;
  for (const { party, acknowledged } of customers) {
    if (acknowledged.length === 0) continue;
    const path = `/v1/lines/${party.lineId.toString('hex')}/receipt?escrow=${party.escrow.toString('hex')}`;
    const response = await fetch(`${url}${path}`);
    if (!response.ok) continue;
    const { receipt } = (await response.json()) as { receipt: string };
    const stored = decodeSigned(receiptLayout, Buffer.from(receipt, 'base64'));
    if (!verify(receiptLayout.hash(stored.value), stored.signature, workerKey)) continue;
    recovered += acknowledged.filter((total) => total <= stored.value.total).length;
  }
  return recovered;
}

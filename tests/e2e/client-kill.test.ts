import { join } from 'node:path';
import { createClient } from '../../src/client';
import { billableNano } from '../../src/client/heldLine';
import { openStore, type Store } from '../../src/client/store';
import { parseJobRecord } from '../../src/protocol/jobRecord';
import { decodeSigned, ticketLayout } from '../../src/protocol/signed';
import { highWaterFileOf, readBootId } from '../../src/worker/highWater';
import { openLedger } from '../../src/worker/ledger';
import OpenAI from 'openai';
import { CLIENT_POINTS, type ClientPoint } from './clientKill/faults';
import { DRILL_FUNDING, type ChildOrder } from './clientKill/order';
import { spawnDrillClient, type DrillClient } from './clientKill/process';
import { openE2eEscrow, type E2eClient } from './support/clients';
import { MODEL } from './support/ground';
import { createNetwork, NETWORK_START_MS, type Network } from './support/network';
import { until } from './support/until';

const SEED = 20_261_125;
const KILLS = 22;
const JOBS_PER_LANE = 12;
/** Every moment is met at least twice; chunks and jobs are met often, allocations at least once in a life. */
const MAX_NTH: Partial<Record<ClientPoint, number>> = {
  'allocation.send': 1,
  'allocation.sent': 1,
  'reply.chunk': 16,
};
const MAX_NTH_OTHERS = 5;

/** Park and Miller's generator: the drill is the same every time. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

/** What the children said: a ticket that left, and a bill that was handed out with the end of an answer. */
interface Told {
  sent: Map<string, bigint>;
  done: Map<string, bigint>;
}

let network: Network;
let opened: Pick<E2eClient, 'actor' | 'signer' | 'escrow'>;
let dataDir: string;
let domain: Buffer;
const children: DrillClient[] = [];

beforeAll(async () => {
  network = await createNetwork({ slots: 4, delayMsPerToken: 1 });
  opened = await openE2eEscrow(network, 'ann');
  dataDir = join(network.folder, 'ann');
  domain = (await network.chain.escrow(opened.escrow))!.domain;
}, NETWORK_START_MS);
afterAll(async () => {
  children.forEach((child) => child.kill());
  await network.close();
}, 120_000);

test(`a client that is killed at ${KILLS} points loses no ticket, no bill and no reservation`, async () => {
  const random = createRandom(SEED);
  const told: Told = { sent: new Map(), done: new Map() };
  const waiting = [spawn(), spawn()];
  let killed = 0;
  for (let life = 0; life < KILLS; life++) {
    const point = CLIENT_POINTS[life % CLIENT_POINTS.length]!;
    const nth = 1 + random(MAX_NTH[point] ?? MAX_NTH_OTHERS);
    const child = waiting.shift()!;
    waiting.push(spawn());
    const { said, signal, code } = await child.run(order(point, nth));
    const faults = said.filter(([word]) => word === 'fault').map((words) => words.join(' '));
    const expected = { point, nth, signal: 'SIGKILL', code: null, faults: [] };
    expect({ point, nth, signal, code, faults }).toEqual(expected);
    killed += 1;
    note(said, told);
    await checkBooks(told);
  }
  const billed = await auditEverything();
  await checkBooks(told);
  await compareWithWorker(told);
  const recovered = [...billed].filter((id) => told.sent.has(id) && !told.done.has(id)).length;
  process.stdout.write(
    `client: ${killed} kills, ${told.sent.size} tickets sent, ${told.done.size} bills acknowledged and kept, ` +
      `${recovered} bills of cut jobs recovered by audits, seed ${SEED}\n`,
  );
  expect(told.done.size).toBeGreaterThan(KILLS / 2);
  expect(recovered).toBeGreaterThan(0);
}, 240_000);

function spawn(): DrillClient {
  const child = spawnDrillClient();
  children.push(child);
  return child;
}

function order(point: ClientPoint, nth: number): ChildOrder {
  return {
    devnetUrl: network.devnet.url,
    apiUrl: network.devnet.apiUrl,
    registry: network.registry.toString(),
    router: network.routers[0]!.url,
    escrow: opened.escrow.toString(),
    signerSeed: opened.signer.seed.toString('hex'),
    dataDir,
    jobs: JOBS_PER_LANE,
    point,
    nth,
  };
}

function note(said: readonly string[][], told: Told): void {
  for (const [word, id, amount] of said) {
    if (word === 'sent') told.sent.set(id!, BigInt(amount!));
    if (word === 'done') told.done.set(id!, BigInt(amount!));
  }
}

function withBooks<T>(look: (store: Store) => T): T {
  const store = openStore(dataDir);
  try {
    return look(store);
  } finally {
    store.close();
  }
}

/** What a client that starts now would find. */
async function checkBooks(told: Told): Promise<void> {
  const escrow = (await network.chain.escrow(opened.escrow))!;
  withBooks((store) => {
    const lines = new Map(store.lines(domain).map((line) => [line.id, line]));
    // Whatever left is in the books, with a bill or as a reservation of its maximum.
    for (const [id, maxFeeNano] of told.sent) {
      const job = store.job(id)!;
      expect(job.maxFeeNano).toBe(maxFeeNano);
      if (job.feeNano === null) expect(lines.get(job.lineId)!.open.get(id)).toMatchObject({ maxFeeNano });
    }
    // Whatever was handed out as paid is there, with its proof.
    for (const [id, costNano] of told.done) {
      const job = store.job(id)!;
      expect(job.feeNano).toBe(costNano);
      expect(job.receipt).not.toBeNull();
    }
    // All bills, and all tickets without one, fit into what the chain has locked.
    for (const [id, { capNano }] of escrow.lines)
      expect(billableNano(lines.get(id)!)).toBeLessThanOrEqual(capNano);
  });
}

/** A client that lives: one job, and the audit that follows it. Returns the ids of all jobs with a bill. */
async function auditEverything(): Promise<Set<string>> {
  const client = createClient(
    {
      ...{ routers: [network.routers[0]!.url], escrow: opened.escrow, signer: opened.signer, dataDir },
      ...{ policy: { allowSimulated: true }, funding: DRILL_FUNDING },
    },
    { chain: network.chain, clock: network.clock },
  );
  const openai = new OpenAI({ baseURL: 'https://cocoon.invalid/v1', apiKey: 'unused', fetch: client.fetch });
  const messages = [{ role: 'user' as const, content: 'The last one.' }];
  await openai.chat.completions.create({ model: MODEL, messages, max_tokens: 12 });
  await client.close();
  const jobs = withBooks((store) => store.jobs(100_000));
  return new Set(jobs.filter(({ feeNano }) => feeNano !== null).map(({ id }) => id));
}

/** The worker's ledger and the client's books say the same of every job and every line. */
async function compareWithWorker(told: Told): Promise<void> {
  const [worker] = network.workers;
  const { workerKey } = worker!.worker();
  // What the last kill left behind ends first.
  await until(() => worker!.worker().status().running === 0);
  await until(() => network.routers[0]!.router.status().runningJobs === 0);
  await worker!.close();
  const { stateDir } = worker!;
  const place = { stateDir, highWaterFile: highWaterFileOf(stateDir), bootId: readBootId() };
  const ledger = openLedger({ ...place, workerKey, create: false }, () => undefined)!;
  try {
    withBooks((store) => {
      const lines = new Map(store.lines(domain).map((line) => [line.id, line]));
      let billed = 0;
      for (const account of ledger.accounts()) {
        const line = lines.get(account.lineId.toString('hex'))!;
        expect(line.newest).toMatchObject({ total: account.totalNano, jobs: BigInt(account.range.count) });
        expect(line.knownNano).toBe(account.totalNano);
        for (const item of ledger.audit(account, 0, 100_000)) {
          const { jobId } = decodeSigned(ticketLayout, item.ticket).value;
          const job = store.job(jobId.toString('hex'))!;
          expect(job.feeNano).toBe(parseJobRecord(item.record).fee);
          expect(item.ticket).toEqual(job.ticket);
          billed += 1;
        }
      }
      expect(billed).toBe(store.jobs(100_000).filter(({ feeNano }) => feeNano !== null).length);
      expect(billed).toBeGreaterThanOrEqual(told.done.size);
    });
  } finally {
    ledger.close();
  }
}

import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { ClientHttp2Session } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJobRecord } from '../../../src/protocol/jobRecord';
import { append, EMPTY_RANGE, leafHash, rootOf } from '../../../src/protocol/mountainRange';
import { receiptLayout, verifySigned, type Receipt } from '../../../src/protocol/signed';
import { parseStatement, statementHash } from '../../../src/protocol/statement';
import { openOffer, signedOfferSchema } from '../../../src/protocol/wire';
import { closeLedgerDatabase, openLedgerDatabase } from '../../../src/worker/ledgerSchema';
import type { CrashPlan } from './support/crashChild';
import { startScriptedEngine, type ScriptedEngine } from './support/scriptedEngine';
import { openReply, sealJob, type SealedJob } from './support/testClient';
import { request, sendJob, startTestRouter, type TestRouter } from './support/testRouter';
import { createTestChain, lineTo, MODEL_HASH, openEscrow, START } from './support/world';

/**
 * kill -9 at seeded points, again and again over one directory. A receipt that left the process must be on disk; no
 * two receipts may count the same jobs differently; nothing goes backwards.
 */
const POINTS = [
  'ledger.before-begin',
  'ledger.before-commit',
  'ledger.after-commit',
  'job.engine-ended',
  'job.recorded',
  'receipt.before-sign',
  'receipt.after-sign',
  'job.receipt-out',
];
const KILLS_PER_LANE = 10;
const LANES = 2;
const JOBS_AT_ONCE = 4;

describe('worker that is killed', () => {
  let engine: ScriptedEngine;
  beforeAll(async () => {
    engine = await startScriptedEngine();
  });
  afterAll(() => engine.close());

  it('worker signs nothing that is not on disk, and loses nothing that it signed, at 20 kills', async () => {
    const lanes = Array.from({ length: LANES }, (_, lane) => runLane(lane, engine.url));
    const results = await Promise.all(lanes);
    const sum = (pick: (result: LaneResult) => number): number =>
      results.reduce((all, lane) => all + pick(lane), 0);
    const acknowledged = sum((lane) => lane.acknowledged);
    process.stdout.write(
      `worker kill drill: ${LANES * KILLS_PER_LANE} kills, ${sum((lane) => lane.sent)} jobs sent, ` +
        `${acknowledged} receipts acknowledged, ${sum((lane) => lane.recovered)} recovered\n`,
    );
    expect(acknowledged).toBeGreaterThan(LANES * KILLS_PER_LANE);
    expect(sum((lane) => lane.recovered)).toBe(acknowledged);
  }, 300_000);
});

interface LaneResult {
  sent: number;
  acknowledged: number;
  /** Acknowledged receipts that the ledger on disk reproduces: count, sum and root. */
  recovered: number;
}

async function runLane(lane: number, engineUrl: string): Promise<LaneResult> {
  const folder = mkdtempSync(join(tmpdir(), 'cocoon-crash-'));
  const stateDir = join(folder, 'state');
  const router = await startTestRouter();
  const result = { sent: 0, acknowledged: 0, recovered: 0 };
  const receipts: Receipt[] = [];
  try {
    for (let kill = 0; kill < KILLS_PER_LANE; kill++) {
      const seed = lane * KILLS_PER_LANE + kill;
      const point = POINTS[seed % POINTS.length]!;
      // Between the second and the twelfth passing, scattered by the seed.
      const passing = 2 + ((seed * 7) % 11);
      const before = receipts.at(-1);
      result.sent += await runUntilKilled(
        { stateDir, router: router.url, engine: engineUrl, point, passing },
        router,
        receipts,
      );
      const newest = receipts.at(-1);
      if (before && newest) expect(newest.jobs).toBeGreaterThanOrEqual(before.jobs);
    }
    result.acknowledged = receipts.length;
    result.recovered = countOnDisk(stateDir, receipts);
    return result;
  } finally {
    await router.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Sends jobs, a few at a time, until the child is dead; gathers the receipts that arrived. */
async function runUntilKilled(plan: CrashPlan, router: TestRouter, receipts: Receipt[]): Promise<number> {
  const script = join(__dirname, 'support', 'crashChild.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', script, JSON.stringify(plan)], {
    stdio: 'inherit',
  });
  const death = once(child, 'exit');
  try {
    const session = await Promise.race([router.link(), death.then(() => null)]);
    if (!session) throw new Error(`the child ended before its link: ${plan.point}`);
    const seal = await meet(session);
    let sent = 0;
    while (isAlive(child) && sent < 100) {
      const jobs = Array.from({ length: JOBS_AT_ONCE }, seal);
      sent += jobs.length;
      const replies = await Promise.all(jobs.map(({ job }) => sendJob(session, job.bytes).catch(() => null)));
      replies.forEach((reply, i) => {
        const receipt = reply && acknowledged(jobs[i]!, reply.frames);
        if (receipt) receipts.push(receipt);
      });
      receipts.sort((a, b) => Number(a.jobs - b.jobs));
      if (session.destroyed) break;
    }
    expect({ plan: plan.point, ended: (await death)[1] as string | null }).toEqual({
      plan: plan.point,
      ended: 'SIGKILL',
    });
    return sent;
  } finally {
    if (isAlive(child)) child.kill('SIGKILL');
    await router.dropLink();
  }
}

interface Sent {
  job: SealedJob;
  workerKey: Buffer;
}

/** Learns the worker's keys over the link, as a router does. */
async function meet(session: ClientHttp2Session): Promise<() => Sent> {
  const hello = await request(session, 'POST', '/v1/hello', { nonce: '00'.repeat(32) });
  const { offer } = z.object({ offer: signedOfferSchema }).parse(hello.json);
  const opened = openOffer(offer)!;
  const workerKey = Buffer.from(opened.workerKey, 'hex');
  const statement = Buffer.from(opened.statement, 'base64');
  const escrow = openEscrow(createTestChain({ now: () => START }, true), 'client', START);
  return () => ({
    workerKey,
    job: sealJob({
      ...{ escrow: escrow.hash, domain: escrow.domain, signer: escrow.signer, line: lineTo(workerKey) },
      ...{ recipientKey: parseStatement(statement).hpkeKey, statementHash: statementHash(statement) },
      ...{ modelHash: MODEL_HASH, jobId: randomBytes(16), now: START, maxFee: 1_000n },
      ...{ path: '/v1/chat/completions', body: { messages: [{ role: 'user', content: 'Say hello' }] } },
    }),
  });
}

function acknowledged({ job, workerKey }: Sent, frames: Parameters<typeof openReply>[1]): Receipt | null {
  try {
    const { receipt } = openReply(job, frames);
    expect(verifySigned(receiptLayout, receipt, workerKey)).toBe(true);
    return receipt.value;
  } catch {
    return null;
  }
}

/** How many receipts the records on disk reproduce exactly. */
function countOnDisk(stateDir: string, receipts: readonly Receipt[]): number {
  const db = openLedgerDatabase(join(stateDir, 'ledger.sqlite'));
  try {
    const rows = db.prepare('SELECT record FROM jobs WHERE position IS NOT NULL ORDER BY position').all();
    const line = db.prepare('SELECT total, jobs FROM lines').get() as { total: number; jobs: number };
    let range = EMPTY_RANGE;
    let total = 0n;
    const history = [{ total, root: rootOf(range) }];
    for (const { record } of rows as unknown as { record: Uint8Array }[]) {
      range = append(range, leafHash(record));
      total += parseJobRecord(record).fee;
      history.push({ total, root: rootOf(range) });
    }
    expect({ jobs: line.jobs, total: BigInt(line.total) }).toEqual({ jobs: rows.length, total });
    return receipts.filter((receipt) => {
      const then = history[Number(receipt.jobs)];
      return then?.total === receipt.total && then.root.equals(receipt.jobsRoot);
    }).length;
  } finally {
    closeLedgerDatabase(db);
  }
}

function isAlive(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

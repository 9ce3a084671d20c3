import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { leafHash, append, EMPTY_RANGE, rootOf } from '../../../src/protocol/mountainRange';
import { RECEIPT_FINAL } from '../../../src/protocol/signed';
import { createWorld, START, type World } from './support/world';

const DAY = 86_400;
const HOUR_MS = 3_600_000;

describe('worker that restarts', () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld();
  });
  afterEach(() => world.end());

  it('worker carries totals, jobs and the root on under the same key', async () => {
    const key = world.worker.workerKey;
    const first = await world.run();
    await world.restart();
    expect(world.worker.workerKey).toEqual(key);
    const second = await world.run();
    const range = [first, second].reduce(
      (sum, { settlement }) => append(sum, leafHash(settlement.image)),
      EMPTY_RANGE,
    );
    expect(second.receipt.value).toMatchObject({ total: 34n, jobs: 2n, jobsRoot: rootOf(range) });
    expect(world.chain.announced).toBe(1);
  });

  it('worker never signs an ask with an old sequence number', async () => {
    const seqOf = (): number => Number(/"seq":(\d+)/.exec(world.offerText())?.[1]);
    const before = seqOf();
    await world.restart();
    expect(seqOf()).toBeGreaterThan(before);
  });

  it('worker that fails between the engine and the record bills nothing and reserves nothing, and runs it no more', async () => {
    await world.restart({
      faultPoint(name) {
        if (name === 'job.engine-ended') throw new Error('broken here');
      },
    });
    const job = world.job({ maxFee: 50_000_000n });
    expect((await world.send(job)).code).toBe('internal');
    await world.restart();
    expect((await world.send(job)).code).toBe('worker_failed');
    expect(world.engine.calls).toHaveLength(1);
    expect((await world.run({ maxFee: 50_000_000n })).receipt.value).toMatchObject({ total: 17n, jobs: 1n });
  });

  it('worker with a fresh directory is a new worker', async () => {
    const key = world.worker.workerKey;
    await world.worker.close();
    for (const name of readdirSync(world.stateDir)) rmSync(join(world.stateDir, name));
    await world.restart();
    expect(world.worker.workerKey).not.toEqual(key);
  });

  it('worker whose ledger is gone never signs with the old key again', async () => {
    const key = world.worker.workerKey;
    await world.run();
    await world.worker.close();
    rmSync(join(world.stateDir, 'ledger.sqlite'));
    await world.restart();
    expect(world.worker.workerKey).not.toEqual(key);
  });

  it('worker renews its key a day before the last one, and keeps the old ledger', async () => {
    const key = world.worker.workerKey;
    world.clock.time = START + 12 * DAY;
    await world.restart();
    expect(world.worker.workerKey).toEqual(key);
    world.clock.time += 1;
    await world.restart();
    expect(world.worker.workerKey).not.toEqual(key);
    expect(readdirSync(world.stateDir).some((name) => name.startsWith('old-'))).toBe(true);
  });

  it('worker says when its key is in its last days, and not before', async () => {
    let asked = 0;
    await world.restart({ onWornOut: () => (asked += 1) });
    world.clock.time = START + 12 * DAY;
    world.timers.advance(HOUR_MS);
    expect(asked).toBe(0);
    world.clock.time += 1;
    world.timers.advance(HOUR_MS);
    expect(asked).toBe(1);
  });

  it('worker that ends its key ends its lines', async () => {
    await world.run();
    await world.worker.drain({ final: true });
    await world.restart();
    expect((await world.send(world.job({}))).code).toBe('line_closing');
  });

  it('worker keeps its secrets to itself, and no prompt or answer on disk', async () => {
    world.engine.answer((call) => world.engine.say(call, 'ANSWER-a7f3'));
    await world.run({ body: { messages: [{ role: 'user', content: 'PROMPT-91c2' }] } });
    await world.worker.close();
    expect(existsSync(join(world.stateDir, 'receipt-key.json'))).toBe(true);
    for (const name of readdirSync(world.stateDir)) {
      const path = join(world.stateDir, name);
      expect([name, statSync(path).mode & 0o077]).toEqual([name, 0]);
      const bytes = readFileSync(path);
      expect(bytes.includes('PROMPT-91c2') || bytes.includes('ANSWER-a7f3')).toBe(false);
    }
  });

  it('two workers never run over one directory', async () => {
    await expect(world.startAnother()).rejects.toThrow(/locked/);
    await world.run();
  });
});

describe('a line asks its worker', () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld();
  });
  afterEach(() => world.end());

  const audit = (from: number, limit = 10) => ({
    path: '/cocoon/v1/audit',
    body: { from, limit },
    maxFee: 0n,
  });

  it('audit hands over tickets and records from a job on, which add up to the signed total', async () => {
    for (let i = 0; i < 3; i++) await world.run();
    const reply = await world.run(audit(1));
    const answer = JSON.parse(reply.body) as { items: { ticket: string; record: string }[] };
    expect(answer).toMatchObject({ jobs: 3, total_nano: '51', next: null });
    expect(answer.items).toHaveLength(2);
    expect(Buffer.from(answer.items[0]!.ticket, 'base64')).toHaveLength(184);
    expect(Buffer.from(answer.items[0]!.record, 'base64')).toHaveLength(230);
    // The audit is a job itself, and it is free.
    expect(reply.receipt.value).toMatchObject({ total: 51n, jobs: 4n });
    expect(reply.settlement.record.fee).toBe(0n);
  });

  it('audit of one line shows nothing of another', async () => {
    await world.run();
    const other = { ...world.line, settleBy: world.line.settleBy - 1 };
    world.open(other);
    const reply = await world.run(audit(0), { line: other });
    expect(JSON.parse(reply.body)).toMatchObject({ jobs: 0, items: [], next: null });
  });

  it('audit goes on where a short one ended', async () => {
    for (let i = 0; i < 3; i++) await world.run();
    expect(JSON.parse((await world.run(audit(0, 2))).body)).toMatchObject({ next: 2 });
  });

  it('audit with a wrong body is refused inside the reply, free of charge', async () => {
    const reply = await world.run({ ...audit(0), body: { from: -1 } });
    expect([reply.status, reply.code]).toEqual([400, 'invalid_request']);
    expect(reply.settlement.record.fee).toBe(0n);
  });

  it('final receipt ends the line for good, also after a restart', async () => {
    await world.run();
    const reply = await world.run({ path: '/cocoon/v1/final', body: {}, maxFee: 0n });
    expect(reply.receipt.value).toMatchObject({ total: 17n, flags: RECEIPT_FINAL });
    expect((await world.send(world.job())).code).toBe('line_closing');
    await world.restart();
    expect((await world.send(world.job())).code).toBe('line_closing');
  });

  it('final receipt is not signed while a job of the line runs', async () => {
    const arrived = new Promise<() => void>((resolve) => {
      world.engine.answer((call) => resolve(() => world.engine.hello(call)));
    });
    const running = world.send(world.job());
    const release = await arrived;
    const refused = await world.run({ path: '/cocoon/v1/final', body: {}, maxFee: 0n });
    expect(refused.code).toBe('worker_busy');
    expect(refused.receipt.value.flags).toBe(0);
    release();
    expect((await running).code).toBeNull();
    const final = await world.run({ path: '/cocoon/v1/final', body: {}, maxFee: 0n });
    expect(final.receipt.value.flags).toBe(RECEIPT_FINAL);
  });
});

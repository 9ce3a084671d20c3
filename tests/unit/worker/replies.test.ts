import { once } from 'node:events';
import { FrameKind } from '../../../src/protocol/wire';
import { createReplyCache } from '../../../src/worker/replyCache';
import { createReplyLog } from '../../../src/worker/replyLog';
import { openReply } from './support/testClient';
import { openJob, request } from './support/testRouter';
import { endStream, sendPiece, startStream, USAGE, type EngineCall } from './support/scriptedEngine';
import { createWorld, openEscrow, openLine, START, testModel, type World } from './support/world';

describe('worker and a repeated ticket', () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld();
  });
  afterEach(() => world.end());

  it('worker answers the same ticket with the same bytes and bills it once', async () => {
    const job = world.job();
    const first = await world.send(job);
    const second = await world.send(job);
    expect(second.raw).toEqual(first.raw);
    expect(world.engine.calls).toHaveLength(1);
    const next = await world.run();
    expect(next.receipt.value).toMatchObject({ total: 34n, jobs: 2n });
  });

  it('worker refuses another ticket under a known job id, and takes it under a new one', async () => {
    const jobId = Buffer.alloc(16, 3);
    await world.run({ jobId });
    const other = await world.send(world.job({ jobId, maxFee: 9_000n }));
    expect(other.code).toBe('ticket_replayed');
    expect(world.engine.calls).toHaveLength(1);
    await world.run({ jobId: Buffer.alloc(16, 4), maxFee: 9_000n });
  });

  it('worker lets a second reader join a job that is still running', async () => {
    const call = nextCall(world);
    const job = world.job({ body: { stream: true, messages: [] } });
    const session = await world.router.link();
    const first = openJob(session, job.bytes);
    startStream(await call);
    sendPiece(await call, 'hel');
    await first.next();
    const second = openJob(session, job.bytes);
    await second.next();
    sendPiece(await call, 'lo');
    endStream(await call, USAGE);
    const [a, b] = await Promise.all([first.all(), second.all()]);
    expect(a.raw).toEqual(b.raw);
    expect(world.engine.calls).toHaveLength(1);
  });

  it('worker that restarted says that the reply is gone, and does not run or bill the job again', async () => {
    const job = world.job();
    await world.send(job);
    await world.restart();
    expect((await world.send(job)).code).toBe('reply_gone');
    expect(world.engine.calls).toHaveLength(1);
    expect((await world.run()).receipt.value).toMatchObject({ total: 34n, jobs: 2n });
  });

  it('worker replays a finished reply while it is busy or its ticket has expired', async () => {
    const job = world.job();
    const first = await world.send(job);
    world.clock.time += 3_000;
    expect((await world.send(job)).raw).toEqual(first.raw);
  });
});

describe('a client that hangs up', () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld({ slots: 1 });
  });
  afterEach(() => world.end());

  it('client that hangs up stops the engine, frees the slot and its reservation, and pays for what it got', async () => {
    const call = nextCall(world);
    const job = world.job({ body: { stream: true, messages: [] } });
    const session = await world.router.link();
    const open = openJob(session, job.bytes);
    startStream(await call);
    sendPiece(await call, 'twelve bytes');
    await open.next();
    expect((await open.next())?.kind).toBe(FrameKind.Chunk);
    expect((await world.send(world.job())).code).toBe('worker_busy');
    open.stream.close();
    await (
      await call
    ).closed;

    world.engine.answer((next) => world.engine.hello(next));
    const replay = await waitForReceipt(world, job.bytes);
    const cut = openReply(job, replay.frames);
    expect(cut.body).toContain('worker_failed');
    // No usage was reported: twelve bytes are three tokens at the common mean.
    expect(cut.settlement.record).toMatchObject({ outcome: 2, completionTokens: 3 });
    const total = cut.receipt.value.total;
    // The whole rest of the cap is free again.
    const next = await world.run({ maxFee: 50_000_000n - total });
    expect(next.receipt.value.jobs).toBe(2n);
  });

  it('client that hangs up before anything came pays nothing', async () => {
    const call = nextCall(world);
    const job = world.job();
    const open = openJob(await world.router.link(), job.bytes);
    await call;
    open.stream.close();
    await (
      await call
    ).closed;
    const cut = openReply(job, (await waitForReceipt(world, job.bytes)).frames);
    expect(cut.settlement.record).toMatchObject({
      fee: 0n,
      promptTokens: 0,
      completionTokens: 0,
      outcome: 2,
    });
  });

  it('client that hangs up is billed by usage that the engine reported on the way, not by its last word', async () => {
    const call = nextCall(world);
    const job = world.job({ body: { stream: true, messages: [] } });
    const open = openJob(await world.router.link(), job.bytes);
    startStream(await call);
    sendPiece(await call, 'hello there', { prompt_tokens: 4, completion_tokens: 2 });
    await open.next();
    await open.next();
    open.stream.close();
    await (
      await call
    ).closed;
    const cut = openReply(job, (await waitForReceipt(world, job.bytes)).frames);
    expect(cut.settlement.record).toMatchObject({ promptTokens: 4, completionTokens: 2, outcome: 2 });
  });
});

describe('a client that stops reading', () => {
  it('client that reads no more and leaves pays for what it took, not for what the engine wrote', async () => {
    const PIECES = 20;
    const PIECE_BYTES = 10_000;
    const model = { ...testModel(), maxOutputTokens: 100_000 };
    const world = await createWorld({ config: { models: [model] } });
    try {
      const call = nextCall(world);
      const job = world.job({ maxFee: 1_000_000n, body: { stream: true, messages: [] } });
      const open = openJob(await world.router.link(), job.bytes);
      startStream(await call);
      sendPiece(await call, 'x');
      await open.next();
      open.stream.pause();
      for (let i = 0; i < PIECES; i++) sendPiece(await call, 'y'.repeat(PIECE_BYTES));
      const { response } = await call;
      await world.until(() => response.writableLength === 0);
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
      open.stream.close();
      await (
        await call
      ).closed;
      const { record } = openReply(job, (await waitForReceipt(world, job.bytes)).frames).settlement;
      // A stream that nobody reads takes its window of 64 KiB and what one frame is beyond it.
      expect(record.completionTokens * 4).toBeLessThan(140_000);
      expect(record.outcome).toBe(2);
    } finally {
      await world.end();
    }
  });
});

describe('reply log', () => {
  it('reply log tells what was written from what a reader took', async () => {
    const log = createReplyLog();
    const reader = log.read();
    log.append(FrameKind.Chunk, Buffer.alloc(1), 5);
    log.append(FrameKind.Chunk, Buffer.alloc(1), 7);
    expect([log.appendedText(), log.deliveredText()]).toEqual([12, 0]);
    await reader.next();
    reader.taken();
    expect([log.appendedText(), log.deliveredText()]).toEqual([12, 5]);
  });

  it('reply log holds the engine back while its reader lags, and lets go when the reader leaves', async () => {
    const log = createReplyLog();
    const reader = log.read();
    for (let i = 0; i < 9; i++) log.append(FrameKind.Chunk, Buffer.alloc(32_768));
    let released = false;
    const room = log.room().then(() => void (released = true));
    await Promise.resolve();
    expect(released).toBe(false);
    await reader.next();
    reader.taken();
    await reader.next();
    reader.taken();
    await room;
    expect(released).toBe(true);
    for (let i = 0; i < 9; i++) log.append(FrameKind.Chunk, Buffer.alloc(32_768));
    const waiting = log.room();
    reader.leave();
    await waiting;
    expect(log.abandoned.aborted).toBe(true);
  });

  it('reply log is not abandoned by readers that leave after its end', () => {
    const log = createReplyLog();
    const reader = log.read();
    log.append(FrameKind.Head, Buffer.alloc(32));
    log.end();
    reader.leave();
    expect(log.abandoned.aborted).toBe(false);
  });

  it('reply cache forgets the oldest finished reply beyond its bytes, never a running one', () => {
    const cache = createReplyCache({ bytes: 200, entries: 10 });
    const replies = [0, 1, 2].map(() => {
      const log = createReplyLog();
      log.append(FrameKind.Chunk, Buffer.alloc(95));
      return log;
    });
    replies.forEach((reply, i) => cache.put(`${i}`, reply));
    cache.ended('0');
    cache.ended('1');
    expect(cache.get('0')).toBe(replies[0]);
    cache.ended('2');
    expect(cache.get('0')).toBeUndefined();
    expect(cache.get('1')).toBe(replies[1]);
  });
});

describe('worker whose slots are taken', () => {
  it('worker with one slot takes exactly one of two jobs whose escrows are read together', async () => {
    const world = await createWorld({ slots: 1 });
    try {
      const other = openEscrow(world.chain, 'other', START);
      openLine(other, world.line);
      // Both jobs find the slot free, and wait for the chain.
      const read = world.chain.escrow.bind(world.chain);
      let asked = 0;
      let release = (): void => undefined;
      const gate = new Promise<void>((resolve) => {
        release = resolve;
      });
      world.chain.escrow = async (address) => {
        asked += 1;
        await gate;
        return read(address);
      };
      const theirs = { escrow: other.hash, domain: other.domain, signer: other.signer };
      const replies = [world.send(world.job()), world.send(world.job(theirs))];
      await world.until(() => asked === 2);
      release();
      const codes = (await Promise.all(replies)).map(({ code }) => code);
      expect(codes.filter((code) => code === null)).toHaveLength(1);
      expect(codes.filter((code) => code === 'worker_busy')).toHaveLength(1);
      expect(world.engine.calls).toHaveLength(1);
    } finally {
      await world.end();
    }
  });

  it('worker with all slots taken says so, tells its routers, and takes the next job when one ends', async () => {
    const world = await createWorld({ slots: 1 });
    try {
      const session = await world.router.link();
      const status = session.request({ ':method': 'GET', ':path': '/v1/status' });
      const lines = readLines(status);
      expect(await lines.next()).toHaveProperty('offer');
      expect(await lines.next()).toEqual({ free: 1, draining: false });
      const call = nextCall(world);
      const first = openJob(session, world.job().bytes);
      await call;
      expect(await lines.next()).toEqual({ free: 0, draining: false });
      expect((await world.send(world.job())).code).toBe('worker_busy');
      world.engine.hello(await call);
      await first.all();
      expect(await lines.next()).toEqual({ free: 1, draining: false });
      world.engine.answer((next) => world.engine.hello(next));
      await world.run();
      const refused = await request(session, 'GET', '/v1/nowhere');
      expect(refused.status).toBe(404);
      status.close();
      await once(status, 'close');
    } finally {
      await world.end();
    }
  });
});

/** The engine's next request, left unanswered. */
function nextCall(world: World): Promise<EngineCall> {
  return new Promise((resolve) => world.engine.answer(resolve));
}

/** The same ticket again, until the job has ended. */
async function waitForReceipt(world: World, bytes: Buffer) {
  return openJob(await world.router.link(), bytes).all();
}

function readLines(stream: AsyncIterable<Buffer>): { next(): Promise<unknown> } {
  const ready: unknown[] = [];
  const waiting: ((line: unknown) => void)[] = [];
  void (async () => {
    let rest = '';
    for await (const bytes of stream) {
      rest += bytes.toString('utf8');
      const lines = rest.split('\n');
      rest = lines.pop()!;
      for (const line of lines) {
        const json: unknown = JSON.parse(line);
        const waiter = waiting.shift();
        if (waiter) waiter(json);
        else ready.push(json);
      }
    }
  })().catch(() => undefined);
  return {
    next: () =>
      ready.length > 0 ? Promise.resolve(ready.shift()) : new Promise((resolve) => waiting.push(resolve)),
  };
}

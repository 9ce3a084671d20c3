import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { verify } from '../../../src/protocol/ed25519';
import { helloDigest, openOffer, type SignedOffer } from '../../../src/protocol/wire';
import { createBackoff } from '../../../src/worker/backoff';
import { openReply } from './support/testClient';
import { openJob, request, sendJob, startTestRouter } from './support/testRouter';
import { sendPiece, startStream, endStream, USAGE, type EngineCall } from './support/scriptedEngine';
import { createWorld, START, type World } from './support/world';

const NONCE = 'a5'.repeat(32);

describe('a link between a worker and its router', () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld();
  });
  afterEach(() => world.end());

  it('worker proves over a fresh nonce that it holds the key of its offer', async () => {
    const { status, json } = await request(await world.router.link(), 'POST', '/v1/hello', { nonce: NONCE });
    const { offer, proof } = json as { offer: SignedOffer; proof: string };
    expect(status).toBe(200);
    const opened = openOffer(offer)!;
    expect(opened.workerKey).toBe(world.worker.workerKey.toString('hex'));
    const signature = Buffer.from(proof, 'hex');
    const digest = helloDigest(Buffer.from(NONCE, 'hex'), offer);
    expect(verify(digest, signature, world.worker.workerKey)).toBe(true);
    const another = helloDigest(Buffer.alloc(32), offer);
    expect(verify(another, signature, world.worker.workerKey)).toBe(false);
  });

  it('worker dials again when its router went away, after a growing and jittered pause', async () => {
    await world.router.dropLink();
    await world.until(() => !world.worker.status().links[0]!.connected);
    const linked = world.router.link();
    world.timers.advance(374);
    expect(world.worker.status().links).toMatchObject([{ connected: false }]);
    world.timers.advance(1);
    await linked;
    await world.until(() => world.worker.status().links[0]!.connected);
    expect((await sendJob(await linked, world.job().bytes)).code).toBeNull();
  });

  it('worker serves several routers at once', async () => {
    const second = await startTestRouter();
    const both = await createWorld({ config: { routers: [second.url, second.url] } });
    try {
      await second.link();
      expect(both.worker.status().links).toHaveLength(2);
    } finally {
      await both.end();
      await second.close();
    }
  });

  it('worker whose pings are not answered gives the link up', async () => {
    // A router that upgrades and then says nothing.
    const mute = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () =>
        socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: cocoon-link/1\r\n\r\n',
        ),
      );
    });
    mute.listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const connected = once(mute, 'connection');
    const lonely = await createWorld({
      config: { routers: [`http://127.0.0.1:${(mute.address() as AddressInfo).port}`] },
      waitForLink: false,
    });
    try {
      const [socket] = (await connected) as [import('node:net').Socket];
      const closed = once(socket, 'close');
      await lonely.until(() => lonely.worker.status().links[0]!.connected);
      lonely.timers.advance(20_000);
      expect(socket.destroyed).toBe(false);
      lonely.timers.advance(10_000);
      await closed;
      expect(lonely.worker.status().links).toMatchObject([{ connected: false }]);
    } finally {
      await lonely.end();
      mute.close();
    }
  });

  it('worker that drains takes no more jobs, ends the running one, and says so', async () => {
    const arrived = new Promise<EngineCall>((resolve) => world.engine.answer(resolve));
    const session = await world.router.link();
    const job = world.job({ body: { stream: true, messages: [] } });
    const open = openJob(session, job.bytes);
    const call = await arrived;
    startStream(call);
    sendPiece(call, 'hel');
    await open.next();
    const goaway = once(session, 'goaway');
    const drained = world.worker.drain();
    expect((await world.send(world.job())).code).toBe('draining');
    sendPiece(call, 'lo');
    endStream(call, USAGE);
    expect(openReply(job, (await open.all()).frames).settlement.record).toMatchObject({
      outcome: 1,
      fee: 17n,
    });
    await goaway;
    await drained;
  });

  it('worker announces a new statement before the old one ends; requests to both keys open', async () => {
    const old = world.chain.statement();
    world.clock.time = START + 18 * 3_600 + 1;
    world.timers.advance(10_000);
    await world.until(() => world.chain.announced === 2);
    const fresh = world.chain.statement();
    expect(fresh.hpkeKey).not.toEqual(old.hpkeKey);
    for (const { hash, hpkeKey } of [old, fresh]) {
      await world.run({ statementHash: hash, recipientKey: hpkeKey });
    }
    const offer = openOffer(JSON.parse(JSON.stringify(world.worker.offer())) as SignedOffer)!;
    expect(Buffer.from(offer.certificate, 'base64').includes(fresh.hpkeKey)).toBe(true);
    // The old key is forgotten once no ticket can name it any more.
    world.clock.time = START + 24 * 3_600 + 601;
    const late = world.job({ statementHash: old.hash, recipientKey: old.hpkeKey });
    expect((await world.send(late)).code).toBe('channel_open_failed');
  });
});

describe('a hostile router', () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld();
  });
  afterEach(() => world.end());

  it.each([
    ['nothing', () => Buffer.alloc(0)],
    ['a byte', () => Buffer.from([1])],
    ['a head without a request', (job: Buffer) => job.subarray(0, 307)],
    ['garbage', (job: Buffer) => Buffer.alloc(job.length, 0xa5)],
    ['another version', (job: Buffer) => Buffer.concat([Buffer.from([2]), job.subarray(1)])],
  ])('router that sends %s gets ticket_malformed, and the worker serves on', async (_name, spoil) => {
    const job = world.job();
    const reply = await openJob(await world.router.link(), spoil(job.bytes)).all();
    expect([reply.status, reply.code]).toEqual([400, 'ticket_malformed']);
    expect((await world.send(job)).code).toBeNull();
  });

  it('router that cuts the request gets ticket_wrong_request, at any place', async () => {
    const job = world.job();
    for (const length of [308, 400, job.bytes.length - 1]) {
      const reply = await openJob(await world.router.link(), job.bytes.subarray(0, length)).all();
      expect(reply.code).toBe('ticket_wrong_request');
    }
    expect((await world.send(job)).code).toBeNull();
  });

  it('router that flips any one byte of the head is refused, and nothing runs', async () => {
    const job = world.job();
    const session = await world.router.link();
    for (let at = 0; at < 307; at += 7) {
      const spoilt = Buffer.from(job.bytes);
      spoilt[at]! ^= 0x10;
      const reply = await openJob(session, spoilt).all();
      expect(reply.status).toBeGreaterThanOrEqual(400);
    }
    expect(world.engine.calls).toHaveLength(0);
    expect((await world.send(job)).code).toBeNull();
  });

  it('router that opens a job and leaves in mid-body costs nothing', async () => {
    const session = await world.router.link();
    const job = world.job();
    const stream = session.request({
      ':method': 'POST',
      ':path': '/v1/jobs',
      'content-type': 'application/cocoon-job',
    });
    stream.on('error', () => undefined);
    stream.write(job.bytes.subarray(0, 200));
    stream.close();
    await once(stream, 'close');
    expect((await world.send(job)).code).toBeNull();
  });

  it.each([
    ['reads jobs', 404, 'GET', '/v1/jobs', undefined],
    ['says hello without a nonce', 400, 'POST', '/v1/hello', {}],
    ['says hello with a short nonce', 400, 'POST', '/v1/hello', { nonce: 'a5' }],
    ['says hello with more than a nonce', 400, 'POST', '/v1/hello', { nonce: NONCE, more: 1 }],
    ['says too long a hello', 413, 'POST', '/v1/hello', { nonce: 'a5'.repeat(2_000) }],
    ['sends a job as something else', 415, 'POST', '/v1/jobs', {}],
    ["reads the worker's own metrics", 404, 'GET', '/metrics', undefined],
  ])('router that %s gets %p', async (_name, status, method, path, body) => {
    const answer = await request(await world.router.link(), method, path, body);
    expect(answer.status).toBe(status);
  });

  it('router that sends a thousand jobs gets each of them answered, and all of them billed once', async () => {
    const session = await world.router.link();
    let done = 0;
    const next = async (): Promise<void> => {
      while (done < 1_000) {
        done += 1;
        const job = world.job({ maxFee: 1_000n });
        const times = done % 10 === 0 ? 2 : 1;
        const replies = await Promise.all(
          Array.from({ length: times }, () => openJob(session, job.bytes).all()),
        );
        expect(replies.map(({ code }) => code)).toEqual(Array.from({ length: times }, () => null));
        expect(replies.at(-1)!.raw.equals(replies[0]!.raw)).toBe(true);
      }
    };
    await Promise.all([next(), next(), next()]);
    const last = await world.run();
    expect(last.receipt.value.jobs).toBe(1_001n);
    expect(last.receipt.value.total).toBe(1_001n * 17n);
    expect(world.engine.calls).toHaveLength(1_001);
  }, 60_000);
});

describe('back-off', () => {
  it('back-off doubles up to a minute, jittered in its upper half, and starts over', () => {
    const least = createBackoff(() => 0);
    const most = createBackoff(() => 0.999_999);
    const delays = Array.from({ length: 9 }, () => [least.nextMs(), most.nextMs()]);
    expect(delays[0]).toEqual([250, 500]);
    expect(delays[3]).toEqual([2_000, 4_000]);
    expect(delays[8]).toEqual([30_000, 60_000]);
    least.reset();
    expect(least.nextMs()).toBe(250);
  });
});

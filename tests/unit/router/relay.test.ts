import { readFileSync, readdirSync } from 'node:fs';
import { IncomingMessage, ServerResponse } from 'node:http';
import { constants, type ClientHttp2Stream, type ServerHttp2Stream } from 'node:http2';
import { connect, Socket } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { nano } from '../../../src/protocol/amounts';
import { LIMITS } from '../../../src/protocol/limits';
import { lineImage } from '../../../src/protocol/line';
import {
  FRAMES_CONTENT_TYPE,
  FrameKind,
  JOB_CONTENT_TYPE,
  createFrameParser,
  encodeFrame,
  type Frame,
} from '../../../src/protocol/wire';
import type { AdmittedJob } from '../../../src/router/admission';
import { noFaults } from '../../../src/router/faults';
import { ROUTER_LIMITS } from '../../../src/router/limits';
import { relayJob } from '../../../src/router/relay';
import { answerWith } from './support/fakeWorker';
import { CAP_NANO, createClientParty, createWorkerParty } from './support/parties';
import { codeOf, createRig, readFrames, type Rig } from './support/rig';
import { createStallingClient, onArrival, serverOf } from './support/serverSide';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});
afterEach(() => rig.close());

const BODY = Buffer.from('ciphertext of a request');

test('router relays a job and hands on the reply unchanged, the receipt last', async () => {
  const receipt = rig.client.receipt(rig.worker);
  const chunks = [Buffer.alloc(100, 1), Buffer.alloc(60_000, 2)];
  const fake = await rig.link({ onJob: (stream) => answerWith(stream, chunks, receipt) });
  await fake.accepted;
  const job = rig.client.job(BODY);
  const response = await rig.post(job);
  expect(response.status).toBe(200);
  const { frames, cut } = await readFrames(response);
  expect(cut).toBe(false);
  expect(frames.map(({ kind }) => kind)).toEqual([
    FrameKind.Head,
    FrameKind.Chunk,
    FrameKind.Chunk,
    FrameKind.Receipt,
  ]);
  expect(frames.slice(1, 3).map(({ payload }) => Buffer.from(payload))).toEqual(chunks);
  expect(Buffer.from(frames[3]!.payload)).toEqual(receipt);
  expect(fake.jobs).toEqual([job]);

  const stored = await fetch(`${rig.router.url}/v1/lines/${rig.client.lineId.toString('hex')}/receipt`);
  const row = {
    receipt: receipt.toString('base64'),
    line: lineImage(rig.client.line).toString('base64'),
    escrow: rig.client.escrow.toString('hex'),
  };
  expect(await stored.json()).toEqual(row);
  const worker = rig.client.line.workerAddress.toString('hex');
  const page = await fetch(`${rig.router.url}/v1/workers/${worker}/receipts`);
  expect(await page.json()).toEqual({ receipts: [row], next: null });
});

test('router answers 503 while the worker of the line is not linked', async () => {
  const response = await rig.post(rig.client.job(BODY));
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('2');
  expect(await codeOf(response)).toBe('no_attested_worker');
});

/** The code inside an error frame. */
function errorCode(frame: Frame): string {
  return (JSON.parse(frame.payload.toString()) as { error: { code: string } }).error.code;
}

/** Answers with a head and one chunk, and leaves the stream open. */
function startAnswer(stream: ServerHttp2Stream): void {
  stream.respond({ ':status': 200, 'content-type': FRAMES_CONTENT_TYPE });
  stream.write(encodeFrame(FrameKind.Head, Buffer.alloc(32)));
  stream.write(encodeFrame(FrameKind.Chunk, Buffer.from('sealed')));
}

test('router ends a reply with worker_failed when the worker dies in mid-stream', async () => {
  const fake = await rig.link({ onJob: startAnswer });
  await fake.accepted;
  const response = await rig.post(rig.client.job(BODY));
  const reader = response.body!.getReader();
  const parser = createFrameParser();
  const frames: Frame[] = [];
  while (frames.length < 2) frames.push(...parser.push((await reader.read()).value as Uint8Array));
  fake.close();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    frames.push(...parser.push(part.value as Uint8Array));
  }
  expect(frames.map(({ kind }) => kind)).toEqual([FrameKind.Head, FrameKind.Chunk, FrameKind.Error]);
  expect(errorCode(frames[2]!)).toBe('worker_failed');
});

test('router ends a reply with worker_failed when the worker ends it without a receipt', async () => {
  const fake = await rig.link({
    onJob(stream) {
      startAnswer(stream);
      stream.end();
    },
  });
  await fake.accepted;
  const { frames } = await readFrames(await rig.post(rig.client.job(BODY)));
  expect(errorCode(frames.at(-1)!)).toBe('worker_failed');
});

test('router puts the error behind the last whole frame', async () => {
  const fake = await rig.link({
    onJob(stream) {
      startAnswer(stream);
      stream.end(encodeFrame(FrameKind.Chunk, Buffer.alloc(500)).subarray(0, 300));
    },
  });
  await fake.accepted;
  const { frames, cut } = await readFrames(await rig.post(rig.client.job(BODY)));
  expect(cut).toBe(false);
  expect(frames.map(({ kind }) => kind)).toEqual([FrameKind.Head, FrameKind.Chunk, FrameKind.Error]);
});

test('router ends a malformed reply with worker_failed', async () => {
  const fake = await rig.link({
    onJob(stream) {
      startAnswer(stream);
      stream.write(Buffer.from([0, 0, 0, 1, 77]));
    },
  });
  await fake.accepted;
  const { frames } = await readFrames(await rig.post(rig.client.job(BODY)));
  expect(errorCode(frames.at(-1)!)).toBe('worker_failed');
});

test('router answers 502 when the worker dies before it answers', async () => {
  const fake = await rig.link({ onJob: (stream) => stream.session!.destroy() });
  await fake.accepted;
  const response = await rig.post(rig.client.job(BODY));
  expect(response.status).toBe(502);
  expect(await codeOf(response)).toBe('worker_failed');
});

test("router hands on a worker's refusal with its status", async () => {
  const refusal = JSON.stringify({
    error: { message: 'm', type: 't', param: null, code: 'channel_open_failed' },
  });
  const fake = await rig.link({
    onJob(stream) {
      stream.respond({ ':status': 400, 'content-type': 'application/json' });
      stream.end(refusal);
    },
  });
  await fake.accepted;
  const response = await rig.post(rig.client.job(BODY));
  expect(response.status).toBe(400);
  expect(await response.text()).toBe(refusal);
});

test.each([
  ['a redirect', 302, 'application/json', '{}'],
  ['a page', 200, 'text/html', '<p>'],
  ['an endless refusal', 503, 'application/json', 'x'.repeat(20_000)],
])('router answers 502 to %s of a worker', async (_name, status, type, text) => {
  const fake = await rig.link({
    onJob(stream) {
      stream.respond({ ':status': status, 'content-type': type });
      stream.end(text);
    },
  });
  await fake.accepted;
  const response = await rig.post(rig.client.job(BODY));
  expect(response.status).toBe(502);
  expect(await codeOf(response)).toBe('worker_failed');
});

test('router gives up a worker that falls silent', async () => {
  const strict = await createRig({ limits: { workerIdleTimeoutMs: 100 } });
  const fake = await strict.link({ onJob: startAnswer });
  await fake.accepted;
  const { frames } = await readFrames(await strict.post(strict.client.job(BODY)));
  expect(errorCode(frames.at(-1)!)).toBe('worker_failed');
  await strict.close();
});

test('router resets the job at its worker when the client hangs up', async () => {
  let reset: Promise<number>;
  const fake = await rig.link({
    onJob(stream) {
      reset = new Promise((resolve) => stream.once('close', () => resolve(stream.rstCode)));
      startAnswer(stream);
    },
  });
  await fake.accepted;
  const hangUp = new AbortController();
  const response = await fetch(`${rig.router.url}/v1/jobs`, {
    method: 'POST',
    body: new Uint8Array(rig.client.job(BODY)),
    headers: { 'content-type': JOB_CONTENT_TYPE },
    signal: hangUp.signal,
  });
  await response.body!.getReader().read();
  hangUp.abort();
  expect(await reset!).toBe(constants.NGHTTP2_CANCEL);
  await untilIdle();
});

/** Both send a job; what they return hangs up, and resolves when the client's side is closed. */
function sendJob(): Promise<() => Promise<void>> {
  const abort = new AbortController();
  const job = fetch(`${rig.router.url}/v1/jobs`, {
    method: 'POST',
    body: new Uint8Array(rig.client.job(BODY)),
    headers: { 'content-type': JOB_CONTENT_TYPE },
    signal: abort.signal,
  });
  return Promise.resolve(async () => {
    abort.abort();
    await expect(job).rejects.toThrow('aborted');
  });
}

/** Over a connection that brings all bytes in one turn: so the router has read the end before it checks. */
async function injectJob(): Promise<() => Promise<void>> {
  const { socket, closed } = createStallingClient(rig.client.job(BODY));
  (await serverOf(rig.router.url)).emit('connection', socket);
  return () => {
    socket.destroy();
    return closed;
  };
}

/** What the router hears after this was sent after all that it heard before. */
async function hearEverything(): Promise<void> {
  for (let times = 0; times < 3; times++) await fetch(`${rig.router.url}/healthz`);
}

test.each([
  ['and its end is unread', sendJob],
  ['and its end was read', injectJob],
])('router lets a job go whose client hung up while it was checked %s', async (_which, send) => {
  const fake = await rig.link({ onJob: startAnswer });
  await fake.accepted;
  const { read } = rig.chain;
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  const looked = new Promise<void>((resolve) => {
    rig.chain.read = async (account) => {
      resolve();
      await gate;
      return read(account);
    };
  });
  const hangUp = await send();
  await looked;
  await hangUp();
  await hearEverything();
  open();
  await untilIdle();
  expect(fake.jobs).toEqual([]);
});

test.each([
  ...['job.received', 'job.forwarded', 'reply.started', 'reply.chunk'],
  ...['receipt.received', 'ledger.begun', 'ledger.committed', 'receipt.forwarded'],
])('router lets a job go whose connection is reset at %s', async (point) => {
  let reset = (): void => undefined;
  const seen = await createRig({}, { faultPoint: (reached) => void (reached === point && reset()) });
  const fake = await seen.link({
    onJob: (stream) => answerWith(stream, [Buffer.alloc(10)], seen.client.receipt(seen.worker)),
  });
  await fake.accepted;
  const hangUp = onArrival('/v1/jobs', ({ socket }) => {
    // What a reset comes to: writes are dropped at once, and `close` follows in a later phase of the event loop.
    reset = () => void socket.destroy();
  });
  await seen.post(seen.client.job(BODY)).then(readFrames, () => undefined);
  hangUp();
  await untilIdle(seen);
  await seen.close();
});

test('router hands the same bytes on when a ticket is repeated, and stores one receipt', async () => {
  const receipt = rig.client.receipt(rig.worker);
  const fake = await rig.link({ onJob: (stream) => answerWith(stream, [Buffer.alloc(10)], receipt) });
  await fake.accepted;
  const job = rig.client.job(BODY);
  const first = await (await rig.post(job)).arrayBuffer();
  const again = await (await rig.post(job)).arrayBuffer();
  expect(Buffer.from(again)).toEqual(Buffer.from(first));
  expect(fake.jobs).toEqual([job, job]);
  expect([...rig.router.ledger.all()]).toHaveLength(1);
});

describe('router refuses the receipt of a worker', () => {
  const offered = async (make: () => Buffer): Promise<string> => {
    const fake = await rig.link({ onJob: (stream) => answerWith(stream, [], make()) });
    await fake.accepted;
    const { frames } = await readFrames(await rig.post(rig.client.job(BODY)));
    const last = frames.at(-1)!;
    return last.kind === FrameKind.Receipt ? 'forwarded' : errorCode(last);
  };

  test('that another key signed, or is for another escrow or line', async () => {
    const { client, worker, chain } = rig;
    const other = createClientParty(chain, 3, worker);
    expect(await offered(() => client.receipt(createWorkerParty(9)))).toBe('receipt_bad_signature');
    expect(await offered(() => client.receipt(worker, { domain: other.domain }))).toBe(
      'receipt_wrong_domain',
    );
    expect(await offered(() => client.receipt(worker, { lineId: Buffer.alloc(20) }))).toBe(
      'receipt_wrong_line',
    );
    expect([...rig.router.ledger.all()]).toEqual([]);
    expect(await offered(() => client.receipt(worker))).toBe('forwarded');
  });

  test('above the cap, unless the cap was raised meanwhile', async () => {
    const { client, worker, chain } = rig;
    const above = (): Buffer => client.receipt(worker, { total: CAP_NANO + 1n });
    expect(await offered(above)).toBe('receipt_over_cap');
    expect(
      await offered(() => {
        chain.changeLine(client.escrow, client.line, { capNano: nano(CAP_NANO + 1n) });
        return above();
      }),
    ).toBe('forwarded');
  });

  test('with a lower total for more jobs', async () => {
    const { client, worker } = rig;
    expect(await offered(() => client.receipt(worker, { total: 50n, jobs: 2n }))).toBe('forwarded');
    expect(await offered(() => client.receipt(worker, { total: 49n, jobs: 3n }))).toBe('receipt_stale');
  });
});

test('a receipt is on disk before the client has it', async () => {
  const order: string[] = [];
  const seen = await createRig({}, { faultPoint: (point) => void order.push(point) });
  const fake = await seen.link({
    onJob: (stream) => answerWith(stream, [], seen.client.receipt(seen.worker)),
  });
  await fake.accepted;
  await readFrames(await seen.post(seen.client.job(BODY)));
  expect(order).toEqual([
    ...['job.received', 'job.forwarded', 'reply.started', 'reply.chunk', 'receipt.received'],
    ...['ledger.begun', 'ledger.written', 'ledger.committed', 'receipt.forwarded'],
    ...(order.includes('reply.ended') ? ['reply.ended'] : []),
  ]);
  await seen.close();
});

test('router reads its worker no faster than the client reads', async () => {
  let written = 0;
  const total = 48 * 1024 * 1024;
  const fake = await rig.link({
    onJob(stream) {
      stream.respond({ ':status': 200, 'content-type': FRAMES_CONTENT_TYPE });
      stream.write(encodeFrame(FrameKind.Head, Buffer.alloc(32)));
      const frame = encodeFrame(FrameKind.Chunk, Buffer.alloc(64 * 1024));
      const pump = (): void => {
        while (written < total) {
          written += frame.length;
          if (!stream.write(frame)) return void stream.once('drain', pump);
        }
        stream.end(encodeFrame(FrameKind.Receipt, rig.client.receipt(rig.worker)));
      };
      pump();
    },
  });
  await fake.accepted;
  const socket = connect(rig.router.port, '127.0.0.1');
  const job = rig.client.job(BODY);
  socket.write(
    `POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: ${JOB_CONTENT_TYPE}\r\nContent-Length: ${job.length}\r\nConnection: close\r\n\r\n`,
  );
  socket.write(job);
  await new Promise((resolve) => socket.once('readable', resolve));
  // Nobody reads: what is written settles at what the buffers on the way hold.
  let before = -1;
  while (written !== before) {
    before = written;
    for (let turn = 0; turn < 2_000; turn++) await new Promise(setImmediate);
  }
  expect(written).toBeLessThan(total / 2);
  let received = 0;
  socket.on('data', (part: Buffer) => (received += part.length));
  await new Promise((resolve) => socket.once('close', resolve));
  expect(written).toBeGreaterThanOrEqual(total);
  expect(received).toBeGreaterThanOrEqual(total);
});

test('router drops a client that does not read', async () => {
  const strict = await createRig({ limits: { slowReaderTimeoutMs: 100 } });
  let reset!: (code: number) => void;
  const wasReset = new Promise<number>((resolve) => (reset = resolve));
  const fake = await strict.link({
    onJob(stream) {
      stream.once('close', () => reset(stream.rstCode));
      stream.respond({ ':status': 200, 'content-type': FRAMES_CONTENT_TYPE });
      const frame = encodeFrame(FrameKind.Chunk, Buffer.alloc(64 * 1024));
      const pump = (): void => {
        while (stream.write(frame));
        stream.once('drain', pump);
      };
      pump();
    },
  });
  await fake.accepted;
  const socket = connect(strict.router.port, '127.0.0.1');
  const job = strict.client.job(BODY);
  socket.write(
    `POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: ${JOB_CONTENT_TYPE}\r\nContent-Length: ${job.length}\r\n\r\n`,
  );
  socket.write(job);
  expect(await wasReset).toBe(constants.NGHTTP2_CANCEL);
  socket.destroy();
  await strict.close();
});

describe('router drops a client that does not take the end of a reply', () => {
  const endings: [string, (stream: ServerHttp2Stream, at: Rig) => void, string][] = [
    [
      'a receipt',
      (stream, { client, worker }) => answerWith(stream, [], client.receipt(worker)),
      'client_gone',
    ],
    [
      "a worker's error",
      (stream) => {
        startAnswer(stream);
        stream.write(encodeFrame(FrameKind.Error, Buffer.from('{}')));
      },
      'client_gone',
    ],
    ["the router's error", startAnswer, 'worker_failed'],
    [
      'a refusal',
      (stream) => {
        stream.respond({ ':status': 400, 'content-type': 'application/json' });
        stream.end('{}');
      },
      'worker_refused',
    ],
  ];

  test.each(endings)('%s', async (_end, answer, outcome) => {
    const client = { stop: (): void => undefined };
    const strict = await createRig(
      { limits: { slowReaderTimeoutMs: 100, workerIdleTimeoutMs: 10 } },
      { faultPoint: (reached) => void (reached === 'job.forwarded' && client.stop()) },
    );
    const fake = await strict.link({ onJob: (stream) => answer(stream, strict) });
    await fake.accepted;
    const { socket, stop, closed } = createStallingClient(strict.client.job(BODY));
    client.stop = stop;
    (await serverOf(strict.router.url)).emit('connection', socket);
    await closed;
    await untilIdle(strict);
    expect(strict.logged.join('')).toMatch(`"outcome":"${outcome}"`);
    await strict.close();
  });
});

test('router ignores an answer whose head was on its way when it gave the worker up', async () => {
  const upstream = Object.assign(new PassThrough(), { close: () => undefined });
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  const { outcome } = await relayJob(
    {} as AdmittedJob,
    [],
    upstream as unknown as ClientHttp2Stream,
    response,
    'id',
    {
      limits: { ...ROUTER_LIMITS, workerIdleTimeoutMs: 1, slowReaderTimeoutMs: 1 },
      faultPoint: noFaults,
      keepReceipt: () => Promise.reject(new Error('there is no receipt')),
    },
  );
  expect(outcome).toBe('worker_failed');
  upstream.emit('response', { ':status': 200, 'content-type': FRAMES_CONTENT_TYPE });
  expect(response.statusCode).toBe(502);
});

test('router logs and stores nothing of what a job or reply holds', async () => {
  const planted = 'planted-word-7f3a';
  const chunk = Buffer.from(`answer ${planted}`);
  const fake = await rig.link({
    onJob: (stream) => answerWith(stream, [chunk], rig.client.receipt(rig.worker)),
  });
  await fake.accepted;
  await readFrames(await rig.post(rig.client.job(Buffer.from(`request ${planted}`))));
  await untilIdle();
  expect(rig.logged.join('')).toMatch('job ended');
  expect(rig.logged.join('')).not.toMatch(planted);
  const files = readdirSync(rig.directory).map((name) => readFileSync(join(rig.directory, name)));
  expect(Buffer.concat(files).includes(planted)).toBe(false);
  // The worker did get it: the word went through.
  expect(fake.jobs[0]!.includes(planted)).toBe(true);
});

test('the largest job and many small ones pass side by side', async () => {
  const receipt = rig.client.receipt(rig.worker);
  const fake = await rig.link({
    onJob: (stream) => answerWith(stream, [], receipt),
    offer: rig.worker.offer({ slots: 64 }),
  });
  await fake.accepted;
  const bodies = [
    Buffer.alloc(LIMITS.requestMaxBytes, 5),
    ...Array.from({ length: 40 }, (_, i) => Buffer.from(`small ${i}`)),
  ];
  const jobs = bodies.map((body) => rig.client.job(body));
  const replies = await Promise.all(jobs.map(async (job) => readFrames(await rig.post(job))));
  expect(replies.map(({ frames }) => frames.at(-1)!.kind)).toEqual(jobs.map(() => FrameKind.Receipt));
  const largest = fake.jobs.find((job) => job.length > LIMITS.requestMaxBytes)!;
  expect(largest.equals(jobs[0]!)).toBe(true);
});

test('receipts of one line that end side by side are all handed on', async () => {
  const receipts = [1, 2, 3, 4, 5, 6].map((n) =>
    rig.client.receipt(rig.worker, {
      total: BigInt(n) * 10n,
      jobs: BigInt(n),
      jobsRoot: Buffer.alloc(32, n),
    }),
  );
  const waiting: (() => void)[] = [];
  const fake = await rig.link({
    onJob(stream) {
      const receipt = receipts[waiting.length]!;
      waiting.push(() => answerWith(stream, [], receipt));
      // The newest first: their order on the wire is not the order of signing.
      if (waiting.length === receipts.length) waiting.reverse().forEach((answer) => answer());
    },
  });
  await fake.accepted;
  const replies = await Promise.all(
    receipts.map(async (_receipt, i) => readFrames(await rig.post(rig.client.job(Buffer.from(`body ${i}`))))),
  );
  expect(replies.map(({ frames }) => frames.at(-1)!.kind)).toEqual(receipts.map(() => FrameKind.Receipt));
  expect(rig.router.ledger.total(rig.client.lineId, rig.client.domain)).toBe(60n);
});

test('a restarted router knows every receipt', async () => {
  const receipt = rig.client.receipt(rig.worker, { total: 77n });
  const fake = await rig.link({ onJob: (stream) => answerWith(stream, [], receipt) });
  await fake.accepted;
  await readFrames(await rig.post(rig.client.job(BODY)));
  await rig.router.close();
  const again = await createRig({}, { directory: rig.directory });
  const stored = await fetch(
    `${again.router.url}/v1/lines/${rig.client.lineId.toString('hex')}/receipt?escrow=${rig.client.escrow.toString('hex')}`,
  );
  expect(((await stored.json()) as { receipt: string }).receipt).toBe(receipt.toString('base64'));
  await again.close();
});

async function untilIdle({ router }: Rig = rig): Promise<void> {
  while (router.status().runningJobs > 0) await new Promise(setImmediate);
}

import { connect, type Socket } from 'node:net';
import { request as httpRequest } from 'node:http';
import { LIMITS } from '../../../src/protocol/limits';
import { ENVELOPE_HEAD_BYTES, JOB_CONTENT_TYPE } from '../../../src/protocol/wire';
import { answerWith } from './support/fakeWorker';
import { codeOf, createRig, readFrames, type Rig } from './support/rig';

const BODY = Buffer.from('ciphertext');
let rig: Rig;
beforeEach(async () => {
  rig = await createRig({
    limits: { headersTimeoutMs: 200, bodyIdleTimeoutMs: 100, bodyTimeoutMs: 400, bufferedBytes: 100_000 },
  });
});
afterEach(() => rig.close());

async function linkEcho(): Promise<void> {
  const fake = await rig.link({ onJob: (stream) => answerWith(stream, [], rig.client.receipt(rig.worker)) });
  await fake.accepted;
}

/** Sends raw bytes and reads until the router closes, or until `enough` bytes of answer came. */
function raw(
  bytes: string | Buffer,
  onSocket: (socket: Socket) => void = () => undefined,
  port = rig.router.port,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.on('data', (part) => (text += part.toString()));
    socket.once('close', () => resolve(text));
    socket.once('error', reject);
    socket.write(bytes);
    onSocket(socket);
  });
}

const ask = async (path: string, init?: RequestInit): Promise<[number, string]> => {
  const response = await fetch(`${rig.router.url}${path}`, init);
  return [response.status, await codeOf(response)];
};

const postHead = (length: number): string =>
  `POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: ${JOB_CONTENT_TYPE}\r\nContent-Length: ${length}\r\n\r\n`;

test('router answers unknown paths and methods with a JSON error', async () => {
  expect(await ask('/')).toEqual([404, 'not_found']);
  expect(await ask('/v1/jobs/')).toEqual([404, 'not_found']);
  expect(await ask('/v1/book/../../etc/passwd')).toEqual([404, 'not_found']);
  expect(await ask('/v1/jobs')).toEqual([405, 'method_not_allowed']);
  expect(await ask('/v1/book', { method: 'POST', body: 'x' })).toEqual([405, 'method_not_allowed']);
  expect(await ask('/v1/lines/xyz/receipt')).toEqual([404, 'not_found']);
  expect(await ask(`/v1/lines/${'ab'.repeat(20)}/receipt`)).toEqual([404, 'not_found']);
  expect(await ask(`/v1/lines/${'ab'.repeat(20)}/receipt?escrow=zz`)).toEqual([400, 'invalid_request']);
  expect(await ask('/v1/workers/xyz/receipts')).toEqual([404, 'not_found']);
  expect(await ask(`/v1/workers/${'ab'.repeat(32)}/receipts?after=zz`)).toEqual([400, 'invalid_request']);
});

test('router lets a browser of any origin send jobs', async () => {
  const response = await fetch(`${rig.router.url}/v1/jobs`, { method: 'OPTIONS' });
  expect(response.status).toBe(204);
  expect(response.headers.get('access-control-allow-origin')).toBe('*');
  expect(response.headers.get('access-control-allow-headers')).toBe('content-type');
});

test('router tells that it lives, is ready, and what it counted', async () => {
  expect((await fetch(`${rig.router.url}/healthz`)).status).toBe(200);
  expect((await fetch(`${rig.router.url}/readyz`)).status).toBe(200);
  const metrics = await (await fetch(`${rig.router.url}/metrics`)).text();
  expect(metrics).toMatch('gen_ai_server_request_duration_seconds');
  expect(metrics).toMatch('cocoon_router_links 0');
});

describe('router refuses a job', () => {
  test('of another content type', async () => {
    await linkEcho();
    expect(await codeOf(await rig.post(rig.client.job(BODY), { 'content-type': 'application/json' }))).toBe(
      'unsupported_media_type',
    );
    expect((await rig.post(rig.client.job(BODY))).status).toBe(200);
  });

  test('that is too short, or of another version', async () => {
    await linkEcho();
    const job = rig.client.job(BODY);
    expect(await codeOf(await rig.post(Buffer.alloc(0)))).toBe('ticket_malformed');
    expect(await codeOf(await rig.post(job.subarray(0, ENVELOPE_HEAD_BYTES)))).toBe('ticket_malformed');
    expect(await codeOf(await rig.post(Buffer.concat([Buffer.from([2]), job.subarray(1)])))).toBe(
      'ticket_malformed',
    );
    const tagless = Buffer.from(job);
    tagless[123]! ^= 1;
    expect(await codeOf(await rig.post(tagless))).toBe('ticket_malformed');
    expect((await rig.post(job)).status).toBe(200);
  });

  test('whose ciphertext is another than the ticket says', async () => {
    await linkEcho();
    const job = rig.client.job(BODY);
    const altered = Buffer.from(job);
    altered[altered.length - 1]! ^= 1;
    expect(await codeOf(await rig.post(altered))).toBe('ticket_wrong_request');
    expect(await codeOf(await rig.post(Buffer.concat([job, Buffer.from('x')])))).toBe('ticket_wrong_request');
    expect(await codeOf(await rig.post(job.subarray(0, job.length - 1)))).toBe('ticket_wrong_request');
    expect((await rig.post(job)).status).toBe(200);
  });

  test('that declares more bytes than a job may have', async () => {
    const answer = await raw(postHead(ENVELOPE_HEAD_BYTES + LIMITS.requestMaxBytes + 1));
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toMatch('"code":"body_too_large"');
  });

  test('while bodies in memory take all the room there is', async () => {
    await linkEcho();
    const big = Buffer.alloc(150_000, 7);
    const response = await rig.post(rig.client.job(big));
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('2');
    expect(await codeOf(response)).toBe('rate_limited');
    expect((await rig.post(rig.client.job(Buffer.alloc(50_000, 7)))).status).toBe(200);
  });

  test('whose sender falls silent', async () => {
    const patient = await createRig({ limits: { bodyIdleTimeoutMs: 50 } });
    const job = patient.client.job(BODY);
    const half = Buffer.concat([Buffer.from(postHead(job.length)), job.subarray(0, 100)]);
    const answer = await raw(half, () => undefined, patient.router.port);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toMatch('"code":"request_timeout"');
    await patient.close();
  });

  test('that comes byte by byte without end', async () => {
    const job = rig.client.job(BODY);
    let drip: NodeJS.Timeout | undefined;
    const answer = await raw(postHead(job.length), (socket) => {
      let at = 0;
      drip = setInterval(() => socket.write(job.subarray(at, ++at)), 20);
      socket.once('close', () => clearInterval(drip));
    });
    expect(answer).toMatch('"code":"request_timeout"');
  });

  test('of which half was sent, and forgets it', async () => {
    const job = rig.client.job(BODY);
    await raw(Buffer.concat([Buffer.from(postHead(job.length)), job.subarray(0, 50)]), (socket) =>
      socket.once('connect', () => setImmediate(() => socket.destroy())),
    );
    while (rig.router.status().runningJobs > 0) await new Promise(setImmediate);
    await linkEcho();
    expect((await rig.post(job)).status).toBe(200);
  });
});

describe('router answers what is not HTTP', () => {
  test.each([
    ['no HTTP at all', 'hello\r\n\r\n', 400],
    [
      'two lengths',
      'POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx',
      400,
    ],
    [
      'a length and chunks',
      'POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['headers without end', `GET /healthz HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, 413],
    ['HTTP/1.1 without host', 'GET /healthz HTTP/1.1\r\n\r\n', 400],
  ])('%s', async (_name, bytes, status) => {
    expect(await raw(bytes)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect((await fetch(`${rig.router.url}/healthz`)).status).toBe(200);
  });

  test('headers that never end', async () => {
    expect(await raw('GET /healthz HTTP/1.1\r\nHost: x\r\n')).toMatch(
      /^HTTP\/1\.1 408 .*"code":"request_timeout"/s,
    );
  });
});

test('router says 100-continue only when it will read the body', async () => {
  await linkEcho();
  const send = (contentType: string): Promise<string[]> =>
    new Promise((resolve, reject) => {
      const events: string[] = [];
      const job = rig.client.job(BODY);
      const request = httpRequest(`${rig.router.url}/v1/jobs`, {
        method: 'POST',
        headers: { 'content-type': contentType, 'content-length': job.length, expect: '100-continue' },
      });
      request.on('continue', () => {
        events.push('continue');
        request.end(job);
      });
      request.on('response', (response) => {
        events.push(String(response.statusCode));
        response.resume().once('end', () => resolve(events));
      });
      request.on('error', reject);
      request.flushHeaders();
    });
  expect(await send(JOB_CONTENT_TYPE)).toEqual(['continue', '200']);
  expect(await send('text/plain')).toEqual(['415']);
});

test('router takes a job that comes in small pieces', async () => {
  await linkEcho();
  const job = rig.client.job(Buffer.alloc(2_000, 3));
  const response = await new Promise<number>((resolve, reject) => {
    const request = httpRequest(`${rig.router.url}/v1/jobs`, {
      method: 'POST',
      headers: { 'content-type': JOB_CONTENT_TYPE },
    });
    request.on('response', (answer) => {
      answer.resume();
      resolve(answer.statusCode!);
    });
    request.on('error', reject);
    for (let at = 0; at < job.length; at += 7) request.write(job.subarray(at, at + 7));
    request.end();
  });
  expect(response).toBe(200);
});

test('a draining router refuses jobs, ends those that run, and closes', async () => {
  let finish: () => void = () => undefined;
  const fake = await rig.link({
    onJob: (stream) => (finish = () => answerWith(stream, [], rig.client.receipt(rig.worker))),
  });
  await fake.accepted;
  const running = rig.post(rig.client.job(BODY));
  while (fake.jobs.length === 0) await new Promise(setImmediate);
  // A request whose headers are on their way when the drain begins.
  const job = rig.client.job(BODY);
  const [begin, rest] = [postHead(job.length).slice(0, 30), postHead(job.length).slice(30)];
  let late!: Socket;
  const lateAnswer = raw(begin, (socket) => (late = socket));
  await (await fetch(`${rig.router.url}/healthz`)).arrayBuffer();
  const drained = rig.router.drain();
  expect(rig.router.status().draining).toBe(true);
  late.write(rest);
  late.write(job);
  expect(await lateAnswer).toMatch(/^HTTP\/1\.1 503 .*"code":"draining"/s);
  await expect(fetch(`${rig.router.url}/readyz`)).rejects.toThrow();
  finish();
  expect((await readFrames(await running)).frames).toHaveLength(2);
  await drained;
  expect(await fake.ended).toBe('the router is shutting down');
});

test('a drain does not wait longer than its limit', async () => {
  const strict = await createRig({ limits: { drainTimeoutMs: 50 } });
  const fake = await strict.link();
  await fake.accepted;
  const running = strict.post(strict.client.job(BODY)).then(
    (response) => response.status,
    () => 'cut',
  );
  while (fake.jobs.length === 0) await new Promise(setImmediate);
  await strict.router.drain();
  expect(['cut', 502]).toContain(await running);
  await strict.close();
});

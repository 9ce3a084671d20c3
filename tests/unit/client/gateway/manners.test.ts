import { raw, rawConnection } from './running';
import { aborted, eventStream, startScripted, stopScripted } from './scripted';

afterEach(stopScripted);

const HEAD = 'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n';
const GET = 'GET /v1/models HTTP/1.1\r\nhost: localhost\r\n';
const CLOSE = 'connection: close\r\n\r\n';
const ok = (): Response => Response.json({ ok: true });
/** Answers once all was read. */
const reads = async (request: Request): Promise<Response> => {
  const bytes = await request.arrayBuffer();
  return Response.json({ bytes: bytes.byteLength });
};

describe('the gateway, to senders that misbehave,', () => {
  it.each([
    ['half a head', HEAD],
    ['half a body', `${HEAD}content-length: 100\r\n\r\n{"mod`],
    ['half a chunk', `${HEAD}transfer-encoding: chunked\r\n\r\nff\r\n{"mod`],
  ])('survives a reset after %s and keeps nothing of it', async (_, text) => {
    const { port, calls } = await startScripted(reads);
    const { socket } = rawConnection(port, text);
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.resetAndDestroy();
    expect(await raw(port, `${GET}${CLOSE}`)).toMatch(/^HTTP\/1.1 200 /);
    const cut = calls.filter(({ method }) => method === 'POST');
    await Promise.all(cut.map(({ signal }) => aborted(signal)));
    await Promise.all(cut.map(({ body }) => expect(body).rejects.toThrow()));
  });

  it.each([
    [
      '413 to a length beyond the limit',
      (size: number) => `content-length: ${size}\r\n\r\n`,
      'x'.repeat(3_000_000),
    ],
    [
      '413 to chunks beyond the limit',
      () => 'transfer-encoding: chunked\r\n\r\n',
      `${'4000\r\n'.concat('x'.repeat(0x4000), '\r\n').repeat(180)}0\r\n\r\n`,
    ],
  ])('lets a sender that listens only when it has sent all see %s', async (_, headerOf, body) => {
    const { port } = await startScripted(reads, { limits: { bodyBytes: 1_000 } });
    const connection = rawConnection(port);
    connection.socket.pause();
    connection.write(HEAD + headerOf(body.length));
    const piece = Math.ceil(body.length / 10);
    for (let at = 0; at < body.length; at += piece) {
      await new Promise<void>((sent, failed) =>
        connection.socket.write(body.slice(at, at + piece), (error) => (error ? failed(error) : sent())),
      );
      // The answer has long been there when the last piece goes.
      for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    }
    connection.socket.resume();
    const answer = await connection.ended;
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
    expect(answer).toContain('connection: close');
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4))).toMatchObject({
      error: { code: 'body_too_large', type: 'invalid_request_error' },
    });
  });

  it('hangs up on a refused sender that goes on beyond what is drained', async () => {
    const { port } = await startScripted(reads, { limits: { bodyBytes: 10, refusedBytes: 100_000 } });
    const connection = rawConnection(port, `${HEAD}content-length: 100000000\r\n\r\n`);
    const closed = new Promise((resolve) => connection.socket.once('close', resolve));
    await connection.until(/body_too_large/);
    connection.write('x'.repeat(10_000_000));
    await closed;
  });

  it('gives leave to send a body, and none for one that is too long', async () => {
    const { port } = await startScripted(reads, { limits: { bodyBytes: 10 } });
    const expecting = (length: number): string =>
      `${HEAD}expect: 100-continue\r\ncontent-length: ${length}\r\n${CLOSE}`;
    const connection = rawConnection(port, expecting(10));
    expect(await connection.until(/\r\n\r\n/)).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    connection.write('0123456789');
    expect(await connection.ended).toContain('{"bytes":10}');
    const refused = await raw(port, expecting(11));
    expect(refused).toMatch(/^HTTP\/1.1 413 /);
    expect(refused).not.toContain('100 Continue');
    expect(await raw(port, `${GET}expect: miracles\r\n\r\n`)).toMatch(/^HTTP\/1.1 400 /);
  });

  it('takes headers of just under 16 KiB and answers more with 431', async () => {
    const { port } = await startScripted(ok);
    const padded = (bytes: number): string => `${GET}x-padding: ${'x'.repeat(bytes)}\r\n${CLOSE}`;
    expect(await raw(port, padded(15_000))).toMatch(/^HTTP\/1.1 200 /);
    const refused = await raw(port, padded(17_000));
    expect(refused).toMatch(/^HTTP\/1.1 431 Request Header Fields Too Large\r\n/);
    expect(refused).toContain('"code":"headers_too_large"');
    expect(refused).toMatch(/x-request-id: [0-9a-f-]{36}/);
  });

  it.each([
    ['both a length and chunks', `${HEAD}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['two lengths that differ', `${HEAD}content-length: 3\r\ncontent-length: 4\r\n\r\nabcd`],
    ['two lengths that agree', `${HEAD}content-length: 3\r\ncontent-length: 3\r\n\r\nabc`],
    ['a length that is no number', `${HEAD}content-length: 3x\r\n\r\nabc`],
    ['another coding before chunks', `${HEAD}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    ['a space before a colon', `${HEAD}transfer-encoding : chunked\r\n\r\n0\r\n\r\n`],
    ['two hosts', `GET /v1/models HTTP/1.1\r\nhost: localhost\r\nhost: evil.example\r\n\r\n`],
    ['two keys', `${GET}authorization: Bearer a\r\nauthorization: Bearer b\r\n\r\n`],
    ['a whole URL', 'GET http://evil.example/v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n'],
    ['a folded header', `${GET}x-a: b\r\n c\r\n\r\n`],
    ['no host', 'GET /v1/models HTTP/1.1\r\n\r\n'],
  ])('refuses %s with 400, and hands nothing on', async (_, text) => {
    const { port, calls } = await startScripted(ok);
    const connection = rawConnection(port, text);
    const answer = await connection.until(/\r\n\r\n/);
    connection.socket.destroy();
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(calls).toHaveLength(0);
  });

  it.each(['gzip', 'br', 'deflate'])('refuses a body that is packed with %s', async (coding) => {
    const { url, calls } = await startScripted(ok);
    const init = { method: 'POST', headers: { 'content-encoding': coding }, body: 'x' };
    const answer = await fetch(`${url}/chat/completions`, init);
    expect(answer.status).toBe(415);
    expect(calls).toHaveLength(0);
    const plain = { ...init, headers: { 'content-encoding': 'identity' } };
    expect((await fetch(`${url}/chat/completions`, plain)).status).toBe(200);
  });

  it('bounds what all uploads together hold, and gives it back', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const { url, call } = await startScripted(
      async (request, n) => {
        const answer = await reads(request);
        if (n === 0) await held;
        return answer;
      },
      { limits: { uploadBytes: 1_000 } },
    );
    const upload = (bytes: number): Promise<Response> =>
      fetch(`${url}/chat/completions`, { method: 'POST', body: 'x'.repeat(bytes) });
    const first = upload(600);
    await (
      await call(0)
    ).body;
    const refused = await upload(401);
    expect(refused.status).toBe(429);
    expect((await upload(400)).status).toBe(200);
    release();
    expect((await first).status).toBe(200);
    expect((await upload(1_000)).status).toBe(200);
  });
});

describe('the gateway, byte for byte,', () => {
  it('hands on characters that were cut anywhere, in both directions', async () => {
    const text = JSON.stringify({ model: 'm', text: 'Grüße, 世界, 🦥, שלום' });
    const events = eventStream();
    const { port, call } = await startScripted(() => events.response);
    const bytes = Buffer.from(text);
    const connection = rawConnection(port, `${HEAD}content-length: ${bytes.length}\r\n${CLOSE}`);
    connection.socket.setNoDelay(true);
    for (const byte of bytes) {
      await new Promise<void>((sent) => connection.socket.write(Buffer.from([byte]), () => sent()));
    }
    expect((await (await call(0)).body).toString('utf8')).toBe(text);
    for (const byte of Buffer.from(`data: ${text}\n\n`)) events.send(new Uint8Array([byte]));
    events.end();
    const answer = Buffer.from(await connection.ended, 'latin1').toString('latin1');
    // One chunk of the transfer coding per byte.
    const payload = [...answer.slice(answer.indexOf('\r\n\r\n') + 4).matchAll(/1\r\n([^]) ?\r\n/g)];
    expect(Buffer.from(payload.map(([, byte]) => byte).join(''), 'latin1').toString('utf8')).toBe(
      `data: ${text}\n\n`,
    );
  });

  it('hands on a multipart upload of every byte there is, with its boundary', async () => {
    const file = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7 + (i >> 8)) & 0xff));
    const body = Buffer.concat([
      Buffer.from('--b\r\ncontent-disposition: form-data; name="file"; filename="a.ogg"\r\n\r\n'),
      file,
      Buffer.from('\r\n--b--\r\n'),
    ]);
    const { url, call } = await startScripted(reads);
    const answer = await fetch(`${url}/audio/transcriptions`, {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=b' },
      body: new Uint8Array(body),
    });
    expect(await answer.json()).toEqual({ bytes: body.length });
    const { body: arrived, headers } = await call(0);
    expect((await arrived).equals(body)).toBe(true);
    expect(headers.get('content-type')).toBe('multipart/form-data; boundary=b');
  });

  it('leaves a slash in a name as it was written', async () => {
    const { url, call } = await startScripted(ok);
    await fetch(`${url}/models/org%2Fmodel?x=1`);
    expect((await call(0)).url).toMatch(/\/v1\/models\/org%2Fmodel\?x=1$/);
  });

  it('answers HEAD as GET, without a body', async () => {
    const { port } = await startScripted(ok);
    for (const path of ['/v1/models', '/healthz', '/openapi.json']) {
      const answer = await raw(port, `HEAD ${path} HTTP/1.1\r\nhost: localhost\r\n${CLOSE}`);
      expect(answer).toMatch(/^HTTP\/1.1 200 /);
      expect(answer).toMatch(/content-type: application\/json/i);
      expect(answer).toMatch(/\r\n\r\n$/);
    }
  });
});

describe('the gateway, to readers,', () => {
  it('hands on each event before the next one is there', async () => {
    const events = eventStream();
    const { port } = await startScripted(() => events.response);
    const connection = rawConnection(port, `${GET}${CLOSE}`);
    for (const n of [1, 2, 3]) {
      events.send(`data: event ${n}\n\n`);
      expect(await connection.until(new RegExp(`event ${n}`))).not.toContain(`event ${n + 1}`);
    }
    events.end();
    await connection.ended;
  });

  it('reads no further ahead of a slow reader than a few buffers, and loses nothing', async () => {
    const part = new Uint8Array(64 * 1_024).fill(0x61);
    const most = 512;
    let pulled = 0;
    let idle: () => void = () => undefined;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (pulled === most) return controller.close();
        pulled += 1;
        controller.enqueue(part);
        idle();
      },
    });
    const { port } = await startScripted(
      () => new Response(body, { headers: { 'content-type': 'text/event-stream' } }),
    );
    const connection = rawConnection(port, `${GET}${CLOSE}`);
    await connection.until(/\r\n\r\n/);
    connection.socket.pause();
    // Until many turns of the event loop bring no further pull: what is in flight fits into buffers.
    for (let quiet = 0; quiet < 200; quiet += 1) {
      idle = () => (quiet = 0);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(pulled).toBeLessThan(most / 2);
    connection.socket.resume();
    const answer = await connection.ended;
    expect(answer.length).toBeGreaterThan(most * part.length);
    expect(pulled).toBe(most);
  });

  it('hangs up on a reader that takes nothing for the time there is', async () => {
    const { port, call } = await startScripted(
      () => {
        const body = new ReadableStream<Uint8Array>({
          pull: (controller) => controller.enqueue(new Uint8Array(1_000_000)),
        });
        return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
      },
      { limits: { stalledMs: 50 } },
    );
    const connection = rawConnection(port, `${GET}${CLOSE}`);
    connection.socket.pause();
    await aborted((await call(0)).signal);
    connection.socket.destroy();
  });

  it('keeps a connection for the next request, also after an error', async () => {
    const { port } = await startScripted((_, n) => (n === 0 ? new Response('{}', { status: 404 }) : ok()));
    const connection = rawConnection(port, `${GET}\r\n`);
    await connection.until(/404 Not Found[^]*\{\}$/);
    connection.write(`${HEAD}content-length: 2\r\ncontent-encoding: gzip\r\n\r\n{}`);
    await connection.until(/415 Unsupported[^]*\}\}$/);
    connection.write(`${GET}${CLOSE}`);
    expect(await connection.ended).toMatch(/\{"ok":true\}$/);
  });

  it('answers requests that were sent ahead in their order', async () => {
    let release: () => void = () => undefined;
    const first = new Promise<void>((resolve) => (release = resolve));
    const { port, call } = await startScripted(async (_, n) => {
      if (n === 0) await first;
      return Response.json({ n });
    });
    const connection = rawConnection(port, `${GET}\r\n${GET}\r\n${GET}${CLOSE}`);
    await call(2);
    release();
    expect([...(await connection.ended).matchAll(/\{"n":(\d)\}/g)].map(([, n]) => n)).toEqual([
      '0',
      '1',
      '2',
    ]);
  });

  it.each([
    ['before the first byte', null],
    ['in the middle of an answer', 'data: one\n\n'],
  ])('ends the job of one that hangs up %s', async (_, first) => {
    const events = eventStream();
    const { port, call } = await startScripted(() =>
      first ? events.response : new Promise(() => undefined),
    );
    const connection = rawConnection(port, `${HEAD}content-length: 2\r\n\r\n{}`);
    const { signal } = await call(0);
    if (first) {
      events.send(first);
      await connection.until(/one/);
    }
    expect(signal.aborted).toBe(false);
    connection.socket.end();
    await aborted(signal);
  });
});

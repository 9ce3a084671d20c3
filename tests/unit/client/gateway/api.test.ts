import type { AddressInfo } from 'node:net';
import { createServer } from 'node:http';
import OpenAI from 'openai';
import { createGateway } from '../../../../src/client';
import { createNetwork, HELLO } from '../network/setup';
import { post, raw, startGateway as start, stopGateways } from './running';

afterEach(stopGateways);

describe('the gateway', () => {
  it('tells whoever may use it all about the money, in nanotons as text', async () => {
    const { url, client } = await start({ apiKeys: ['k'] });
    const status = url.replace(/v1$/, 'status');
    expect((await fetch(status)).status).toBe(401);
    const authorization = { headers: { authorization: 'Bearer k' } };
    await post(url, JSON.stringify(HELLO), authorization.headers);
    const money = await client.money();
    expect(await (await fetch(status, authorization)).json()).toMatchObject({
      escrow: money.escrow,
      free_nano: money.freeNano.toString(),
      cost: { recent: { spent_nano: '17', allocations_nano: '0', share_bps: 0 } },
      lines: [
        {
          ...{ cap_nano: '50000000', paid_nano: '0', spent_nano: '17', reserved_nano: '0' },
          ...{ room_nano: '49999983', open: true, why: null, stage: 'open' },
          free_from: money.lines[0]!.settleByUnix + 1,
        },
      ],
      prune: { lines: [], frees_nano: '0', command: null },
    });
  });

  it('serves the openai package over HTTP, JSON and stream', async () => {
    const { url } = await start();
    const openai = new OpenAI({ baseURL: url, apiKey: 'unused', maxRetries: 0 });
    const { data, response } = await openai.chat.completions.create(HELLO).withResponse();
    expect(data.choices[0]?.message.content).toBe('Hello world');
    expect(response.headers.get('x-cocoon-cost-nano')).toBe('17');
    let text = '';
    for await (const chunk of await openai.chat.completions.create({ ...HELLO, stream: true })) {
      text += chunk.choices[0]?.delta.content ?? '';
    }
    expect(text).toBe('Hello world');
    expect((await openai.models.list()).data).toHaveLength(1);
    expect(
      (await openai.embeddings.create({ model: 'tiny', input: 'Hi', encoding_format: 'float' })).data,
    ).toHaveLength(1);
  });

  it.each<[string, string, RequestInit, number, string]>([
    ['malformed JSON', '/chat/completions', json('{"model":'), 400, 'invalid_request'],
    ['JSON that is no object', '/chat/completions', json('[]'), 400, 'invalid_request'],
    ['a request without a model', '/chat/completions', json('{"messages":[]}'), 400, 'invalid_request'],
    [
      'a maximum that is no count',
      '/chat/completions',
      json('{"model":"tiny","max_tokens":-1}'),
      400,
      'invalid_request',
    ],
    ['an unknown model', '/chat/completions', json('{"model":"huge","messages":[]}'), 404, 'model_not_found'],
    [
      'another content type',
      '/chat/completions',
      { method: 'POST', body: 'x', headers: { 'content-type': 'text/plain' } },
      415,
      'unsupported_media_type',
    ],
    [
      'no content type',
      '/completions',
      { method: 'POST', body: new Uint8Array([123]) },
      415,
      'unsupported_media_type',
    ],
    ['an unknown path', '/nothing', {}, 404, 'not_found'],
    ['an unknown model to look at', '/models/huge', {}, 404, 'model_not_found'],
    ['a path that is not well formed', '/models/%ff', {}, 400, 'invalid_request'],
    ['another method', '/chat/completions', { method: 'DELETE' }, 405, 'method_not_allowed'],
  ])('answers %s with its own error', async (_, path, init, status, code) => {
    const { url, router } = await start();
    const response = await fetch(url + path, init);
    expect(response.status).toBe(status);
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{32,36}$/);
    const { error } = (await response.json()) as { error: { code: string; message: string; type: string } };
    expect(error).toMatchObject({ code, type: 'invalid_request_error' });
    expect(router.received).toHaveLength(0);
  });

  it('takes a body of exactly its limit, and refuses one byte more', async () => {
    const body = JSON.stringify(HELLO);
    const { url } = await start({ limits: { bodyBytes: body.length } });
    expect((await post(url, body)).status).toBe(200);
    const response = await post(url, `${body} `);
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ error: { code: 'body_too_large' } });
  });

  it('refuses a body that grows beyond its limit without saying so first', async () => {
    const { port } = await start({ limits: { bodyBytes: 10, refusedMs: 20 } });
    const answer = await raw(
      port,
      'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n' +
        'transfer-encoding: chunked\r\n\r\nb\r\n{"model":"x\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
    expect(answer).toContain('"code":"body_too_large"');
  });

  it.each([
    ['half a head', 'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n'],
    [
      'half a body',
      'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"model"',
    ],
  ])('gives up on a sender of %s with 408', async (_, text) => {
    const { port } = await start({ limits: { requestMs: 50, headersMs: 50 } });
    const answer = await raw(port, text);
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
    expect(answer).toContain('"code":"request_timeout"');
  });

  it('answers what is not HTTP with 400', async () => {
    const { port } = await start();
    expect(await raw(port, 'hello\r\n\r\n')).toMatch(/^HTTP\/1.1 400 [^]*"code":"invalid_request"/);
  });

  it('asks for a key when it has keys', async () => {
    const { url } = await start({ apiKeys: ['sk-one', 'sk-two'] });
    expect((await post(url, JSON.stringify(HELLO))).status).toBe(401);
    expect((await post(url, JSON.stringify(HELLO), { authorization: 'Bearer sk-on' })).status).toBe(401);
    expect((await post(url, JSON.stringify(HELLO), { authorization: 'Bearer sk-two' })).status).toBe(200);
  });

  it('listens beyond this machine only with keys', () => {
    const { client } = createNetwork();
    expect(() => createGateway(client, { port: 0, host: '0.0.0.0' })).toThrow(/API keys/);
    expect(() => createGateway(client, { port: 0, corsOrigins: ['*'] })).toThrow(/API keys/);
    expect(() => createGateway(client, { port: 0, host: '0.0.0.0', apiKeys: ['k'] })).not.toThrow();
  });

  it('lets only the named web pages call it', async () => {
    const { url, port } = await start({ corsOrigins: ['http://localhost:3000'] });
    const preflight = (origin: string) =>
      fetch(`${url}/chat/completions`, { method: 'OPTIONS', headers: { origin } });
    const allowed = await preflight('http://localhost:3000');
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get('access-control-allow-origin')).toBe('http://localhost:3000');
    expect((await preflight('http://evil.example')).headers.get('access-control-allow-origin')).toBeNull();
    const rebound = await raw(
      port,
      'GET /v1/models HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n',
    );
    expect(rebound).toMatch(/^HTTP\/1.1 401 /);
  });

  it('stops the job when its caller hangs up', async () => {
    const network = await start();
    const reached = new Promise<void>((resolve) => {
      network.router.beforeJob = () => {
        resolve();
        return new Promise(() => undefined);
      };
    });
    const stop = new AbortController();
    const answer = fetch(`${network.url}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(HELLO),
      signal: stop.signal,
    }).catch((error: unknown) => error);
    await reached;
    stop.abort();
    expect(await answer).toMatchObject({ name: 'AbortError' });
    await network.router.upstreamAborted;
    expect(network.router.aborted).toBe(1);
  });

  it('lets a running request end when it closes, and takes no new one', async () => {
    const network = await start();
    let release: () => void = () => undefined;
    const reached = new Promise<void>((resolve) => {
      network.router.beforeJob = () => {
        resolve();
        return new Promise<void>((go) => (release = go));
      };
    });
    const answer = post(network.url, JSON.stringify(HELLO), { connection: 'close' });
    await reached;
    const closed = network.gateway.close();
    await expect(fetch(`${network.url}/models`)).rejects.toThrow();
    release();
    expect((await answer).status).toBe(200);
    await closed;
  });

  it('says when its port is taken', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => blocker.once('listening', resolve));
    const { port } = blocker.address() as AddressInfo;
    const { client } = createNetwork();
    await expect(createGateway(client, { port }).listen()).rejects.toMatchObject({ code: 'EADDRINUSE' });
    blocker.close();
  });
});

function json(body: string): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body };
}

import { z } from 'zod';
import { CHAIN_LIMITS } from '../../../src/chain/limits';
import { createRpc } from '../../../src/chain/rpc';

type Reply = { status: number; body: unknown } | Error;

/** An endpoint that gives these replies, one after the other, and the last one for ever. */
function endpoint(replies: Reply[]) {
  const requests: { headers: Record<string, string>; body: unknown }[] = [];
  const waits: number[] = [];
  const rpc = createRpc(
    { endpoint: 'http://chain.invalid/api/v2/jsonRPC', apiKey: 'secret' },
    {
      fetch: async (_url, init) => {
        requests.push({
          headers: init!.headers as Record<string, string>,
          body: JSON.parse(init!.body as string) as unknown,
        });
        const reply = replies[Math.min(requests.length, replies.length) - 1]!;
        if (reply instanceof Error) throw reply;
        const text = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body);
        return new Response(text, { status: reply.status });
      },
      sleep: async (ms) => void waits.push(ms),
      random: () => 1,
    },
  );
  return {
    rpc,
    requests,
    waits,
    call: () => rpc.call('getSomething', { a: 1 }, z.object({ value: z.number() })),
  };
}

const good: Reply = { status: 200, body: { ok: true, result: { value: 5 }, jsonrpc: '2.0', id: '1' } };
const failing = (status: number, error: string): Reply => ({
  status,
  body: { ok: false, error, code: status },
});

describe('requests to a TON endpoint', () => {
  test('program sends JSON-RPC with its key and gets the checked result', async () => {
    const { call, requests } = endpoint([good]);
    expect(await call()).toEqual({ value: 5 });
    expect(requests).toEqual([
      {
        headers: { 'content-type': 'application/json', 'x-api-key': 'secret' },
        body: { jsonrpc: '2.0', id: '1', method: 'getSomething', params: { a: 1 } },
      },
    ]);
  });

  test.each<[string, Reply]>([
    ['too many requests', failing(429, 'Ratelimit exceed')],
    ['a server that is not ready', failing(500, 'LITE_SERVER_NOTREADY: block is not applied')],
    ['a gateway without a server', { status: 502, body: '<html>bad gateway</html>' }],
    ['a broken connection', new TypeError('fetch failed')],
  ])('program asks again after %s, waiting longer each time', async (_what, trouble) => {
    const { call, requests, waits } = endpoint([trouble, trouble, good]);
    expect(await call()).toEqual({ value: 5 });
    expect(requests).toHaveLength(3);
    expect(waits).toEqual([CHAIN_LIMITS.backoffMinMs, 2 * CHAIN_LIMITS.backoffMinMs]);
  });

  test('program gives up after a bounded number of attempts', async () => {
    const { call, requests } = endpoint([failing(429, 'Ratelimit exceed')]);
    await expect(call()).rejects.toMatchObject({ code: 'chain_unavailable' });
    expect(requests).toHaveLength(CHAIN_LIMITS.attempts);
  });

  test.each<[string, Reply]>([
    ['a wrong parameter', failing(422, 'Incorrect address')],
    ['a method that is not there', failing(404, 'Unknown method')],
    [
      'a message that its account refuses',
      failing(500, 'cannot apply external message to current state : not accepted'),
    ],
  ])('program does not repeat %s', async (_what, verdict) => {
    const { call, requests } = endpoint([verdict, good]);
    await expect(call()).rejects.toMatchObject({ code: 'chain_refused' });
    expect(requests).toHaveLength(1);
  });

  test('program takes no result of an unknown form', async () => {
    const { call } = endpoint([{ status: 200, body: { ok: true, result: { value: 'five' } } }]);
    await expect(call()).rejects.toMatchObject({
      code: 'chain_unavailable',
      message: expect.stringMatching(/getSomething in an unknown form \(value/) as string,
    });
  });

  test('program keeps a bounded number of requests open', async () => {
    let open = 0;
    let most = 0;
    const release: (() => void)[] = [];
    const rpc = createRpc(
      { endpoint: 'http://chain.invalid' },
      {
        fetch: async () => {
          most = Math.max(most, ++open);
          await new Promise<void>((resolve) => release.push(resolve));
          open--;
          return new Response(JSON.stringify({ ok: true, result: 1 }));
        },
      },
    );
    const calls = Array.from({ length: 50 }, () => rpc.call('x', {}, z.number()));
    let done = 0;
    const all = Promise.all(calls.map((call) => call.then(() => done++)));
    while (done < 50) {
      release.splice(0).forEach((resolve) => resolve());
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    await all;
    expect(most).toBe(CHAIN_LIMITS.requestsAtOnce);
  });
});

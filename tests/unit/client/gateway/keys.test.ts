import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openKeyBooks, type KeyTerms } from '../../../../src/client/gateway';
import { HELLO } from '../network/setup';
import { post, startGateway, stopGateways, type Running } from './running';

afterEach(stopGateways);

const FREE: KeyTerms = { name: 'free', limitNano: null, expiresAtUnix: null, rate: null, models: null };
const ask = (url: string, key: string, headers: Record<string, string> = {}, body: object = HELLO) =>
  post(url, JSON.stringify(body), { authorization: `Bearer ${key}`, ...headers });
const codeOf = async (response: Response): Promise<string> =>
  ((await response.json()) as { error: { code: string } }).error.code;
const keyInfo = async (url: string, key: string): Promise<Record<string, unknown>> => {
  const answer = await fetch(`${url}/cocoon/key`, { headers: { authorization: `Bearer ${key}` } });
  return (await answer.json()) as Record<string, unknown>;
};

/** What one HELLO may cost at most, as its first ticket reserves it. */
async function maximumOf({ url, keys, client }: Running): Promise<bigint> {
  const { secret } = keys.create({ ...FREE, name: 'measure' });
  await ask(url, secret);
  return client.receipts(1)[0]!.maxFeeNano;
}

describe('an issued API key', () => {
  it('is shown once, begins with sk-cocoon- and is nowhere in the books', () => {
    const folder = mkdtempSync(join(tmpdir(), 'cocoon-keys-'));
    const books = openKeyBooks(folder, () => 1_000);
    const { secret, key } = books.create(FREE);
    expect(secret).toMatch(/^sk-cocoon-[A-Za-z0-9_-]{32}$/);
    expect(key.hint).toBe(`sk-cocoon-...${secret.slice(-4)}`);
    books.close();
    expect(readFileSync(join(folder, 'keys.sqlite')).includes(secret.slice(10, 26))).toBe(false);
    const again = openKeyBooks(folder, () => 1_000);
    expect(again.find(secret)).toEqual(key);
    expect(again.find(`${secret}x`)).toBeNull();
    again.close();
    rmSync(folder, { recursive: true });
  });

  it('counts from its first moment and ends at once, while the gateway runs and another process writes', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'cocoon-keys-'));
    const { url, clock } = await startGateway({}, { dataDir });
    expect((await post(url, JSON.stringify(HELLO))).status).toBe(200);
    const other = openKeyBooks(dataDir, clock.now);
    const { secret, key } = other.create(FREE);
    const without = await post(url, JSON.stringify(HELLO));
    expect(without.status).toBe(401);
    expect(without.headers.get('www-authenticate')).toBe('Bearer');
    expect((await ask(url, secret)).status).toBe(200);
    other.revoke(key.name);
    const revoked = await ask(url, secret);
    expect(revoked.status).toBe(401);
    expect(await codeOf(revoked)).toBe('invalid_api_key');
    // Nobody is let in again because the last key is gone.
    expect((await post(url, JSON.stringify(HELLO))).status).toBe(401);
    other.close();
    await stopGateways();
    rmSync(dataDir, { recursive: true });
  });

  it('is valid until the second before it ends', async () => {
    const { url, keys, clock } = await startGateway();
    const { secret } = keys.create({ ...FREE, expiresAtUnix: clock.now() + 100 });
    clock.advance(99);
    expect((await ask(url, secret)).status).toBe(200);
    clock.advance(1);
    const late = await ask(url, secret);
    expect(late.status).toBe(401);
    expect(await codeOf(late)).toBe('invalid_api_key');
  });

  it('sees and uses its own models only', async () => {
    const { url, keys } = await startGateway();
    const { secret } = keys.create({ ...FREE, models: ['other'] });
    const answer = await ask(url, secret);
    expect(answer.status).toBe(404);
    expect(await codeOf(answer)).toBe('model_not_found');
    const list = await fetch(`${url}/models`, { headers: { authorization: `Bearer ${secret}` } });
    expect(await list.json()).toMatchObject({ data: [] });
    const allowed = keys.create({ ...FREE, name: 'allowed', models: ['other', HELLO.model] });
    expect((await ask(url, allowed.secret)).status).toBe(200);
  });

  it('spends its rate, is told when to come back, and may then', async () => {
    const { url, keys, clock } = await startGateway();
    const { secret } = keys.create({ ...FREE, rate: { requests: 2, seconds: 60 } });
    const remaining = [];
    for (let n = 0; n < 2; n += 1) {
      const answer = await ask(url, secret);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('x-ratelimit-limit-requests')).toBe('2');
      remaining.push(answer.headers.get('x-ratelimit-remaining-requests'));
    }
    expect(remaining).toEqual(['1', '0']);
    const refused = await ask(url, secret);
    expect(refused.status).toBe(429);
    expect(await codeOf(refused)).toBe('rate_limit_exceeded');
    expect(refused.headers.get('x-ratelimit-reset-requests')).toMatch(/^(1m0s|5\ds)$/);
    const retryMs = Number(refused.headers.get('retry-after-ms'));
    expect(Number(refused.headers.get('retry-after'))).toBe(Math.ceil(retryMs / 1_000));
    clock.advance(retryMs / 1_000 - 1);
    expect((await ask(url, secret)).status).toBe(429);
    clock.advance(1);
    expect((await ask(url, secret)).status).toBe(200);
    // What it has is told without being counted.
    expect((await keyInfo(url, secret))['rate']).toEqual({ requests: 2, seconds: 60 });
  });
});

describe("an API key's limit", () => {
  it('is kept to the nanoton: the maximum must fit before the job, the real cost counts after it', async () => {
    const running = await startGateway();
    const { url, keys } = running;
    const maximum = await maximumOf(running);
    const exact = keys.create({ ...FREE, name: 'exact', limitNano: maximum });
    const short = keys.create({ ...FREE, name: 'short', limitNano: maximum - 1n });
    const refused = await ask(url, short.secret);
    expect(refused.status).toBe(402);
    expect(refused.headers.get('x-should-retry')).toBe('false');
    expect(await codeOf(refused)).toBe('key_limit_reached');
    expect(await keyInfo(url, short.secret)).toMatchObject({
      spent_nano: '0',
      reserved_nano: '0',
      usage: [],
    });

    const paid = await ask(url, exact.secret);
    expect(paid.status).toBe(200);
    const cost = BigInt(paid.headers.get('x-cocoon-cost-nano')!);
    expect(await keyInfo(url, exact.secret)).toMatchObject({
      limit_nano: maximum.toString(),
      spent_nano: cost.toString(),
      reserved_nano: '0',
      left_nano: (maximum - cost).toString(),
      usage: [{ model: HELLO.model, requests: 1, spent_nano: cost.toString() }],
    });
    expect((await ask(url, exact.secret)).status).toBe(402);
  });

  it('lets of many requests at once only as many begin as it could pay for', async () => {
    const running = await startGateway();
    const { url, keys, router } = running;
    const maximum = await maximumOf(running);
    const { secret, key } = keys.create({ ...FREE, limitNano: maximum * 2n + maximum - 1n });
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let begun = 0;
    const both = new Promise<void>((resolve) => {
      router.beforeJob = () => {
        begun += 1;
        if (begun === 2) resolve();
        return held;
      };
    });
    const answers = Array.from({ length: 4 }, () => ask(url, secret));
    await both;
    const refused = await Promise.race(answers);
    expect(refused.status).toBe(402);
    expect(keys.spending(key.id)).toMatchObject({ spentNano: 0n, reservedNano: maximum * 2n });
    release();
    const statuses = (await Promise.all(answers)).map(({ status }) => status).sort();
    expect(statuses).toEqual([200, 200, 402, 402]);
    const { spentNano, reservedNano } = keys.spending(key.id);
    expect({ spentNano, reservedNano }).toEqual({ spentNano: 34n, reservedNano: 0n });
  });

  it('keeps the maximum of an answer that was cut, until its bill is known by another way', async () => {
    const running = await startGateway();
    const { url, keys, router, client } = running;
    const maximum = await maximumOf(running);
    const { secret, key } = keys.create({ ...FREE, limitNano: maximum });
    const stop = new AbortController();
    const reached = new Promise<void>((resolve) => {
      router.beforeJob = () => {
        resolve();
        return new Promise(() => undefined);
      };
    });
    const cut = fetch(`${url}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
      body: JSON.stringify(HELLO),
      signal: stop.signal,
    }).catch(() => null);
    await reached;
    stop.abort();
    await cut;
    await router.upstreamAborted;
    router.beforeJob = null;
    expect(keys.spending(key.id).reservedNano).toBe(maximum);
    expect((await ask(url, secret)).status).toBe(402);

    // The reservation ends when the job can no longer be billed.
    running.clock.advance(40 * 60);
    expect(keys.spending(key.id).reservedNano).toBe(0n);
    expect(client.receipts(10).filter(({ costNano }) => costNano === null)).toHaveLength(1);
  });

  it('gives back what a refused ticket had reserved', async () => {
    const running = await startGateway();
    const { url, keys, router } = running;
    const maximum = await maximumOf(running);
    const { secret, key } = keys.create({ ...FREE, limitNano: maximum });
    router.refusals.push('ticket_expired');
    expect((await ask(url, secret)).status).toBe(400);
    expect(keys.spending(key.id).reservedNano).toBe(0n);
    running.clock.advance(60);
    expect((await ask(url, secret)).status).toBe(200);
  });

  it('books what the client had booked when the gateway died between the two', async () => {
    const { url, keys, client, clock } = await startGateway();
    const { secret, key } = keys.create(FREE);
    const { settle } = keys;
    keys.settle = () => undefined;
    expect((await ask(url, secret)).status).toBe(200);
    keys.settle = settle;
    const { maxFeeNano } = client.receipts(1)[0]!;
    expect(keys.spending(key.id)).toMatchObject({ spentNano: 0n, reservedNano: maxFeeNano });
    clock.advance(60);
    expect(await keyInfo(url, secret)).toMatchObject({ spent_nano: '17', reserved_nano: '0' });
  });
});

describe('callers of one gateway', () => {
  it('never get each other’s idempotent answers, and each pays for his own', async () => {
    const { url, keys, client } = await startGateway();
    const one = keys.create({ ...FREE, name: 'one' });
    const two = keys.create({ ...FREE, name: 'two' });
    const idempotent = { 'idempotency-key': 'the same' };
    const ids = [];
    for (const { secret } of [one, one, two]) {
      ids.push((await ask(url, secret, idempotent)).headers.get('x-cocoon-receipt-id')!);
    }
    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).not.toBe(ids[0]);
    expect(client.receipts(10)).toHaveLength(2);
    expect(keys.owns(one.key.id, ids[0]!)).toBe(true);
    expect(keys.owns(two.key.id, ids[0]!)).toBe(false);
    expect(keys.owns(two.key.id, ids[2]!)).toBe(true);
  });

  it('see of the money what concerns them: all with a plain key, their own part with an issued one', async () => {
    const { url, keys } = await startGateway({ apiKeys: ['plain'] });
    const { secret } = keys.create({ ...FREE, limitNano: 1_000n });
    const status = async (key: string): Promise<Record<string, unknown>> => {
      const answer = await fetch(url.replace(/v1$/, 'status'), {
        headers: { authorization: `Bearer ${key}` },
      });
      return (await answer.json()) as Record<string, unknown>;
    };
    const all = await status('plain');
    expect(all).toMatchObject({
      spendable_nano: '1000000000',
      breakdown: { key_left_nano: null },
      lines: [],
    });
    const own = await status(secret);
    expect(own).toMatchObject({ spendable_nano: '1000', breakdown: { key_left_nano: '1000' } });
    expect(own).not.toHaveProperty('lines');
    expect(own).not.toHaveProperty('escrow');
  });
});

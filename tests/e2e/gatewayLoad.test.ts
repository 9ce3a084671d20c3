import { SANDBOX_DEFAULTS } from '../../src/demo/sandbox/options';
import { startSandbox, type Sandbox } from '../../src/demo/sandbox/sandbox';
import { startHeldEngine, type HeldEngine } from './support/heldEngine';
import { until } from './support/until';

const STREAMS = 256;
const EVENTS = 40;
const START_MS = 180_000;
const { funded, second } = SANDBOX_DEFAULTS.keys;

/** Real router, worker, chain and gateway; an engine of which every moment is the test's. */
describe('a gateway under load', () => {
  let engine: HeldEngine;
  let sandbox: Sandbox;

  beforeAll(async () => {
    engine = await startHeldEngine();
    sandbox = await startSandbox(
      { ...SANDBOX_DEFAULTS, port: 0, engine: engine.url, slots: STREAMS },
      () => undefined,
    );
  }, START_MS);
  afterAll(async () => {
    await sandbox?.close();
    await engine.close();
  });

  const ask = (key: string, signal?: AbortSignal): Promise<Response> =>
    fetch(`${sandbox.url}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        ...{ model: 'numbers', max_tokens: EVENTS, stream: true, stream_options: { include_usage: true } },
        messages: [{ role: 'user', content: 'Count' }],
      }),
      ...(signal ? { signal } : {}),
    });
  const keyInfo = async (key: string) => {
    const answer = await fetch(`${sandbox.url}/cocoon/key`, { headers: { authorization: `Bearer ${key}` } });
    return (await answer.json()) as {
      spent_nano: string;
      reserved_nano: string;
      usage: { requests: number }[];
    };
  };
  const freeSlots = async (): Promise<number> => {
    const book = (await (await fetch(`${sandbox.routerUrl}/v1/book`)).json()) as {
      entries: { freeSlots: number }[];
    };
    return book.entries[0]?.freeSlots ?? 0;
  };

  it('carries 256 streams at once: no event lost, stalled or reordered, each billed once', async () => {
    const answers = Array.from({ length: STREAMS }, () => ask(funded).then((answer) => answer.text()));
    await engine.untilRunning(STREAMS);
    for (let n = 0; n < EVENTS; n += 1) {
      engine.beat(n === EVENTS - 1);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const told = (await Promise.all(answers)).map(readStream);
    const counted = Array.from({ length: EVENTS }, (_, n) => `${n} `).join('');
    expect(told.filter(({ text, done }) => text !== counted || !done)).toEqual([]);
    expect(engine.running()).toBe(0);

    const receipts = new Map(told.map(({ receipt, costNano }) => [receipt, costNano]));
    expect(receipts.size).toBe(STREAMS);
    for (const { id, costNano } of sandbox.client.receipts(STREAMS)) expect(receipts.get(id)).toBe(costNano);
    const sum = [...receipts.values()].reduce((total, cost) => total + cost, 0n);
    expect(await keyInfo(funded)).toMatchObject({
      spent_nano: sum.toString(),
      reserved_nano: '0',
      usage: [{ requests: STREAMS }],
    });
    const money = await sandbox.client.money();
    expect(money.reservedNano).toBe(0n);
    expect(money.lines.reduce((total, { spentNano }) => total + spentNano, 0n)).toBe(sum);
    await until(async () => (await freeSlots()) === STREAMS);
  });

  it('frees engine, slot and reservation of those that hang up, before the first byte and after it', async () => {
    const { client } = sandbox;
    const early = new AbortController();
    const late = new AbortController();
    const cut = (one: AbortController): Promise<unknown> =>
      ask(second, one.signal)
        .then((answer) => answer.text())
        .catch(() => 'cut');
    const gone = Array.from({ length: 8 }, (_, n) => cut(n % 2 === 0 ? early : late));
    await engine.untilRunning(8);
    early.abort();
    await engine.untilRunning(4);
    engine.beat();
    late.abort();
    await engine.untilRunning(0);
    expect(await Promise.all(gone)).toEqual(Array(8).fill('cut'));
    await until(async () => (await freeSlots()) === STREAMS);

    // The next job brings an audit, and that the bills of the cut ones.
    const next = ask(second).then((answer) => answer.text());
    await engine.untilRunning(1);
    engine.beat(true);
    expect(readStream(await next).done).toBe(true);
    await until(async () => (await client.money()).reservedNano === 0n);
    const { spent_nano: spent, reserved_nano: reserved, usage } = await keyInfo(second);
    expect({ reserved, requests: usage[0]?.requests }).toEqual({ reserved: '0', requests: 9 });
    const all = client.receipts(2 * STREAMS).reduce((sum, { costNano }) => sum + (costNano ?? 0n), 0n);
    expect(BigInt(spent)).toBe(all - BigInt((await keyInfo(funded)).spent_nano));
  });

  it('refuses the key without money with 402 and the one with a rate with 429, and says that all is simulated', async () => {
    const { empty, limited } = SANDBOX_DEFAULTS.keys;
    const poor = await ask(empty);
    expect(await poor.json()).toMatchObject({
      error: { code: 'key_limit_reached', type: 'insufficient_quota' },
    });
    expect(poor.status).toBe(402);
    expect(poor.headers.get('x-cocoon-simulated')).toBe('true');
    const one = ask(limited).then((answer) => answer.text());
    await engine.untilRunning(1);
    engine.beat(true);
    expect(readStream(await one).done).toBe(true);
    const fast = await ask(limited);
    expect(fast.status).toBe(429);
    expect(Number(fast.headers.get('retry-after'))).toBeGreaterThan(30);
    expect(engine.running()).toBe(0);
  });
});

function readStream(stream: string): { text: string; done: boolean; receipt: string; costNano: bigint } {
  const events = stream.split('\n\n').filter((event) => event.startsWith('data: '));
  const done = events.at(-1) === 'data: [DONE]';
  const chunks = events.slice(0, done ? -1 : undefined).map(
    (event) =>
      JSON.parse(event.slice(6)) as {
        choices?: { delta: { content?: string } }[];
        cocoon?: { receipt: string; cost_nano: string };
      },
  );
  const { receipt = '', cost_nano: cost = '0' } = chunks.at(-1)?.cocoon ?? {};
  const text = chunks.map(({ choices }) => choices?.[0]?.delta.content ?? '').join('');
  return { text, done, receipt, costNano: BigInt(cost) };
}

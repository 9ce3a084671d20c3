import { jobFee } from '../../src/protocol/price';
import { eventually, startEngine, type EngineProcess } from './engineProcess';
import { openReply, type OpenedReply } from '../unit/worker/support/testClient';
import { openJob } from '../unit/worker/support/testRouter';
import { createWorld, testModel, type World } from '../unit/worker/support/world';

/** The worker beside a real engine in a process of its own; the chain is plain data, the router only relays. */
const PRICES = {
  promptPrice: 1_000_000n,
  cachedPrice: 500_000n,
  completionPrice: 2_000_000n,
  audioPrice: 0n,
};
const MESSAGES = [{ role: 'user', content: 'tell me a story' }];

interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
}

describe('worker beside the development engine', () => {
  let engine: EngineProcess;
  let world: World;
  beforeAll(async () => {
    engine = await startEngine('--slots', '2', '--delay-ms-per-token', '2');
    const model = { ...testModel(), id: 'tiny', engineModel: 'tiny-llama', contextLength: 1_024 };
    world = await createWorld({
      config: { models: [model], engine: { url: engine.url, cacheSalt: true, continuousUsage: true } },
      slots: 2,
    });
  });
  afterAll(async () => {
    await world.end();
    await engine.stop();
  });

  function expectBilled(reply: OpenedReply, usage: Usage): void {
    const { record } = reply.settlement;
    expect(record).toMatchObject({
      promptTokens: usage.prompt_tokens,
      completionTokens: usage.completion_tokens,
      outcome: 1,
    });
    expect(record.fee).toBe(jobFee(PRICES, record));
    expect(record.fee).toBeGreaterThan(0n);
  }

  it('worker bills a JSON answer by the usage that the engine counted', async () => {
    const reply = await world.run({ body: { model: 'tiny', messages: MESSAGES, max_tokens: 24, seed: 1 } });
    const json = JSON.parse(reply.body) as { model: string; usage: Usage };
    expect(json.model).toBe('tiny');
    expect(json.usage.completion_tokens).toBeGreaterThan(1);
    expectBilled(reply, json.usage);
  });

  it('worker bills a stream by its last usage, not by its chunks', async () => {
    const reply = await world.run({ body: { messages: MESSAGES, max_tokens: 24, seed: 1, stream: true } });
    const events = reply.body.split('\n\n').filter((event) => event !== '');
    expect(events.at(-1)).toBe('data: [DONE]');
    const last = JSON.parse(events.at(-2)!.slice('data: '.length)) as { usage: Usage };
    expectBilled(reply, last.usage);
  });

  it('worker bills embeddings by their prompt', async () => {
    const reply = await world.run({ path: '/v1/embeddings', body: { input: 'a text' } });
    const { usage, data } = JSON.parse(reply.body) as { usage: { prompt_tokens: number }; data: unknown[] };
    expect(data).toHaveLength(1);
    expectBilled(reply, { prompt_tokens: usage.prompt_tokens, completion_tokens: 0 });
  });

  it("worker hands the engine's refusal on, free of charge", async () => {
    const reply = await world.run({ body: { messages: 'no list' } });
    expect(reply.status).toBe(400);
    expect(reply.settlement.record).toMatchObject({ fee: 0n, outcome: 1 });
  });

  it('worker never lets a job cost more than its ticket, and stays exact', async () => {
    const reply = await world.run({ maxFee: 40n, body: { messages: MESSAGES, max_tokens: 200 } });
    const { record } = reply.settlement;
    expect(record.fee).toBeLessThanOrEqual(40n);
    expect(record.fee).toBe(jobFee(PRICES, record));
  });

  it('client that hangs up frees the engine, and pays for the tokens that reached it', async () => {
    const job = world.job({
      maxFee: 5_000n,
      body: { messages: MESSAGES, max_tokens: 500, stream: true, ignore_eos: true },
    });
    const session = await world.router.link();
    const open = openJob(session, job.bytes);
    for (let i = 0; i < 4; i++) await open.next();
    open.stream.close();
    await eventually(async () => (await engine.metric('vllm:num_requests_running')) === 0);
    const cut = openReply(job, (await openJob(session, job.bytes).all()).frames).settlement.record;
    expect(cut.outcome).toBe(2);
    expect(cut.completionTokens).toBeGreaterThan(0);
    expect(cut.completionTokens).toBeLessThan(500);
    expect(cut.fee).toBe(jobFee(PRICES, cut));
  });
});

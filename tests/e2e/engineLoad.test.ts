import type OpenAI from 'openai';
import { eventually, startEngine, type EngineProcess } from './engineProcess';

const long = {
  model: 'tiny-llama',
  messages: [{ role: 'user' as const, content: 'go on' }],
  max_tokens: 2000,
  ignore_eos: true,
  stream: true as const,
};
type Stream = AsyncIterable<OpenAI.ChatCompletionChunk> & { controller: AbortController };

async function drain(stream: Stream): Promise<string | null> {
  let finish: string | null = null;
  for await (const chunk of stream) finish = chunk.choices[0]?.finish_reason ?? finish;
  return finish;
}

describe('a busy engine', () => {
  let engine: EngineProcess;
  const start = (body = {}): Promise<Stream> => engine.client.chat.completions.create({ ...long, ...body });
  const metric = (name: string): Promise<number> => engine.metric(`vllm:num_requests_${name}`);

  afterEach(() => engine.stop('SIGKILL'));

  it('lets the fifth request wait and answers the seventh 429, never 500', async () => {
    engine = await startEngine('--slots', '4', '--queue', '2', '--delay-ms-per-token', '5');
    const served = await Promise.all(Array.from({ length: 4 }, () => start()));
    const waiting = [start({ max_tokens: 1 }), start({ max_tokens: 1 })];
    await eventually(async () => (await metric('waiting')) === 2);
    expect(await metric('running')).toBe(4);

    const refused = await start().then(
      () => null,
      (error: InstanceType<typeof OpenAI.RateLimitError>) => error,
    );
    expect(refused).toMatchObject({ status: 429, code: 'rate_limit_exceeded', type: 'rate_limit_error' });
    expect(refused!.headers.get('retry-after')).toBe('1');

    // One client leaves: both of those who wait are served in its place.
    served[0]!.controller.abort();
    for (const stream of waiting) expect(await drain(await stream)).toBe('length');
    for (const stream of served) stream.controller.abort();
    await eventually(async () => (await metric('running')) === 0);
    expect(await drain(await start({ max_tokens: 1 }))).toBe('length');
  });

  it('forgets a client that leaves the queue', async () => {
    engine = await startEngine('--slots', '1', '--queue', '1', '--delay-ms-per-token', '5');
    const served = await start();
    const gone = new AbortController();
    const waiting = engine.client.chat.completions.create(long, { signal: gone.signal });
    await eventually(async () => (await metric('waiting')) === 1);
    gone.abort();
    await expect(waiting).rejects.toThrow('aborted');
    await eventually(async () => (await metric('waiting')) === 0);
    served.controller.abort();
    await eventually(async () => (await metric('running')) === 0);
  });

  it('told to stop, finishes what runs, takes nothing new and exits with 0', async () => {
    engine = await startEngine('--delay-ms-per-token', '10');
    const stream = await start({ max_tokens: 60 });
    const answer = drain(stream);
    await eventually(async () => (await metric('running')) === 1);
    const stopped = engine.stop();
    expect(await answer).toBe('length');
    await expect(start()).rejects.toThrow();
    expect(await stopped).toBe(0);
  });

  it('told to stop, ends an answer that takes too long with an error and exits with 0', async () => {
    engine = await startEngine('--delay-ms-per-token', '100');
    const stream = await start();
    const answer = drain(stream);
    await eventually(async () => (await metric('running')) === 1);
    const stopped = engine.stop();
    await expect(answer).rejects.toMatchObject({ code: 'engine_overloaded' });
    expect(await stopped).toBe(0);
  });
});

import OpenAI from 'openai';
import type { RequestPlaintext } from '../../../src/channel';
import { responseOf } from '../../../src/client/responses';
import { json } from './network/engine';
import { createNetwork, type Network } from './network/setup';
import type { EngineAnswer } from './network/worker';

const USAGE = {
  ...{ prompt_tokens: 10, completion_tokens: 6, total_tokens: 16 },
  prompt_tokens_details: { cached_tokens: 2 },
  completion_tokens_details: { reasoning_tokens: 1 },
};
const USED = { promptTokens: 10, cachedTokens: 2, completionTokens: 6, reasoningTokens: 1 };
const HEAD = { id: 'c1', created: 1_900_000_000, model: 'tiny' };
const LOOK = {
  ...{ type: 'function' as const, name: 'look', description: 'Looks.', strict: true },
  parameters: { type: 'object', properties: { at: { type: 'string' } } },
};

function whole(message: object, finish = 'stop'): EngineAnswer {
  const choices = [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: finish }];
  return json({ ...HEAD, object: 'chat.completion', choices, usage: USAGE }, USED);
}

function streamed(deltas: object[], finish: string | null = 'stop', done = true): EngineAnswer {
  const chunk = (fields: object) =>
    `data: ${JSON.stringify({ ...HEAD, object: 'chat.completion.chunk', ...fields })}\n\n`;
  const pieces = deltas.map((delta) => chunk({ choices: [{ index: 0, delta, finish_reason: null }] }));
  pieces.push(chunk({ choices: [{ index: 0, delta: {}, finish_reason: finish }] }));
  pieces.push(chunk({ choices: [], usage: USAGE }));
  if (done) pieces.push('data: [DONE]\n\n');
  return { status: 200, contentType: 'text/event-stream', pieces, usage: USED };
}

describe('/v1/responses', () => {
  let next: EngineAnswer;
  let network: Network;
  let openai: OpenAI;
  beforeAll(() => {
    network = createNetwork({ engine: () => next, depositNano: 3_000_000_000n });
    ({ openai } = network);
  });
  afterAll(() => network.client.close());

  const asked = (): Record<string, unknown> => {
    const sealed = network.workers[0]!.seen.findLast(({ head }) =>
      head.path.startsWith('/v1/'),
    ) as RequestPlaintext;
    return JSON.parse(sealed.body.toString()) as Record<string, unknown>;
  };
  const paid = (): number => network.client.receipts(1_000).length;

  it('answers a text, with usage under its own names and what it cost', async () => {
    next = whole({ content: 'Hello.' });
    const { data, response } = await openai.responses
      .create({
        model: 'tiny',
        input: 'Hi',
        instructions: 'Be brief.',
        max_output_tokens: 16,
        metadata: { a: 'b' },
      })
      .withResponse();
    expect(data).toMatchObject({
      ...{
        object: 'response',
        status: 'completed',
        output_text: 'Hello.',
        model: 'tiny',
        created_at: 1_900_000_000,
      },
      ...{
        error: null,
        incomplete_details: null,
        store: false,
        instructions: 'Be brief.',
        metadata: { a: 'b' },
      },
    });
    expect(data.output).toEqual([
      {
        ...{ type: 'message', role: 'assistant', status: 'completed', id: expect.any(String) as string },
        content: [{ type: 'output_text', text: 'Hello.', annotations: [], logprobs: [] }],
      },
    ]);
    expect(data.usage).toEqual({
      ...{ input_tokens: 10, output_tokens: 6, total_tokens: 16 },
      input_tokens_details: { cached_tokens: 2 },
      output_tokens_details: { reasoning_tokens: 1 },
    });
    const id = response.headers.get('x-cocoon-receipt-id')!;
    expect(data.id).toBe(`resp_${id}`);
    expect((data as unknown as { cocoon: unknown }).cocoon).toMatchObject({ receipt: id });
    expect(asked()).toEqual({
      model: 'tiny',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hi' },
      ],
      max_completion_tokens: 16,
    });
  });

  it('asks for functions, a schema and effort as a chat does, and gives calls with arguments as strings', async () => {
    const call = { id: 'call_9', type: 'function', function: { name: 'look', arguments: '{"at":"pond"}' } };
    next = whole({ content: null, reasoning_content: 'Hm.', tool_calls: [call] }, 'tool_calls');
    const schema = { type: 'object', properties: {}, additionalProperties: false };
    const answer = await openai.responses.create({
      ...{ model: 'tiny', input: 'Hi', tools: [LOOK], tool_choice: { type: 'function', name: 'look' } },
      ...{
        parallel_tool_calls: false,
        temperature: 0.5,
        top_p: 0.9,
        reasoning: { effort: 'low' },
        store: false,
      },
      text: { format: { type: 'json_schema', name: 'x', schema, strict: true } },
    });
    const { type, ...made } = LOOK;
    expect(asked()).toEqual({
      ...{ model: 'tiny', messages: [{ role: 'user', content: 'Hi' }], parallel_tool_calls: false },
      ...{ tools: [{ type, function: made }], tool_choice: { type, function: { name: 'look' } } },
      ...{ temperature: 0.5, top_p: 0.9, reasoning_effort: 'low' },
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema, strict: true } },
    });
    expect(answer.output).toMatchObject([
      { type: 'reasoning', content: [{ type: 'reasoning_text', text: 'Hm.' }], summary: [] },
      {
        type: 'function_call',
        call_id: 'call_9',
        name: 'look',
        arguments: '{"at":"pond"}',
        status: 'completed',
      },
    ]);
  });

  it('takes a whole conversation back: messages, earlier thoughts, calls and their outputs', async () => {
    next = whole({ content: 'A heron.' });
    await openai.responses.create({
      model: 'tiny',
      input: [
        { role: 'developer', content: 'Be kind.' },
        {
          type: 'message',
          role: 'user',
          content: [
            { type: 'input_text', text: 'What is ' },
            { type: 'input_text', text: 'there?' },
          ],
        },
        { type: 'reasoning', id: 'rs_1', summary: [] },
        { type: 'function_call', call_id: 'c1', name: 'look', arguments: '{}' },
        { type: 'function_call', call_id: 'c2', name: 'look', arguments: '{"at":"sea"}' },
        { type: 'function_call_output', call_id: 'c1', output: 'a heron' },
        { type: 'function_call_output', call_id: 'c2', output: 'nothing' },
        {
          role: 'user',
          content: [{ type: 'input_image', image_url: 'data:image/png;base64,AA==', detail: 'low' }],
        },
      ],
    });
    const call = (id: string, args: string) => ({
      id,
      type: 'function',
      function: { name: 'look', arguments: args },
    });
    expect(asked()['messages']).toEqual([
      { role: 'system', content: 'Be kind.' },
      { role: 'user', content: 'What is there?' },
      { role: 'assistant', content: null, tool_calls: [call('c1', '{}'), call('c2', '{"at":"sea"}')] },
      { role: 'tool', tool_call_id: 'c1', content: 'a heron' },
      { role: 'tool', tool_call_id: 'c2', content: 'nothing' },
      {
        role: 'user',
        content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA==', detail: 'low' } }],
      },
    ]);
  });

  it('says that an answer was cut at its maximum, or was a refusal', async () => {
    next = whole({ content: 'Hel' }, 'length');
    const cut = await openai.responses.create({ model: 'tiny', input: 'Hi' });
    expect(cut).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } });
    expect(cut.output).toMatchObject([{ status: 'incomplete' }]);
    next = whole({ content: null, refusal: 'No.' });
    const refusal = await openai.responses.create({ model: 'tiny', input: 'Hi' });
    expect(refusal.output).toMatchObject([{ content: [{ type: 'refusal', refusal: 'No.' }] }]);
  });

  it("streams OpenAI's own sequence of events, and the last one after the bill", async () => {
    const call = (index: number, fields: object) => ({ tool_calls: [{ index, ...fields }] });
    next = streamed([
      { role: 'assistant', content: '' },
      { reasoning_content: 'Hm' },
      { content: 'Loo' },
      { content: 'king' },
      call(0, { id: 'c1', type: 'function', function: { name: 'look', arguments: '' } }),
      call(0, { function: { arguments: '{"at":' } }),
      call(0, { function: { arguments: '"pond"}' } }),
      call(1, { id: 'c2', type: 'function', function: { name: 'look', arguments: '{}' } }),
    ]);
    const before = paid();
    const events = [];
    for await (const event of await openai.responses.create({ model: 'tiny', input: 'Hi', stream: true })) {
      if (event.type === 'response.completed') expect(paid()).toBe(before + 1);
      events.push(event);
    }
    expect(events.map(({ type }) => type.replace('response.', ''))).toEqual([
      ...['created', 'in_progress', 'output_item.added', 'content_part.added', 'reasoning_text.delta'],
      ...[
        'reasoning_text.done',
        'content_part.done',
        'output_item.done',
        'output_item.added',
        'content_part.added',
      ],
      ...[
        'output_text.delta',
        'output_text.delta',
        'output_text.done',
        'content_part.done',
        'output_item.done',
      ],
      ...['output_item.added', 'function_call_arguments.delta', 'function_call_arguments.delta'],
      ...[
        'function_call_arguments.done',
        'output_item.done',
        'output_item.added',
        'function_call_arguments.delta',
      ],
      ...['function_call_arguments.done', 'output_item.done', 'completed'],
    ]);
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, i) => i));
    const last = events.at(-1) as OpenAI.Responses.ResponseCompletedEvent;
    expect(last.response.output.map(({ type }) => type)).toEqual([
      ...['reasoning', 'message', 'function_call', 'function_call'],
    ]);
    expect(last.response.usage).toMatchObject({ input_tokens: 10, output_tokens: 6 });
    expect(events[2]).toMatchObject({ item: { type: 'reasoning', content: [] }, output_index: 0 });
    expect(events[3]).toMatchObject({ part: { text: '' } });
  });

  it("is put together by the official package's own helper", async () => {
    next = streamed([{ content: 'Hel' }, { content: 'lo.' }]);
    const stream = openai.responses.stream({ model: 'tiny', input: 'Hi' });
    const deltas: string[] = [];
    stream.on('response.output_text.delta', ({ delta, snapshot }) => deltas.push(delta, snapshot));
    const final = await stream.finalResponse();
    expect(deltas).toEqual(['Hel', 'Hel', 'lo.', 'Hello.']);
    expect(final.output_text).toBe('Hello.');
    expect(final.status).toBe('completed');
  });

  it('that breaks off ends in an error that the official package throws, never in completed', async () => {
    next = streamed([{ content: 'Hel' }], null, false);
    const types: string[] = [];
    const reading = async (): Promise<void> => {
      for await (const { type } of await openai.responses.create({
        model: 'tiny',
        input: 'Hi',
        stream: true,
      })) {
        types.push(type);
      }
    };
    await expect(reading()).rejects.toMatchObject({ code: 'worker_failed' });
    expect(types.at(-1)).toBe('response.failed');
    expect(types).not.toContain('response.completed');
    await expect(openai.responses.stream({ model: 'tiny', input: 'Hi' }).finalResponse()).rejects.toThrow();
  });

  it.each<[string, object, string]>([
    ['to be kept', { store: true }, 'store'],
    ['to go on from a kept one', { previous_response_id: 'resp_1' }, 'previous_response_id'],
    ['a conversation', { conversation: 'conv_1' }, 'conversation'],
    ['to come later', { background: true }, 'background'],
    ['a stored prompt', { prompt: { id: 'p' } }, 'prompt'],
    ['to be shortened', { truncation: 'auto' }, 'truncation'],
    ['hidden thoughts', { include: ['reasoning.encrypted_content'] }, 'include.0'],
    ['a summary of thoughts', { reasoning: { summary: 'detailed' } }, 'reasoning.summary'],
    ['a search of the web', { tools: [LOOK, { type: 'web_search' }] }, 'tools.1.type'],
    ['one of some tools', { tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [] } }, 'tool_choice'],
    ['an item by reference', { input: [{ type: 'item_reference', id: 'x' }] }, 'input.0.type'],
    [
      'a file',
      { input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'f' }] }] },
      'input.0.content.0.type',
    ],
    [
      'a picture of another place',
      { input: [{ role: 'user', content: [{ type: 'input_image', file_id: 'f' }] }] },
      'input.0.content.0',
    ],
    ['a field of tomorrow', { tomorrow: 1 }, 'tomorrow'],
  ])('that wants %s is refused by name, and nothing is sent', async (_, fields, param) => {
    const sent = network.router.received.length;
    const asking = openai.responses.create({
      model: 'tiny',
      input: 'Hi',
      ...fields,
    } as OpenAI.Responses.ResponseCreateParamsNonStreaming);
    await expect(asking).rejects.toMatchObject({ status: 400, code: 'unsupported_parameter', param });
    expect(network.router.received).toHaveLength(sent);
  });

  it('that says who speaks wrongly, or has no model, is refused by name', async () => {
    const ask = (fields: object) =>
      openai.responses.create({
        model: 'tiny',
        input: 'Hi',
        ...fields,
      } as OpenAI.Responses.ResponseCreateParamsNonStreaming);
    const invalid = { status: 400, code: 'invalid_request' };
    await expect(ask({ input: [{ role: 'robot', content: 'x' }] })).rejects.toMatchObject({
      ...invalid,
      param: 'input.0.role',
    });
    await expect(ask({ model: '' })).rejects.toMatchObject({ ...invalid, param: 'model' });
    await expect(ask({ input: 7 })).rejects.toMatchObject({ ...invalid, param: 'input' });
    await expect(ask({ model: 'large' })).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
      param: 'model',
    });
  });
});

it('a response whose chat just stops ends in an error, whatever it said before', async () => {
  const chunk = { ...HEAD, choices: [{ index: 0, delta: { content: 'x' }, finish_reason: 'stop' }] };
  const chat = new Response(`data: ${JSON.stringify(chunk)}\n\n`, {
    headers: { 'content-type': 'text/event-stream' },
  });
  const response = await responseOf(chat, { model: 'tiny', input: 'Hi' });
  await expect(response.text()).rejects.toMatchObject({ code: 'stream_truncated' });
});

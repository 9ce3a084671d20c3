import { tool } from '@langchain/core/tools';
import { ChatOpenAI, OpenAIEmbeddings, OpenAI as TextOpenAI } from '@langchain/openai';
import { z } from 'zod';
import { BIRDS, CHAT, HELLO, refused, works, type Cells, type Scene } from './features';
import { useUp } from './key';

const BIRD = z.object({ bird: z.enum(BIRDS) });
const LOOK = tool(async () => 'a heron', {
  ...{ name: 'look', description: 'Looks.', schema: z.object({ at: z.string().max(8) }) },
});
type Fields = NonNullable<ConstructorParameters<typeof ChatOpenAI>[0]>;

const at = ({ url, keys }: Scene, key: keyof Scene['keys'] = 'funded') => ({
  ...{ apiKey: keys[key], maxRetries: 0, configuration: { baseURL: url } },
});

function chat(scene: Scene, fields: Exclude<Fields, string> = {}, key: keyof Scene['keys'] = 'funded') {
  return new ChatOpenAI({ ...at(scene, key), model: CHAT, maxTokens: 8, ...fields });
}

function say(fields: Exclude<Fields, string>): (scene: Scene) => Promise<unknown> {
  return (scene) => chat(scene, fields).invoke(HELLO);
}

function sends(modelKwargs: Record<string, unknown>): (scene: Scene) => Promise<unknown> {
  return say({ modelKwargs });
}

/** LangChain's clients for OpenAI. */
export const LANGCHAIN: Cells = {
  chat: works(async (scene) => {
    const { text, usage_metadata } = await chat(scene).invoke(HELLO);
    expect(text).not.toBe('');
    expect(usage_metadata).toMatchObject({ output_tokens: 8 });
  }),
  slash: works(say({ model: CHAT })),
  stream: works(async (scene) => {
    let text = '';
    for await (const chunk of await chat(scene).stream(HELLO)) text += chunk.text;
    expect(text).toBe((await chat(scene).invoke(HELLO)).text);
  }),
  streamUsage: works(async (scene) => {
    let tokens = 0;
    for await (const { usage_metadata } of await chat(scene).stream(HELLO)) {
      tokens += usage_metadata?.output_tokens ?? 0;
    }
    expect(tokens).toBe(8);
  }),
  tools: works(async (scene) => {
    const model = chat(scene, { maxTokens: 64 }).bindTools([LOOK]);
    const asked = await model.invoke('use look please');
    const result = await LOOK.invoke(asked.tool_calls![0]!);
    const told = await model.invoke([{ role: 'user', content: 'use look please' }, asked, result]);
    expect(told.text).not.toBe('');
  }),
  streamedTools: works(async (scene) => {
    const model = chat(scene, { maxTokens: 64 }).bindTools([LOOK]);
    let pieces = '';
    for await (const { tool_call_chunks } of await model.stream('use look please')) {
      for (const { args } of tool_call_chunks ?? []) pieces += args ?? '';
    }
    expect(JSON.parse(pieces)).toEqual({ at: expect.any(String) as string });
  }),
  schema: works(async (scene) => {
    const model = chat(scene, { maxTokens: 32 });
    for (const method of ['jsonSchema', 'functionCalling'] as const) {
      const { bird } = await model.withStructuredOutput(BIRD, { name: 'bird', method }).invoke(HELLO);
      expect(BIRDS).toContain(bird);
    }
  }),
  choices: works(async (scene) => {
    const { generations } = await chat(scene, { n: 3, temperature: 1 }).generate([
      [{ role: 'user', content: HELLO }],
    ] as never);
    expect(generations[0]).toHaveLength(3);
  }),
  logprobs: works(async (scene) => {
    const { response_metadata } = await chat(scene, { logprobs: true, topLogprobs: 2 }).invoke(HELLO);
    expect((response_metadata['logprobs'] as { content: unknown[] }).content).toHaveLength(8);
  }),
  stop: works(async (scene) => {
    const { text } = await chat(scene).invoke(HELLO);
    const stop = text.split(' ')[2]!;
    expect((await chat(scene, { stop: [stop] }).invoke(HELLO)).text).toBe(text.split(stop)[0]);
  }),
  completions: works(async (scene) => {
    const model = new TextOpenAI({ ...at(scene), model: CHAT, maxTokens: 8 });
    expect(await model.invoke('The')).not.toBe('');
  }),
  embeddings: works(async (scene) => {
    const model = new OpenAIEmbeddings({ ...at(scene), model: CHAT });
    const [one] = await model.embedDocuments(['a heron', 'a tower']);
    expect(one).toHaveLength(64);
    expect(await model.embedQuery('a heron')).toEqual(one);
  }),
  responses: works(async (scene) => {
    const { text } = await chat(scene, { useResponsesApi: true, maxTokens: 16 }).invoke(HELLO);
    expect(text).not.toBe('');
  }),
  rateRetry: works(async (scene) => {
    await useUp(scene);
    const { text } = await chat(scene, { maxRetries: 6 }, 'limited').invoke(HELLO);
    expect(text).not.toBe('');
  }),

  pictures: refused(400, 'unsupported_parameter', 'messages.0.content.0.image_url', (scene) =>
    chat(scene).invoke([
      {
        role: 'user',
        content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }],
      },
    ]),
  ),
  webSearch: refused(
    ...([400, 'unsupported_parameter', 'web_search_options'] as const),
    sends({ web_search_options: {} }),
  ),
  flex: refused(400, 'unsupported_parameter', 'service_tier', say({ service_tier: 'flex' })),
  stored: refused(400, 'unsupported_parameter', 'store', sends({ store: true })),
  badValue: refused(400, 'invalid_request', 'temperature', say({ temperature: 9 })),
  builtInTools: refused(400, 'unsupported_parameter', 'tools.0.type', (scene) =>
    chat(scene)
      .bindTools([{ type: 'web_search' }])
      .invoke(HELLO),
  ),
  unknownModel: refused(404, 'model_not_found', 'model', say({ model: 'none' })),
  wrongKey: refused(401, 'invalid_api_key', null, say({ apiKey: 'stranger' })),
  emptyKey: refused(402, 'key_limit_reached', null, (scene) => chat(scene, {}, 'empty').invoke(HELLO)),
  rate: refused(429, 'rate_limit_exceeded', null, async (scene) => {
    await useUp(scene);
    await chat(scene, {}, 'limited').invoke(HELLO);
  }),
};

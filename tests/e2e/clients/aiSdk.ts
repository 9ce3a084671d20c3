import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import {
  APICallError,
  embed,
  embedMany,
  generateImage,
  generateObject,
  generateText,
  stepCountIs,
  streamText,
  tool,
} from 'ai';
import { z } from 'zod';
import { BIRDS, CHAT, HELLO, refused, works, type Cells, type Scene } from './features';
import { billOf, useUp } from './key';

const BIRD = z.object({ bird: z.enum(BIRDS) });
const ASK = { prompt: HELLO, maxOutputTokens: 8, maxRetries: 0 };

function cocoon({ url, keys }: Scene, key: keyof Scene['keys'] = 'funded') {
  const settings = { includeUsage: true, supportsStructuredOutputs: true };
  return createOpenAICompatible({ name: 'cocoon', baseURL: url, apiKey: keys[key], ...settings });
}

/** Tools that tell what they were called with. */
function useLook(scene: Scene) {
  const seen: string[] = [];
  const execute = async ({ at }: { at: string }): Promise<string> => {
    seen.push(at);
    return 'a heron';
  };
  const look = tool({ inputSchema: z.object({ at: z.string().max(8) }), execute });
  const ask = { ...ASK, model: cocoon(scene)(CHAT), prompt: 'use look please', maxOutputTokens: 64 };
  return { seen, ask: { ...ask, tools: { look }, stopWhen: stepCountIs(2) } };
}

function generate(fields: object, options: object = {}) {
  return (scene: Scene): Promise<unknown> =>
    generateText({
      ...{ ...ASK, model: cocoon(scene)(CHAT), ...fields },
      providerOptions: { cocoon: { ...options } },
    });
}

function withFile(mediaType: string, data: Uint8Array) {
  const content = [{ type: 'file' as const, mediaType, data }];
  return generate({ prompt: [{ role: 'user', content }] });
}

/** Vercel's `ai` over its package for whatever speaks as OpenAI does. */
export const AI_SDK: Cells = {
  chat: works(async (scene) => {
    const { text, usage, finishReason } = await generateText({ ...ASK, model: cocoon(scene)(CHAT) });
    expect(text).not.toBe('');
    expect(usage.outputTokens).toBe(8);
    expect(finishReason).toBe('length');
  }),
  slash: works(generate({})),
  stream: works(async (scene) => {
    const model = cocoon(scene)(CHAT);
    const whole = await generateText({ ...ASK, model });
    let text = '';
    for await (const piece of streamText({ ...ASK, model }).textStream) text += piece;
    expect(text).toBe(whole.text);
  }),
  streamUsage: works(async (scene) => {
    const { usage } = streamText({ ...ASK, model: cocoon(scene)(CHAT) });
    expect((await usage).outputTokens).toBe(8);
  }),
  tools: works(async (scene) => {
    const { seen, ask } = useLook(scene);
    const { text, steps } = await generateText(ask);
    expect(steps).toHaveLength(2);
    expect(seen).toEqual([expect.any(String)]);
    expect(text).not.toBe('');
  }),
  streamedTools: works(async (scene) => {
    const { seen, ask } = useLook(scene);
    expect(await streamText(ask).text).not.toBe('');
    expect(seen).toEqual([expect.any(String)]);
  }),
  schema: works(async (scene) => {
    const ask = { ...ASK, maxOutputTokens: 32, model: cocoon(scene)(CHAT), schema: BIRD };
    expect(BIRDS).toContain((await generateObject(ask)).object.bird);
  }),
  seed: works(async (scene) => {
    const ask = { ...ASK, model: cocoon(scene)(CHAT), temperature: 1, seed: 7 };
    expect((await generateText(ask)).text).toBe((await generateText(ask)).text);
  }),
  stop: works(async (scene) => {
    const model = cocoon(scene)(CHAT);
    const { text } = await generateText({ ...ASK, model });
    const stop = text.split(' ')[2]!;
    expect(await generateText({ ...ASK, model, stopSequences: [stop] })).toMatchObject({
      ...{ text: text.split(stop)[0], finishReason: 'stop' },
    });
  }),
  completions: works(async (scene) => {
    const model = cocoon(scene).completionModel(CHAT);
    expect((await generateText({ ...ASK, model })).text).not.toBe('');
  }),
  embeddings: works(async (scene) => {
    const model = cocoon(scene).embeddingModel(CHAT);
    const one = await embed({ model, value: 'a heron' });
    const { embeddings } = await embedMany({ model, values: ['a heron', 'a tower'] });
    expect(one.embedding).toHaveLength(64);
    expect(embeddings[0]).toEqual(one.embedding);
  }),
  price: works(async (scene) => {
    const before = await billOf(scene);
    const { response } = await generateText({ ...ASK, model: cocoon(scene)(CHAT) });
    const cost = BigInt(response.headers!['x-cocoon-cost-nano']!);
    expect((await billOf(scene)).spent - before.spent).toBe(cost);
  }),
  rateRetry: works(async (scene) => {
    await useUp(scene);
    const ask = { ...ASK, maxRetries: 6, model: cocoon(scene, 'limited')(CHAT) };
    expect((await generateText(ask)).text).not.toBe('');
  }),
  errors: works(async (scene) => {
    const asked = generateText({ ...ASK, model: cocoon(scene)('none') });
    expect(await asked.then(String, APICallError.isInstance)).toBe(true);
  }),

  pictures: refused(
    ...([400, 'unsupported_parameter', 'messages.0.content.0.image_url'] as const),
    withFile('image/png', Buffer.from('iVBORw0KGgo=', 'base64')),
  ),
  soundParts: refused(
    ...([400, 'unsupported_parameter', 'messages.0.content.0.input_audio'] as const),
    withFile('audio/wav', Buffer.alloc(3)),
  ),
  webSearch: refused(
    ...([400, 'unsupported_parameter', 'web_search_options'] as const),
    generate({}, { web_search_options: {} }),
  ),
  stored: refused(400, 'unsupported_parameter', 'store', generate({}, { store: true })),
  badValue: refused(400, 'invalid_request', 'temperature', generate({ temperature: 9 })),
  images: refused(404, 'not_found', null, (scene) =>
    generateImage({ model: cocoon(scene).imageModel(CHAT), prompt: 'a heron', maxRetries: 0 }),
  ),
  unknownModel: refused(404, 'model_not_found', 'model', (scene) =>
    generateText({ ...ASK, model: cocoon(scene)('none') }),
  ),
  wrongKey: refused(401, 'invalid_api_key', null, (scene) =>
    generateText({ ...ASK, model: cocoon({ ...scene, keys: { ...scene.keys, funded: 'no' } })(CHAT) }),
  ),
  emptyKey: refused(402, 'key_limit_reached', null, (scene) =>
    generateText({ ...ASK, model: cocoon(scene, 'empty')(CHAT) }),
  ),
  rate: refused(429, 'rate_limit_exceeded', null, async (scene) => {
    await useUp(scene);
    await generateText({ ...ASK, model: cocoon(scene, 'limited')(CHAT) });
  }),
};

import { listModels, type ModelInfo } from '../../../src/client/models';
import type { Candidate } from '../../../src/client/market';
import { chatSchema, completionSchema, embeddingSchema, parseBody } from '../../../src/engine/http/schemas';
import { passedFields } from '../../../src/worker/engineFields';

type Capability = ModelInfo['capabilities'][number];

/** The fields of a candidate that a list is made of. */
function listed(...capabilities: Capability[]): ModelInfo {
  const ask = { promptPrice: 1_000_000n, cachedPrice: 500_000n, completionPrice: 2_000_000n, notBefore: 7 };
  const model = { id: 'tiny', hash: 'aa', contextLength: 64, maxOutputTokens: 16, capabilities };
  const worker = { id: 'one', imageId: Buffer.alloc(32) };
  return listModels([{ model, worker, ask: { ...ask, audioPrice: 60_000n } } as unknown as Candidate])[0]!;
}

const TEXT = { currency: 'TON', prompt: '0.000000001', input_cache_read: '0.0000000005' };

describe('a listed model', () => {
  it.each<[Capability[], string[], string[], object]>([
    [['chat'], ['text'], ['text'], { ...TEXT, completion: '0.000000002' }],
    [['completions'], ['text'], ['text'], { ...TEXT, completion: '0.000000002' }],
    [['embeddings'], ['text'], ['embeddings'], TEXT],
    [['audio'], ['audio'], ['text'], { currency: 'TON', audio: '0.000001' }],
    [
      ['chat', 'audio'],
      ['text', 'audio'],
      ['text'],
      { ...TEXT, completion: '0.000000002', audio: '0.000001' },
    ],
    [['chat', 'embeddings'], ['text'], ['text', 'embeddings'], { ...TEXT, completion: '0.000000002' }],
  ])('for %j says what goes in and out, and prices what it bills', (capabilities, input, output, pricing) => {
    const info = listed(...capabilities);
    expect(info).toMatchObject({ input_modalities: input, output_modalities: output });
    expect(info.pricing).toEqual(pricing);
  });

  it('lists the parameters of its capabilities, each once', () => {
    expect(listed('embeddings').supported_parameters).toEqual(['encoding_format', 'dimensions']);
    expect(listed('audio').supported_parameters).toEqual([
      'response_format',
      'language',
      'prompt',
      'temperature',
    ]);
    expect(listed('completions').supported_parameters).not.toContain('tools');
    const both = listed('chat', 'completions').supported_parameters;
    expect(both).toEqual(expect.arrayContaining(['tools', 'echo']));
    expect(new Set(both).size).toBe(both.length);
  });

  it.each([
    ['chat', '/v1/chat/completions', chatSchema, { messages: [{ role: 'user', content: 'a' }] }],
    ['completions', '/v1/completions', completionSchema, { prompt: 'a' }],
    ['embeddings', '/v1/embeddings', embeddingSchema, { input: 'a' }],
  ] as const)(
    'for %s lists nothing that a worker or its engine refuses',
    (capability, path, schema, base) => {
      for (const name of listed(capability).supported_parameters) {
        // Another word for a response format with a schema, and no field.
        if (name === 'structured_outputs') continue;
        const value = name === 'logprobs' && capability === 'chat' ? true : VALUES[name];
        const body = { model: 'tiny', ...base, [name]: value };
        expect(value).toBeDefined();
        expect(passedFields(path, body)).toHaveProperty(name);
        expect(() => parseBody<unknown>(schema, body)).not.toThrow();
      }
    },
  );
});

const VALUES: Record<string, unknown> = {
  ...{ max_tokens: 1, temperature: 1, top_p: 1, top_k: 1, min_p: 0, stop: 'x', seed: 1, n: 1, logprobs: 1 },
  ...{ logit_bias: {}, frequency_penalty: 0, presence_penalty: 0, stream: true, max_completion_tokens: 1 },
  ...{ top_logprobs: 1, tools: [], tool_choice: 'auto', parallel_tool_calls: true, echo: true },
  ...{ response_format: { type: 'json_object' }, encoding_format: 'float', dimensions: 8 },
};

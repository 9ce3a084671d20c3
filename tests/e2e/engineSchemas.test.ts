import fc from 'fast-check';
import { z } from 'zod';
import { startEngine, type EngineProcess } from './engineProcess';

/** Schemas of everything that the engine can write; zod's own reader of JSON schema judges what comes back. */
const scalar = fc.oneof(
  fc.record({ type: fc.constant('string'), minLength: fc.nat(6) }),
  fc
    .tuple(fc.nat(5), fc.nat(5))
    .map(([min, more]) => ({ type: 'string', minLength: min, maxLength: min + more })),
  fc
    .constantFrom('date', 'time', 'date-time', 'duration', 'email', 'uri', 'ipv4', 'ipv6', 'uuid')
    .map((format) => ({
      type: 'string',
      format,
    })),
  fc
    .tuple(fc.constantFrom('integer', 'number'), fc.integer({ min: -500, max: 500 }), fc.nat(300))
    .map(([type, minimum, more]) => ({ type, minimum, maximum: minimum + more })),
  fc.constantFrom({ type: 'number' }, { type: 'integer' }, { type: 'boolean' }, { type: 'null' }),
  fc.record({ type: fc.constant('integer'), multipleOf: fc.integer({ min: 1, max: 9 }) }),
  fc
    .uniqueArray(fc.string({ maxLength: 6 }), { minLength: 1, maxLength: 4 })
    .map((values) => ({ enum: values })),
  fc.string({ maxLength: 6, unit: 'grapheme' }).map((value) => ({ const: value })),
);
const { schema } = fc.letrec<{ schema: object; list: object; record: object }>((tie) => ({
  schema: fc.oneof({ maxDepth: 3, withCrossShrink: true }, scalar, tie('list'), tie('record')),
  list: fc
    .tuple(tie('schema'), fc.nat(2), fc.nat(3))
    .map(([items, minItems, more]) => ({ type: 'array', items, minItems, maxItems: minItems + more })),
  record: fc
    .dictionary(fc.string({ minLength: 1, maxLength: 5 }), tie('schema'), { maxKeys: 3 })
    .filter((properties) => !('__proto__' in properties))
    .map((properties) => ({
      type: 'object',
      properties,
      required: Object.keys(properties),
      additionalProperties: false,
    })),
}));

describe('a client that gives the development engine a schema', () => {
  let engine: EngineProcess;
  beforeAll(async () => void (engine = await startEngine()));
  afterAll(() => engine.stop());

  it('gets an answer that satisfies it, whatever it says', async () => {
    await fc.assert(
      fc.asyncProperty(schema, fc.nat(), async (schema, seed) => {
        const { choices } = await engine.client.chat.completions.create({
          model: 'tiny-llama',
          seed: seed % 1_000_000,
          messages: [{ role: 'user', content: 'fill it in' }],
          response_format: {
            type: 'json_schema',
            json_schema: { name: 'any', schema: { ...schema }, strict: true },
          },
        });
        expect(choices[0]!.finish_reason).toBe('stop');
        z.fromJSONSchema(schema as z.core.JSONSchema.JSONSchema).parse(
          JSON.parse(choices[0]!.message.content!),
        );
      }),
      { seed: 20_261_125, numRuns: 40 },
    );
  });
});

import { ApiError } from '../../../../src/engine/apiError';
import { createRules, literal } from '../../../../src/engine/json/rules';
import { schemaGrammar } from '../../../../src/engine/json/schemaGrammar';

const write = (schema: unknown): string => {
  const rules = createRules('s');
  return rules.text(schemaGrammar(schema, 's', rules));
};
const refusal = (schema: unknown): string | null => {
  try {
    write(schema);
    return null;
  } catch (error) {
    expect(error).toMatchObject({ status: 400 });
    return (error as ApiError).param;
  }
};
const property = (schema: object): object => ({ type: 'object', properties: { a: schema } });
const node = { type: 'object', properties: { next: { $ref: '#/$defs/node' } } };

describe('the grammar of a schema', () => {
  it.each<[string, unknown]>([
    ['s.pattern', { type: 'string', pattern: 'x' }],
    ['s.properties.a.format', property({ type: 'string', format: 'phone' })],
    ['s.properties.a.minLength', property({ type: 'string', minLength: 2_001 })],
    ['s.maxLength', { type: 'string', minLength: 3, maxLength: 2 }],
    ['s.minimum', { type: 'number', minimum: '1' }],
    ['s', { type: 'integer', minimum: 1.2, maximum: 1.8 }],
    ['s', { type: 'number', exclusiveMinimum: 1, exclusiveMaximum: 1 }],
    ['s', { type: 'integer', multipleOf: 0 }],
    ['s.patternProperties', { type: 'object', patternProperties: {} }],
    ['s.minProperties', { type: 'object', minProperties: 1 }],
    ['s.maxProperties', { ...property({}), maxProperties: 0 }],
    ['s.required', { type: 'object', required: ['b'] }],
    ['s.contains', { type: 'array', contains: {} }],
    ['s', { type: 'array', uniqueItems: true, minItems: 2 }],
    ['s.allOf', { allOf: [{}, {}] }],
    ['s.not', { not: {} }],
    ['s.if', { type: 'string', if: {} }],
    ['s.oneOf.1', { oneOf: [{ type: 'string' }, { type: 'string' }] }],
    ['s.oneOf.1', { oneOf: [{ type: 'integer' }, { type: 'number' }] }],
    ['s.enum', { enum: [] }],
    ['s.type', { type: 'date' }],
    ['s.type', { minLength: 1 }],
    ['s.$ref', { $ref: 'https://example.org/schema' }],
    ['s.$ref', { $ref: '#/$defs/absent' }],
    ['s.$defs.node.properties.next.$ref', { $ref: '#/$defs/node', $defs: { node } }],
    ['s.items', { type: 'array', items: 'string' }],
    ['s', []],
    ['s', false],
  ])('refuses at %s what it cannot write: %j', (param, schema) => {
    expect(refusal(schema)).toBe(param);
  });

  it.each<unknown>([
    { type: 'string', minLength: 2_000 },
    { type: 'array', uniqueItems: true, minItems: 1 },
    { oneOf: [{ type: 'string' }, { type: 'number' }, { type: 'null' }] },
    { oneOf: [property({ const: 1 }), property({ const: 2 })] },
    { allOf: [{ type: 'string' }] },
    { type: 'object', title: 't', description: 'd', default: {}, $comment: 'c' },
    { $ref: '#/definitions/a~1b', definitions: { 'a/b': { type: 'null' } } },
    true,
  ])('writes %j', (schema) => {
    expect(refusal(schema)).toBeNull();
  });

  it('has a limit, however small the request', () => {
    const list = (items: object): object => ({ type: 'array', items });
    let schema: object = { type: 'null' };
    for (let depth = 0; depth < 24; depth++) schema = list(schema);
    expect(refusal(schema)).toBeNull();
    expect(refusal(list(schema))).toMatch(/^s(\.items){25}$/);
    // Twice the one before, ten times over.
    const defs: Record<string, object> = { d0: { type: 'object' } };
    for (let n = 1; n <= 10; n++) {
      const ref = { $ref: `#/$defs/d${n - 1}` };
      defs[`d${n}`] = { type: 'object', properties: { a: ref, b: ref } };
    }
    expect(refusal({ $ref: '#/$defs/d10', $defs: defs })).toBe('s');
    expect(refusal({ $ref: '#/$defs/d7', $defs: defs })).toBeNull();
    const long = { type: 'string', minLength: 2_000 };
    const properties = { a: long, b: long, c: long, d: long };
    expect(refusal({ type: 'object', properties })).toBe('s');
  });

  it('writes numbers only within their bounds, zero first where it may', () => {
    const numbers = (schema: object): number[] =>
      [...write(schema).matchAll(/"(-?[\d.]+)"/g)].map(([, number]) => Number(number));
    expect(numbers({ type: 'integer', minimum: 3, maximum: 5 })).toEqual([3, 4, 5]);
    expect(numbers({ type: 'integer', exclusiveMinimum: 3, exclusiveMaximum: 5 })).toEqual([4]);
    expect(numbers({ type: 'integer', maximum: -7 }).every((value) => value <= -7)).toBe(true);
    expect(numbers({ type: 'integer', minimum: -9_007_199_254_740_991 })[0]).toBe(0);
    expect(numbers({ type: 'number', minimum: 0, maximum: 0.3, multipleOf: 0.1 })).toEqual([
      0, 0.1, 0.2, 0.3,
    ]);
    expect(numbers({ type: 'number', minimum: 0.25, maximum: 0.75 })).toEqual([0.5]);
    expect(numbers({ type: 'integer', minimum: 1, multipleOf: 7 })[0]).toBe(7);
  });

  it('quotes whatever a name holds', () => {
    expect(literal('a"b\\c\né')).toBe('"a\\"b\\\\c\\U0000000a\\U000000e9"');
  });
});

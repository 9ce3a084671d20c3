import { createRules, literal, oneOf, unsupportedSchema, type Rules } from './rules';
import { length, numberGrammar, stringGrammar, type Schema } from './scalars';

/** A list has at most this many items more than it must have. */
const ITEMS_SPARE = 2;
const DEPTH_MAX = 24;
/** Keywords that say nothing about the value. */
const ANNOTATIONS = new Set(
  '$schema $id $comment $defs definitions title description default examples deprecated readOnly writeOnly'.split(
    ' ',
  ),
);
/** Everything else that a schema of each type may have here. */
const KEYWORDS: Readonly<Record<string, readonly string[]>> = {
  object: ['properties', 'required', 'additionalProperties', 'minProperties', 'maxProperties'],
  array: ['items', 'prefixItems', 'minItems', 'maxItems', 'uniqueItems'],
  string: ['minLength', 'maxLength', 'format'],
  number: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  integer: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  boolean: [],
  null: [],
};

interface Compiler {
  rules: Rules;
  root: Schema;
  rootParam: string;
  /** References that are being followed: meeting one of them again is a recursion. */
  following: readonly string[];
  depth: number;
}

/**
 * An expression, and the rules it needs in `rules`, that write JSON which satisfies the schema. It writes a part of what the
 * schema allows: all properties in their order, short strings and lists, no spaces. So it always comes to an end.
 *
 * Supported are `type` (also a list), `properties`, `required`, `additionalProperties`, `items`, `prefixItems`,
 * `enum`, `const`, `anyOf`, `oneOf` whose branches exclude each other, `allOf` of one, `$ref` without recursion, bounds of
 * lengths, counts and numbers, `multipleOf`, `uniqueItems` and the formats in `scalars.ts`. Anything else throws ApiError
 * 400 with the keyword's place below `param`.
 */
export function schemaGrammar(schema: unknown, param: string, rules: Rules): string {
  const root = asSchema(schema, param);
  return write(root, param, { rules, root, rootParam: param, following: [], depth: 0 });
}

/** The grammar of any JSON object. */
export function anyObjectGrammar(): string {
  const rules = createRules('response_format');
  const key = rules.add('"\\"" [a-z]{1,10} "\\""');
  const leaf = rules.add(
    oneOf([stringGrammar({}, '', rules), numberGrammar({}, false, ''), '"true"', '"null"']),
  );
  const list = rules.add(`"[" ${leaf} ("," ${leaf}){0,2} "]"`);
  const inner = rules.add(`"{" ${key} ":" ${leaf} "}"`);
  const member = rules.add(`${key} ":" (${leaf} | ${list} | ${inner})`);
  return rules.text(`"{" ${member} ("," ${member}){0,2} "}"`);
}

function write(value: unknown, param: string, compiler: Compiler): string {
  const schema = asSchema(value, param);
  if (compiler.depth > DEPTH_MAX) throw unsupportedSchema(param, 'this schema is nested too deeply.');
  const inner = { ...compiler, depth: compiler.depth + 1 };
  const given = Object.keys(schema).filter((keyword) => !ANNOTATIONS.has(keyword));
  const only = (...allowed: string[]): void => {
    const other = given.find((keyword) => !allowed.includes(keyword));
    if (other) throw unsupportedSchema(`${param}.${other}`, 'this keyword is not supported here.');
  };
  if (given.length === 0) return `(${stringGrammar({}, param, inner.rules)} | "true" | "null")`;
  if ('$ref' in schema) {
    only('$ref');
    return follow(schema.$ref, param, inner);
  }
  if ('const' in schema || 'enum' in schema) {
    only('const', 'enum', 'type');
    return enumeration(schema, param);
  }
  for (const keyword of ['anyOf', 'oneOf', 'allOf'] as const) {
    if (!(keyword in schema)) continue;
    only(keyword);
    return branches(keyword, schema[keyword], `${param}.${keyword}`, inner);
  }
  only('type', ...Object.values(KEYWORDS).flat());
  const types = typesOf(schema, param);
  only('type', ...types.flatMap((type) => KEYWORDS[type]!));
  return inner.rules.add(oneOf(types.map((type) => writeType(type, schema, param, inner))));
}

function writeType(type: string, schema: Schema, param: string, compiler: Compiler): string {
  switch (type) {
    case 'object':
      return objectGrammar(schema, param, compiler);
    case 'array':
      return arrayGrammar(schema, param, compiler);
    case 'string':
      return stringGrammar(schema, param, compiler.rules);
    case 'boolean':
      return '("true" | "false")';
    case 'null':
      return '"null"';
    default:
      return numberGrammar(schema, type === 'integer', param);
  }
}

function typesOf(schema: Schema, param: string): string[] {
  const implied = 'properties' in schema ? 'object' : 'items' in schema ? 'array' : undefined;
  const types = [schema.type ?? implied].flat();
  const unknown = types.find((type) => typeof type !== 'string' || !Object.hasOwn(KEYWORDS, type));
  if (types.length > 0 && unknown === undefined && types[0] !== undefined) return types as string[];
  throw unsupportedSchema(`${param}.type`, 'the schema must say its type.');
}

function objectGrammar(schema: Schema, param: string, compiler: Compiler): string {
  const properties = asSchema(schema.properties ?? {}, `${param}.properties`);
  const names = Object.keys(properties);
  const required = Array.isArray(schema.required) ? (schema.required as unknown[]) : [];
  const missing = required.find((name) => !names.includes(name as string));
  if (missing !== undefined) {
    throw unsupportedSchema(`${param}.required`, `${JSON.stringify(missing)} is not among the properties.`);
  }
  if (length(schema, 'minProperties', 0, param) > names.length) {
    throw unsupportedSchema(`${param}.minProperties`, 'only named properties are written here.');
  }
  if (length(schema, 'maxProperties', names.length, param) < names.length) {
    throw unsupportedSchema(`${param}.maxProperties`, 'all named properties are written here.');
  }
  const members = names.map((name) => {
    const value = write(properties[name], `${param}.properties.${name}`, compiler);
    return `${literal(`${JSON.stringify(name)}:`)} ${value}`;
  });
  return ['"{"', members.join(' "," '), '"}"'].filter((part) => part !== '').join(' ');
}

function arrayGrammar(schema: Schema, param: string, compiler: Compiler): string {
  const prefix = Array.isArray(schema.prefixItems) ? (schema.prefixItems as unknown[]) : [];
  const first = prefix.map((item, index) => write(item, `${param}.prefixItems.${index}`, compiler));
  const least = length(schema, 'minItems', 0, param);
  // One item at most is different from all others, whatever it is.
  const unique = schema.uniqueItems === true ? 1 : Infinity;
  const most = Math.min(
    length(schema, 'maxItems', Infinity, param),
    Math.max(least, first.length) + ITEMS_SPARE,
    unique,
    schema.items === false ? first.length : Infinity,
  );
  if (most < least || most < first.length)
    throw unsupportedSchema(param, 'no list of that length is written here.');
  const begin = first.join(' "," ');
  const more = most - first.length;
  if (more === 0) return `"[" ${begin} "]"`;
  const item = write(schema.items ?? {}, `${param}.items`, compiler);
  const [min, max] = [Math.max(0, least - first.length), more];
  if (first.length > 0) return `"[" ${begin} ${compiler.rules.repeat(`"," ${item}`, min, max)} "]"`;
  const items = `${item} ${compiler.rules.repeat(`"," ${item}`, Math.max(0, min - 1), max - 1)}`;
  return min === 0 ? `"[" (${items})? "]"` : `"[" ${items} "]"`;
}

function enumeration(schema: Schema, param: string): string {
  const values = 'const' in schema ? [schema.const] : schema.enum;
  if (!Array.isArray(values) || values.length === 0)
    throw unsupportedSchema(`${param}.enum`, 'values are needed.');
  return oneOf(values.map((value) => literal(JSON.stringify(value))));
}

function branches(
  keyword: 'anyOf' | 'oneOf' | 'allOf',
  value: unknown,
  param: string,
  compiler: Compiler,
): string {
  if (!Array.isArray(value) || value.length === 0)
    throw unsupportedSchema(param, 'a list of schemas is needed.');
  if (keyword === 'allOf' && value.length > 1)
    throw unsupportedSchema(param, 'only one schema is supported here.');
  if (keyword === 'oneOf') requireDisjoint(value, param);
  return compiler.rules.add(
    oneOf(value.map((branch, index) => write(branch, `${param}.${index}`, compiler))),
  );
}

/** What satisfies one branch must satisfy no other: they differ in their type or in a constant property. */
function requireDisjoint(schemas: readonly unknown[], param: string): void {
  schemas.forEach((one, index) => {
    for (const other of schemas.slice(0, index)) {
      if (!disjoint(asSchema(one, param), asSchema(other, param))) {
        throw unsupportedSchema(
          `${param}.${index}`,
          'this branch does not exclude the others by type or constant.',
        );
      }
    }
  });
}

function disjoint(one: Schema, other: Schema): boolean {
  if ('const' in one && 'const' in other) return one.const !== other.const;
  const [type, otherType] = [one.type, other.type];
  if (type !== otherType && typeof type === 'string' && typeof otherType === 'string') {
    return !['integer', 'number'].includes(type) || !['integer', 'number'].includes(otherType);
  }
  const [properties, others] = [one.properties ?? {}, other.properties ?? {}] as [Schema, Schema];
  return Object.keys(properties).some((name) => {
    const [mine, theirs] = [properties[name], others[name]] as (Schema | undefined)[];
    return mine?.const !== undefined && theirs?.const !== undefined && mine.const !== theirs.const;
  });
}

function follow(reference: unknown, param: string, compiler: Compiler): string {
  const path = /^#\/(\$defs|definitions)\/([^/]+)$/.exec(String(reference));
  if (!path) throw unsupportedSchema(`${param}.$ref`, 'only references to #/$defs are supported here.');
  const key = path[0];
  if (compiler.following.includes(key))
    throw unsupportedSchema(`${param}.$ref`, 'recursion is not supported here.');
  const definitions = asSchema(compiler.root[path[1]!] ?? {}, `${compiler.rootParam}.${path[1]}`);
  const name = path[2]!.replaceAll('~1', '/').replaceAll('~0', '~');
  if (!Object.hasOwn(definitions, name)) throw unsupportedSchema(`${param}.$ref`, `there is no ${key}.`);
  return write(definitions[name], `${compiler.rootParam}.${path[1]}.${name}`, {
    ...compiler,
    following: [...compiler.following, key],
  });
}

function asSchema(value: unknown, param: string): Schema {
  if (value === true) return {};
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Schema;
  throw unsupportedSchema(param, 'a schema is an object.');
}

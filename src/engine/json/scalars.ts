import { literal, oneOf, unsupportedSchema, type Rules } from './rules';

export type Schema = Readonly<Record<string, unknown>>;

/** A free string has at most this many characters more than it must have. */
const STRING_SPARE_CHARS = 28;
/** Of the numbers within bounds, so many around zero can be written. */
const NUMBERS_MAX = 50;
const LENGTH_MAX = 2_000;

/** Everything that needs no escape in JSON. */
const CHARACTER = '[^"\\\\\\x00-\\x1f\\x7f]';
const HEX = '[0-9a-f]';
const DATE = '"20" [0-9] [0-9] "-" ("0" [1-9] | "1" [0-2]) "-" ("0" [1-9] | "1" [0-9] | "2" [0-8])';
const TIME = '("0" [0-9] | "1" [0-9] | "2" [0-3]) ":" [0-5] [0-9] ":" [0-5] [0-9] "Z"';
const NAME = '[a-z] [a-z0-9]{1,9}';

/** The formats of strings that can be written, each a part of what the format allows. */
const FORMATS: Readonly<Record<string, string>> = {
  date: DATE,
  time: TIME,
  'date-time': `${DATE} "T" ${TIME}`,
  duration: '"PT" [1-9] [0-9]{0,1} "M"',
  email: `${NAME} "@" ${NAME} ".org"`,
  hostname: `${NAME} ".org"`,
  uri: `"https://" ${NAME} ".org/" ${NAME}`,
  ipv4: '"10." [1-9] "." [1-9] [0-9] "." [1-9]',
  ipv6: `"2001:db8::" [1-9a-f] ${HEX}{2,2}`,
  uuid: `${HEX}{8,8} "-" ${HEX}{4,4} "-4" ${HEX}{3,3} "-a" ${HEX}{3,3} "-" ${HEX}{12,12}`,
};

/** A string of the schema's length or format. */
export function stringGrammar(schema: Schema, param: string, rules: Rules): string {
  if (schema.format !== undefined) {
    const format = JSON.stringify(schema.format).slice(1, -1);
    if (!Object.hasOwn(FORMATS, format))
      throw unsupportedSchema(`${param}.format`, `${format} is not known here.`);
    if (schema.minLength !== undefined || schema.maxLength !== undefined) {
      throw unsupportedSchema(`${param}.format`, 'a format cannot be combined with a length here.');
    }
    return `"\\"" ${FORMATS[format]} "\\""`;
  }
  const min = length(schema, 'minLength', 0, param);
  const max = Math.min(
    length(schema, 'maxLength', min + STRING_SPARE_CHARS, param),
    min + STRING_SPARE_CHARS,
  );
  if (max < min) throw unsupportedSchema(`${param}.maxLength`, 'no string is that short.');
  return `"\\"" ${rules.repeat(CHARACTER, min, max)} "\\""`;
}

/** A length or count of the schema, or `otherwise`. */
export function length(schema: Schema, keyword: string, otherwise: number, param: string): number {
  const value = schema[keyword];
  if (value === undefined) return otherwise;
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw unsupportedSchema(`${param}.${keyword}`, 'a whole number is needed.');
  }
  if (keyword.startsWith('min') && (value as number) > LENGTH_MAX) {
    throw unsupportedSchema(`${param}.${keyword}`, `at most ${LENGTH_MAX} can be asked for here.`);
  }
  return value as number;
}

const NUMBER_KEYWORDS = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'] as const;

/** A number: any short one, or with bounds one of those around zero that they allow. */
export function numberGrammar(schema: Schema, integer: boolean, param: string): string {
  const bounds: Partial<Record<(typeof NUMBER_KEYWORDS)[number], number>> = {};
  for (const keyword of NUMBER_KEYWORDS) {
    const value = schema[keyword];
    if (value === undefined) continue;
    if (typeof value !== 'number') throw unsupportedSchema(`${param}.${keyword}`, 'a number is needed.');
    bounds[keyword] = value;
  }
  const whole = '("0" | "-"? [1-9] [0-9]{0,3})';
  if (Object.keys(bounds).length === 0) return integer ? whole : `${whole} ("." [0-9]{0,1} [1-9])?`;
  const values = numbersWithin(bounds, integer);
  if (values.length === 0)
    throw unsupportedSchema(param, 'no number that can be written here has these bounds.');
  return oneOf(values.map(literal));
}

function numbersWithin(
  bounds: Partial<Record<(typeof NUMBER_KEYWORDS)[number], number>>,
  integer: boolean,
): string[] {
  const { minimum = -Infinity, maximum = Infinity, exclusiveMinimum, exclusiveMaximum } = bounds;
  const above = exclusiveMinimum ?? -Infinity;
  const below = exclusiveMaximum ?? Infinity;
  const step = bounds.multipleOf ?? 1;
  if (step <= 0 || (integer && !Number.isInteger(step))) return [];
  const decimals = (String(step).split('.')[1] ?? '').length;
  const allowed = (value: number): boolean =>
    value >= minimum && value <= maximum && value > above && value < below;
  const first = Math.ceil(Math.max(minimum, above) / step);
  const last = Math.floor(Math.min(maximum, below) / step);
  // As near to zero as the bounds let it be, and then upwards; downwards where there is no room.
  const from = Math.max(first, Math.min(0, last - NUMBERS_MAX));
  const values = Array.from({ length: NUMBERS_MAX }, (_, n) => Number(((from + n) * step).toFixed(decimals)));
  const fitting = values.filter(allowed).map((value) => JSON.stringify(value));
  if (fitting.length > 0 || integer || bounds.multipleOf !== undefined) return fitting;
  const between = (Math.max(minimum, above) + Math.min(maximum, below)) / 2;
  return allowed(between) ? [JSON.stringify(between)] : [];
}

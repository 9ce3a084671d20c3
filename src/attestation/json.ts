import { fromHex } from './bytes';
import { AttestationError, type AttestationErrorCode } from './errors';
import { isoTime } from './time';

/** Reads a JSON object field by field; each method throws an error that names the field. */
export interface JsonFields {
  text(key: string, maxLength: number): string;
  integer(key: string, max: number): number;
  /** Hex of exactly `length` bytes, in either case. */
  hex(key: string, length: number): Uint8Array;
  /** Unix seconds. */
  date(key: string): number;
  oneOf<T extends string>(key: string, words: readonly T[]): T;
  object(key: string): JsonFields;
  list(key: string, max: number): unknown[];
  flag(key: string): boolean;
  has(key: string): boolean;
  /** Whether the field is there and holds just this. */
  is(key: string, value: string | null): boolean;
}

/**
 * Parses a text that must be written exactly as JSON.stringify writes it: then no key stands twice, no number hides a
 * fraction, and every reader of the signed text sees the same. Throws `code`.
 */
export function parseCanonical(
  text: string,
  maxLength: number,
  code: AttestationErrorCode,
  what: string,
): JsonFields {
  if (text.length > maxLength) {
    throw new AttestationError(code, `${what} is longer than ${maxLength} characters`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new AttestationError(code, `${what} is no JSON`, { cause: error });
  }
  if (JSON.stringify(value) !== text) {
    throw new AttestationError(
      code,
      `${what} is JSON in another form than its shortest, or says a thing twice`,
    );
  }
  return jsonFields(value, code, what);
}

export function jsonFields(value: unknown, code: AttestationErrorCode, what: string): JsonFields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new AttestationError(code, `${what} is no object`);
  }
  const fail = (key: string, reason: string): never => {
    throw new AttestationError(code, `${what}: ${key} ${reason}`);
  };
  const has = (key: string): boolean => Object.hasOwn(value, key);
  const get = (key: string): unknown =>
    has(key) ? (value as Record<string, unknown>)[key] : fail(key, 'is missing');
  const text = (key: string, maxLength: number): string => {
    const found = get(key);
    if (typeof found !== 'string') return fail(key, 'is no text');
    return found.length <= maxLength ? found : fail(key, `is longer than ${maxLength} characters`);
  };
  return {
    text,
    has,
    integer(key, max) {
      const found = get(key);
      const valid = typeof found === 'number' && Number.isInteger(found) && found >= 0 && found <= max;
      return valid ? found : fail(key, `is no whole number up to ${max}`);
    },
    hex(key, length) {
      const digits = text(key, 2 * length);
      const valid = digits.length === 2 * length && /^[0-9a-fA-F]*$/.test(digits);
      return valid ? fromHex(digits) : fail(key, `is not ${length} bytes in hex`);
    },
    date: (key) => isoTime(text(key, 20)) ?? fail(key, 'is no date like 2025-06-19T10:16:03Z'),
    oneOf(key, words) {
      const found = text(key, 64);
      return words.find((word) => word === found) ?? fail(key, `says "${found}", which is no known word`);
    },
    flag(key) {
      const found = get(key);
      return typeof found === 'boolean' ? found : fail(key, 'is neither true nor false');
    },
    is: (key, expected) => has(key) && get(key) === expected,
    object: (key) => jsonFields(get(key), code, `${what}.${key}`),
    list(key, max) {
      const found = get(key);
      if (!Array.isArray(found)) return fail(key, 'is no list');
      return found.length <= max ? (found as unknown[]) : fail(key, `has more than ${max} entries`);
    },
  };
}

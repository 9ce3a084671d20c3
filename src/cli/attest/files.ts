import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { CocoonError } from '../../protocol/errors';
import { ATTEST_LIMITS } from './limits';

const STANDARD_INPUT = '-';
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * A quote from a file, or from standard input where the name is `-`. Raw bytes, hex (with or without 0x), base64 and an
 * object with `quote` are told apart by what is in the file. Throws CocoonError `invalid_request`.
 */
export function readQuoteFile(path: string): Uint8Array {
  const bytes = readBounded(path, ATTEST_LIMITS.quoteFileBytes);
  return decodeQuote(bytes, path);
}

/** The same for bytes at hand; `name` is for the error. */
export function decodeQuote(bytes: Uint8Array, name: string): Uint8Array {
  if (isRaw(bytes)) return bytes;
  const text = quoteText(Buffer.from(bytes).toString('latin1')).replace(/\s/g, '').replace(/^0x/i, '');
  if (/^[0-9a-fA-F]+$/.test(text) && text.length % 2 === 0) return Buffer.from(text, 'hex');
  if (BASE64.test(text)) return Buffer.from(text, 'base64');
  // Neither text form: raw bytes with a strange beginning, about which the parser has the better words.
  if (bytes.length > 0) return bytes;
  throw new CocoonError('invalid_request', `${name} is empty.`);
}

/** Guest agents hand out an object with the quote in it. */
function quoteText(text: string): string {
  if (!text.trimStart().startsWith('{')) return text;
  try {
    const { quote } = JSON.parse(text) as { quote?: unknown };
    return typeof quote === 'string' ? quote : text;
  } catch {
    return text;
  }
}

/** A JSON file of at most `limit` bytes. Throws CocoonError `invalid_request`. */
export function readJsonFile(path: string, limit: number): unknown {
  const text = readBounded(path, limit).toString('utf8');
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new CocoonError('invalid_request', `${path} is not JSON: ${(error as Error).message}.`, {
      cause: error,
    });
  }
}

/** A whole file of at most `limit` bytes. Throws CocoonError `invalid_request`. */
export function readBounded(path: string, limit: number): Buffer {
  let file: number | undefined;
  try {
    file = path === STANDARD_INPUT ? 0 : openSync(path, 'r');
    if (fstatSync(file).isDirectory()) throw new Error('it is a folder');
    return readAll(file, limit, path);
  } catch (error) {
    if (error instanceof CocoonError) throw error;
    throw new CocoonError('invalid_request', `${path} cannot be read: ${(error as Error).message}.`, {
      cause: error,
    });
  } finally {
    if (file !== undefined && file !== 0) closeSync(file);
  }
}

function readAll(file: number, limit: number, path: string): Buffer {
  const buffer = Buffer.alloc(limit + 1);
  let length = 0;
  for (;;) {
    const got = readSync(file, buffer, length, buffer.length - length, null);
    length += got;
    if (length > limit) throw new CocoonError('invalid_request', `${path} has more than ${limit} bytes.`);
    if (got === 0) return buffer.subarray(0, length);
  }
}

/** Version 3 to 5, key type 2 or 3: no text begins like this. */
function isRaw(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && bytes[0]! < 9 && bytes[1] === 0 && bytes[3] === 0;
}

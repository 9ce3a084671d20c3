import type { Context } from 'hono';
import { ApiError } from '../apiError';
import { ENGINE_LIMITS } from '../limits';

/** The request's JSON; throws ApiError 415, 413 or 400. */
export async function readJson(c: Context): Promise<unknown> {
  const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    throw new ApiError(415, 'unsupported_media_type', 'Send the body as application/json.');
  }
  const bytes = await readBounded(c.req.raw.body);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch {
    throw new ApiError(400, 'invalid_json', 'The body is not valid JSON.');
  }
}

/**
 * Keeps at most `bodyMaxBytes`. What is somewhat longer is still read, and thrown away: a client that is cut off while
 * it sends sees a broken pipe instead of the 413.
 */
async function readBounded(body: ReadableStream<Uint8Array> | null): Promise<Uint8Array> {
  const { bodyMaxBytes, bodyDiscardMaxBytes } = ENGINE_LIMITS;
  const kept: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const part of body ?? []) {
      size += part.length;
      if (size <= bodyMaxBytes) kept.push(part);
      else kept.length = 0;
      if (size > bodyDiscardMaxBytes) break;
    }
  } catch {
    throw new ApiError(400, 'incomplete_body', 'The body ended before its announced length.');
  }
  if (size > bodyMaxBytes)
    throw new ApiError(413, 'body_too_large', `A body has at most ${bodyMaxBytes} bytes.`);
  return Buffer.concat(kept);
}

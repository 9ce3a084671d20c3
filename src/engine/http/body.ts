import type { Context } from 'hono';
import { ApiError } from '../apiError';
import { ENGINE_LIMITS } from '../limits';

/** The request's JSON; throws ApiError 415, 413 or 400. */
export async function readJson(c: Context): Promise<unknown> {
  requireType(c, 'application/json');
  const bytes = await readBounded(c.req.raw.body, ENGINE_LIMITS.bodyMaxBytes);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch {
    throw new ApiError(400, 'invalid_json', 'The body is not valid JSON.');
  }
}

/** The fields and files of a form; throws ApiError 415, 413 or 400. */
export async function readForm(c: Context): Promise<FormData> {
  requireType(c, 'multipart/form-data');
  const bytes = await readBounded(c.req.raw.body, ENGINE_LIMITS.audioBodyMaxBytes);
  try {
    const headers = { 'content-type': c.req.header('content-type')! };
    return await new Response(bytes, { headers }).formData();
  } catch {
    throw new ApiError(400, 'invalid_form', 'The body is not a valid form of multipart/form-data.');
  }
}

function requireType(c: Context, type: string): void {
  const sent = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (sent !== type) throw new ApiError(415, 'unsupported_media_type', `Send the body as ${type}.`);
}

/**
 * Keeps at most `maxBytes`. What is somewhat longer is still read, and thrown away: a client that is cut off while it
 * sends sees a broken pipe instead of the 413.
 */
async function readBounded(
  body: ReadableStream<Uint8Array> | null,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const kept: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const part of body ?? []) {
      size += part.length;
      if (size <= maxBytes) kept.push(part);
      else kept.length = 0;
      if (size > ENGINE_LIMITS.bodyDiscardMaxBytes) break;
    }
  } catch {
    throw new ApiError(400, 'incomplete_body', 'The body ended before its announced length.');
  }
  if (size > maxBytes) throw new ApiError(413, 'body_too_large', `A body has at most ${maxBytes} bytes.`);
  return Buffer.concat(kept);
}

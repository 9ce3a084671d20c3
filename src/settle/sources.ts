import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { stat } from 'node:fs/promises';
import type { Address } from '@ton/core';
import { CocoonError } from '../protocol/errors';
import { heldJsonSchema, type HeldImages } from './held';
import { SETTLE_LIMITS } from './limits';
import { receiptPageSchema } from './page';

/** Where receipts come from. Nothing of what it says is believed before it was checked. */
export interface ReceiptSource {
  name: string;
  /**
   * One receipt after the other, as they came. Throws CocoonError `router_unreachable` for a source that does not answer,
   * `invalid_request` for one that answers nonsense or more than `receiptsPerSource`.
   */
  receipts(): AsyncIterable<HeldImages>;
}

/** The admin server of a worker: `http://127.0.0.1:<port>`, maybe through a tunnel. */
export function workerSource(url: string, send: typeof fetch = fetch): ReceiptSource {
  return { name: url, receipts: () => pages(new URL('/receipts', url), send) };
}

/** A router's public API, for the lines to one Worker contract. */
export function routerSource(url: string, worker: Address, send: typeof fetch = fetch): ReceiptSource {
  const at = new URL(`/v1/workers/${worker.hash.toString('hex')}/receipts`, url);
  return { name: `${url} for ${worker.toString()}`, receipts: () => pages(at, send) };
}

/** The pairs that a router found to contradict each other, of whatever Worker. */
export function contradictionSource(url: string, send: typeof fetch = fetch): ReceiptSource {
  return { name: url, receipts: () => pages(new URL('/v1/contradictions', url), send) };
}

/** A file with one JSON object of receipt, line and escrow in each line. */
export function fileSource(path: string): ReceiptSource {
  return { name: path, receipts: () => rows(path) };
}

async function* pages(at: URL, send: typeof fetch): AsyncIterable<HeldImages> {
  let after: string | null = null;
  let count = 0;
  do {
    const url = new URL(at);
    if (after !== null) url.searchParams.set('after', after);
    const page = await readPage(url, send);
    yield* page.receipts;
    count += page.receipts.length;
    // A source whose pages do not go forward would never end.
    if (page.next !== null && after !== null && page.next <= after)
      throw nonsense(at.href, 'its pages go back');
    if (count > SETTLE_LIMITS.receiptsPerSource) throw tooMany(at.href);
    after = page.next;
  } while (after !== null);
}

async function readPage(
  url: URL,
  send: typeof fetch,
): Promise<{ receipts: HeldImages[]; next: string | null }> {
  let text: string;
  try {
    const reply = await send(url, { signal: AbortSignal.timeout(SETTLE_LIMITS.sourceTimeoutMs) });
    if (!reply.ok) throw new Error(`HTTP ${reply.status}`);
    text = await readLimited(reply);
  } catch (cause) {
    if (cause instanceof CocoonError) throw cause;
    throw new CocoonError('router_unreachable', `${url.origin} did not give its receipts.`, { cause });
  }
  const parsed = receiptPageSchema.safeParse(tryJson(text));
  if (parsed.success) return parsed.data;
  throw nonsense(url.origin, parsed.error.issues[0]!.message);
}

async function readLimited(reply: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of reply.body ?? []) {
    const bytes = part as Uint8Array;
    size += bytes.length;
    if (size > SETTLE_LIMITS.pageMaxBytes) throw nonsense(reply.url, 'a page is too large');
    parts.push(bytes);
  }
  return Buffer.concat(parts).toString('utf8');
}

async function* rows(path: string): AsyncIterable<HeldImages> {
  const { size } = await stat(path);
  if (size > SETTLE_LIMITS.fileMaxBytes) throw nonsense(path, 'the file is too large');
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    number += 1;
    if (number > SETTLE_LIMITS.receiptsPerSource) throw tooMany(path);
    if (line.trim() === '') continue;
    const parsed = heldJsonSchema.safeParse(
      line.length > SETTLE_LIMITS.fileLineMaxBytes ? null : tryJson(line),
    );
    if (!parsed.success) throw nonsense(path, `line ${number} holds no receipt, line and escrow`);
    yield parsed.data;
  }
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function nonsense(source: string, what: string): CocoonError {
  return new CocoonError('invalid_request', `${source} cannot be read: ${what}.`, {
    remedy: 'Name a worker, a router or a file of this release.',
  });
}

function tooMany(source: string): CocoonError {
  return nonsense(source, `it holds more than ${SETTLE_LIMITS.receiptsPerSource} receipts`);
}

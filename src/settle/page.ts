import { z } from 'zod';
import type { HeldReceipt } from '../chain/dues';
import { heldJson, heldJsonSchema, imagesOf, type HeldImages } from './held';
import { keyOf } from './lines';
import { SETTLE_LIMITS } from './limits';

/** One page of receipts over HTTP. `next` continues it as `?after=`; null on the last one. */
export const receiptPageSchema = z.object({
  receipts: z.array(heldJsonSchema).max(SETTLE_LIMITS.receiptsPerPage),
  next: z
    .string()
    .regex(/^[0-9a-f]{104}$/)
    .nullable(),
});

/** What `?after=` takes: domain and line id in hex. Null for the beginning, undefined for anything else. */
export function parseCursor(text: string | null): string | null | undefined {
  if (text === null || text === '') return null;
  return /^[0-9a-f]{104}$/.test(text) ? text : undefined;
}

/** `rows` are in the order of their keys and after the cursor; one more than a page holds tells that there are more. */
export function receiptPage(rows: readonly { key: string; images: HeldImages }[]): object {
  const page = rows.slice(0, SETTLE_LIMITS.receiptsPerPage);
  return {
    receipts: page.map(({ images }) => heldJson(images)),
    next: rows.length > page.length ? page.at(-1)!.key : null,
  };
}

/** The page after a cursor, of receipts in memory. */
export function pageOf(held: readonly HeldReceipt[], after: string | null): object {
  const rows = held
    .map((one) => ({ key: keyOf(one), one }))
    .filter(({ key }) => after === null || key > after)
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .slice(0, SETTLE_LIMITS.receiptsPerPage + 1);
  return receiptPage(rows.map(({ key, one }) => ({ key, images: imagesOf(one) })));
}

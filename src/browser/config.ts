import { z } from 'zod';
import { clientFileSchema } from '../client/config';
import { CocoonError } from '../protocol/errors';
import { BROWSER_LIMITS } from './limits';
import type { BrowserSigner } from './signer';

const bookName = z
  .string()
  .regex(/^[\w.-]+$/, 'a name of letters, digits, dots and dashes')
  .max(BROWSER_LIMITS.booksNameCharacters);

const { chain, policy, routers, escrow, lines } = clientFileSchema.shape;
/** Keys stand in the settings themselves: a page has no files. */
const endpoint = z.strictObject({ endpoint: z.url(), apiKey: z.string().min(1).optional() });

/** The keys of the client's file (docs/client-reference.md) that mean something in a page, with the same defaults. */
const settingsSchema = z.strictObject({
  ...{ routers, escrow, lines },
  chain: z.strictObject({
    ...chain.omit({ apiKeyFile: true, witnesses: true }).shape,
    ...endpoint.shape,
    witnesses: z.array(endpoint).max(4).default([]),
  }),
  /** Intel's own service does not answer pages: collateral, which Intel has signed, comes from the routers. */
  policy: policy
    .unwrap()
    .extend({ collateral: z.literal('router').default('router') })
    .prefault({}),
  /** Under which name IndexedDB keeps the books, for one page at a time; `memory` for books that end with the page. */
  books: bookName.default('cocoon'),
});

export type BrowserSettings = z.output<typeof settingsSchema>;

export type BrowserClientConfig = z.input<typeof settingsSchema> & { signer: BrowserSigner };

/** Throws CocoonError `invalid_request` that lists every problem. */
export function readSettings(settings: unknown): BrowserSettings {
  const parsed = settingsSchema.safeParse(settings);
  if (parsed.success) return parsed.data;
  throw new CocoonError('invalid_request', z.prettifyError(parsed.error));
}

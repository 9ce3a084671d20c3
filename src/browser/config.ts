import { z } from 'zod';
import { clientFileSchema } from '../client/config';
import { CocoonError } from '../protocol/errors';
import { BROWSER_LIMITS } from './limits';
import type { BrowserSigner } from './signer';

const bookName = z
  .string()
  .regex(/^[\w.-]+$/, 'a name of letters, digits, dots and dashes')
  .max(BROWSER_LIMITS.booksNameCharacters);

/** The keys of the client's file (docs/use-client.md) that mean something in a page, with the same defaults. */
const { chain, ...rest } = clientFileSchema.omit({
  signerSeedFile: true,
  dataDir: true,
  housekeepingKeyFile: true,
  gateway: true,
  logLevel: true,
}).shape;
const settingsSchema = z.strictObject({
  ...rest,
  chain: z.strictObject({
    ...z.strictObject(chain.shape).omit({ apiKeyFile: true }).shape,
    apiKey: z.string().min(1).optional(),
  }),
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

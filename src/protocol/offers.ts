import { z } from 'zod';
import { SIGNATURE_BYTES, sign, verify, type KeyPair } from './ed25519';
import { WIRE_VERSION } from './envelope';
import { requireBytes } from './fields';
import { sha256 } from './hash';

/** HTTP/1.1 upgrade protocol by which a worker hands its router an HTTP/2 connection in reverse. */
export const LINK_PROTOCOL = 'cocoon-link/1';

const hex = (bytes: number) =>
  z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`), `${bytes} bytes in lower-case hex`);
const base64 = z
  .string()
  .max(4096)
  .regex(/^[A-Za-z0-9+/]*={0,2}$/);

export const offeredModelSchema = z.strictObject({
  /** The name in OpenAI requests, for example "tiny-llama". */
  id: z.string().min(1).max(200),
  hash: hex(32),
  contextLength: z.number().int().positive(),
  maxOutputTokens: z.number().int().positive(),
  capabilities: z.array(z.enum(['chat', 'completions', 'embeddings', 'audio'])),
});

/** What a worker offers. Signed as the exact text that travels, so nobody re-serialises it. */
export const workerOfferSchema = z.strictObject({
  version: z.literal(WIRE_VERSION),
  seq: z.number().int().nonnegative(),
  issuedAt: z.number().int().nonnegative(),
  /** Account hash of the Worker contract. */
  worker: hex(32),
  workerKey: hex(32),
  imageId: hex(32),
  /** Statement bytes; its hash is what the Worker contract recorded. */
  statement: base64,
  /** Signed HpkeCertificate. */
  certificate: base64,
  /** Signed Asks, one per model. */
  asks: z.array(base64).max(64),
  models: z.array(offeredModelSchema).max(64),
  slots: z.number().int().positive().max(4096),
  /** Highest router fee that this worker's provider has listed. */
  maxFeeBps: z.number().int().min(0).max(10_000),
});
export type WorkerOffer = z.infer<typeof workerOfferSchema>;
export type OfferedModel = z.infer<typeof offeredModelSchema>;

const OFFER_TEXT_MAX = 256 * 1024;

/** An offer as it travels: the signed text and its signature in hex. */
export const signedOfferSchema = z.strictObject({
  text: z.string().max(OFFER_TEXT_MAX),
  signature: hex(SIGNATURE_BYTES),
});
export type SignedOffer = z.infer<typeof signedOfferSchema>;

const OFFER_CONTEXT = Buffer.from('cocoon/offer/v1\0', 'latin1');
export const HELLO_NONCE_BYTES = 32;
const HELLO_CONTEXT = Buffer.from('cocoon/hello/v1\0', 'latin1');

export function signOffer(offer: WorkerOffer, keys: KeyPair): SignedOffer {
  const text = JSON.stringify(offer);
  return { text, signature: sign(sha256(OFFER_CONTEXT, Buffer.from(text)), keys).toString('hex') };
}

/** The offer inside, or null when the text is malformed or not signed by the key that it names. */
export function openOffer(signed: SignedOffer): WorkerOffer | null {
  if (signed.text.length > OFFER_TEXT_MAX) return null;
  let json: unknown;
  try {
    json = JSON.parse(signed.text);
  } catch {
    return null;
  }
  const offer = workerOfferSchema.safeParse(json);
  if (!offer.success) return null;
  const digest = sha256(OFFER_CONTEXT, Buffer.from(signed.text));
  const genuine = verify(
    digest,
    Buffer.from(signed.signature, 'hex'),
    Buffer.from(offer.data.workerKey, 'hex'),
  );
  return genuine ? offer.data : null;
}

/** What a worker signs to show that it holds its key now: over the router's fresh nonce and its own offer. */
export function helloDigest(nonce: Buffer, offer: SignedOffer): Buffer {
  requireBytes('hello nonce', nonce, HELLO_NONCE_BYTES);
  return sha256(HELLO_CONTEXT, nonce, sha256(Buffer.from(offer.text)));
}

/** One row of a router's order book: the worker's own signed words, then what the router measured. */
export const bookEntrySchema = z.strictObject({
  offer: signedOfferSchema,
  freeSlots: z.number().int().nonnegative(),
  draining: z.boolean(),
  /** Distinct paying escrows served in the last day, and the share of their jobs that completed. */
  distinctEscrows: z.number().int().nonnegative(),
  successRate: z.number().min(0).max(1),
  medianLatencyMs: z.number().nonnegative().nullable(),
});
export type BookEntry = z.infer<typeof bookEntrySchema>;

export const orderBookSchema = z.strictObject({
  version: z.literal(WIRE_VERSION),
  networkId: z.number().int(),
  registry: hex(32),
  time: z.number().int(),
  router: z.strictObject({ feeBps: z.number().int().min(0).max(10_000), feeTo: hex(20) }),
  entries: z.array(bookEntrySchema).max(4096),
});
export type OrderBook = z.infer<typeof orderBookSchema>;

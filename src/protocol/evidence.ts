import { z } from 'zod';
import { WIRE_VERSION } from './envelope';
import { STATEMENT_BYTES } from './statement';

/**
 * What a worker shows whoever wants to verify it: the quote with which its recorded statement was admitted. Nobody needs
 * to be believed for it: the quote is signed up to Intel's root, and its report data binds the statement.
 */
export interface Evidence {
  /** 217 bytes, as the Worker contract recorded them by their hash. */
  statement: Buffer;
  /** At most `EVIDENCE_LIMITS.quoteBytes`. */
  quote: Buffer;
}

export const EVIDENCE_LIMITS = {
  /** Genuine quotes have 5,006 bytes, 8,000 with a cloud's padding. */
  quoteBytes: 65_536,
  /** The JSON of one evidence, and of one family's collateral with two lists of revoked certificates. */
  evidenceBytes: 96 * 1024,
  collateralBytes: 5 * 1024 * 1024,
} as const;

const base64 = (bytes: number) =>
  z
    .string()
    .max(4 * Math.ceil(bytes / 3))
    .regex(/^[A-Za-z0-9+/]+={0,2}$/, 'base64');

/** The answer to `GET /v1/evidence` on a link, and to `GET /v1/workers/<key>/evidence` at a router. */
const workerEvidenceSchema = z.strictObject({
  version: z.literal(WIRE_VERSION),
  statement: base64(STATEMENT_BYTES),
  quote: base64(EVIDENCE_LIMITS.quoteBytes),
});
export type WorkerEvidence = z.infer<typeof workerEvidenceSchema>;

export function encodeEvidence({ statement, quote }: Evidence): WorkerEvidence {
  return {
    version: WIRE_VERSION,
    statement: statement.toString('base64'),
    quote: quote.toString('base64'),
  };
}

/** The bytes inside; null where the text is too long, or is no evidence. Says nothing of what they are worth. */
export function openEvidence(text: string): Evidence | null {
  if (text.length > EVIDENCE_LIMITS.evidenceBytes) return null;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = workerEvidenceSchema.safeParse(json);
  if (!parsed.success) return null;
  const statement = Buffer.from(parsed.data.statement, 'base64');
  const quote = Buffer.from(parsed.data.quote, 'base64');
  const fits = statement.length === STATEMENT_BYTES && quote.length <= EVIDENCE_LIMITS.quoteBytes;
  return fits ? { statement, quote } : null;
}

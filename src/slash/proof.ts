import { z } from 'zod';
import { CocoonError } from '../protocol/errors';
import {
  decodeSigned,
  encodeSigned,
  receiptLayout,
  verifySigned,
  type Receipt,
  type Signed,
} from '../protocol/signed';
import { tellsTheSame, type Contradiction } from './find';

/** What a Slash message needs. `worker` is the Worker contract's account hash. */
export type Proof = Omit<Contradiction, 'sources'>;

const hex = (bytes: number) =>
  z
    .string()
    .regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`))
    .transform((text) => Buffer.from(text, 'hex'));
const SIGNED_BYTES = receiptLayout.size + 64;

const proofSchema = z.strictObject({
  version: z.literal(1),
  worker: hex(32),
  worker_key: hex(32),
  first: hex(SIGNED_BYTES),
  second: hex(SIGNED_BYTES),
});

/** The proof as a file: receipts are image and signature in hex, as everywhere. */
export function proofText({ worker, workerKey, first, second }: Proof): string {
  const fields = {
    version: 1,
    worker: worker.toString('hex'),
    worker_key: workerKey.toString('hex'),
    first: encodeSigned(receiptLayout, first).toString('hex'),
    second: encodeSigned(receiptLayout, second).toString('hex'),
  };
  return `${JSON.stringify(fields, null, 2)}\n`;
}

/**
 * Reads a proof and checks it whole, as the contract will. Throws CocoonError `receipt_malformed` for a text that is none,
 * `receipt_bad_signature` when the key did not sign both, `invalid_request` when they do not contradict each other.
 */
export function parseProof(text: string): Proof {
  const fields = proofSchema.safeParse(tryJson(text));
  if (!fields.success)
    throw new CocoonError('receipt_malformed', `This is no proof: ${fields.error.issues[0]!.message}.`);
  const { worker, worker_key: workerKey } = fields.data;
  const [first, second] = [decode(fields.data.first), decode(fields.data.second)];
  for (const signed of [first, second])
    if (!verifySigned(receiptLayout, signed, workerKey))
      throw new CocoonError('receipt_bad_signature', 'The worker key did not sign both receipts.');
  requireContradiction(first.value, second.value);
  return { worker, workerKey, first, second };
}

function requireContradiction(first: Receipt, second: Receipt): void {
  const isOfOneLine = first.domain.equals(second.domain) && first.lineId.equals(second.lineId);
  const why = !isOfOneLine
    ? 'They are of different lines.'
    : first.jobs !== second.jobs
      ? 'They count different numbers of jobs.'
      : tellsTheSame(first, second)
        ? 'They tell the same history.'
        : null;
  if (why) throw new CocoonError('invalid_request', `The receipts do not contradict each other. ${why}`);
}

function decode(bytes: Buffer): Signed<Receipt> {
  try {
    return decodeSigned(receiptLayout, bytes);
  } catch (cause) {
    throw new CocoonError('receipt_malformed', 'The bytes are no receipt.', { cause });
  }
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

import { z } from 'zod';
import type { HeldReceipt } from '../chain/dues';
import { SIGNATURE_BYTES } from '../protocol/ed25519';
import { CocoonError } from '../protocol/errors';
import { LINE_BYTES, lineId, lineImage, parseLine } from '../protocol/line';
import { decodeSigned, encodeSigned, receiptLayout, verifySigned } from '../protocol/signed';

const base64Of = (bytes: number) =>
  z
    .base64()
    .length(4 * Math.ceil(bytes / 3))
    .transform((text) => Buffer.from(text, 'base64'));

/** A held receipt as JSON: `receipt` (image and signature) and `line` (image) in base64, `escrow` (account hash) in hex. */
export const heldJsonSchema = z.object({
  receipt: base64Of(receiptLayout.size + SIGNATURE_BYTES),
  line: base64Of(LINE_BYTES),
  escrow: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .transform((text) => Buffer.from(text, 'hex')),
});

export interface HeldImages {
  receipt: Buffer;
  line: Buffer;
  escrow: Buffer;
}

export function heldJson(images: HeldImages): { receipt: string; line: string; escrow: string } {
  return {
    receipt: images.receipt.toString('base64'),
    line: images.line.toString('base64'),
    escrow: images.escrow.toString('hex'),
  };
}

export function imagesOf({ receipt, line, escrow }: HeldReceipt): HeldImages {
  return { receipt: encodeSigned(receiptLayout, receipt), line: lineImage(line), escrow };
}

/**
 * Reads and checks: the receipt is of this line and signed by the line's worker key. Whether the escrow has such a line
 * only the chain can tell. Throws CocoonError `receipt_malformed`, `receipt_wrong_line` or `receipt_bad_signature`.
 */
export function readHeld({ receipt, line: image, escrow }: HeldImages): HeldReceipt {
  const { line, signed } = decode(receipt, image);
  if (!signed.value.lineId.equals(lineId(line)))
    throw new CocoonError('receipt_wrong_line', 'The receipt names another line.');
  if (!verifySigned(receiptLayout, signed, line.workerKey))
    throw new CocoonError('receipt_bad_signature', "The receipt is not signed by the line's worker key.");
  return { escrow, line, receipt: signed };
}

function decode(receipt: Buffer, image: Buffer) {
  try {
    return { line: parseLine(image), signed: decodeSigned(receiptLayout, receipt) };
  } catch (cause) {
    throw new CocoonError('receipt_malformed', 'The bytes are no receipt, or no line.', { cause });
  }
}

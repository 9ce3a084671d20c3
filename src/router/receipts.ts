import type { IncomingMessage, ServerResponse } from 'node:http';
import { CocoonError } from '../protocol/errors';
import { sendError, sendJson } from './answer';
import type { ReceiptLedger } from './ledger';
import type { Target } from './server';
import type { StoredReceipt } from './storedReceipt';

/** `/v1/lines/<lineId hex>/receipt`. */
export const RECEIPT_PATH = /^\/v1\/lines\/([0-9a-f]{40})\/receipt$/;
const ESCROW = /^[0-9a-f]{64}$/;

/**
 * The newest receipt of a line, for anybody: it holds no content, and who settles it only moves money to its owner.
 * Lines of several escrows may have one id; `?escrow=` says which is meant.
 */
export function createReceiptHandler(ledger: ReceiptLedger, retryAfterSeconds: number) {
  return (request: IncomingMessage, response: ServerResponse, { path, query }: Target): void => {
    try {
      const lineId = Buffer.from(RECEIPT_PATH.exec(path)![1]!, 'hex');
      sendJson(response, toJson(pick(ledger.findByLine(lineId), new URLSearchParams(query).get('escrow'))));
    } catch (cause) {
      const error =
        cause instanceof CocoonError ? cause : new CocoonError('internal', 'The ledger could not be read.');
      sendError(request, response, error, retryAfterSeconds);
    }
  };
}

function pick(found: StoredReceipt[], escrow: string | null): StoredReceipt {
  if (escrow !== null && !ESCROW.test(escrow)) {
    throw new CocoonError('invalid_request', 'escrow takes 32 bytes in lower-case hex.');
  }
  const fitting =
    escrow === null ? found : found.filter((stored) => stored.escrow.toString('hex') === escrow);
  const [first, second] = fitting;
  if (!first) throw new CocoonError('not_found', 'No receipt of this line is stored.');
  if (second && escrow === null) {
    throw new CocoonError(
      'invalid_request',
      'Several escrows have a line of this id: add ?escrow=<account hash in hex>.',
    );
  }
  return first;
}

function toJson(stored: StoredReceipt): { receipt: string; line: string; escrow: string } {
  return {
    receipt: stored.receipt.toString('base64'),
    line: stored.line.toString('base64'),
    escrow: stored.escrow.toString('hex'),
  };
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import { CocoonError } from '../protocol/errors';
import { decodeSigned, receiptLayout } from '../protocol/signed';
import { lineKey, parseCursor, receiptPage, SETTLE_LIMITS } from '../settle';
import { asCocoonError, sendError, sendJson } from './answer';
import type { ReceiptLedger } from './ledger';
import type { LineKey } from './ledgerFile';
import type { Target } from './server';
import type { StoredReceipt } from './storedReceipt';

/** `/v1/lines/<lineId hex>/receipt`. */
export const RECEIPT_PATH = /^\/v1\/lines\/([0-9a-f]{40})\/receipt$/;
/** `/v1/workers/<account hash>/receipts`. */
export const WORKER_RECEIPTS_PATH = /^\/v1\/workers\/([0-9a-f]{64})\/receipts$/;
/** `/v1/contradictions`. */
export const CONTRADICTIONS_PATH = /^\/v1\/contradictions$/;
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

/**
 * The newest receipts of all lines to one Worker contract, page by page: a provider claims what a worker that is gone had
 * earned. `?after=` takes what the page before gave as `next`.
 */
export function createWorkerReceiptsHandler(
  ledger: Pick<ReceiptLedger, 'ofWorker'>,
  retryAfterSeconds: number,
) {
  return (request: IncomingMessage, response: ServerResponse, { path, query }: Target): void => {
    try {
      const worker = Buffer.from(WORKER_RECEIPTS_PATH.exec(path)![1]!, 'hex');
      const after = cursorOf(new URLSearchParams(query).get('after'));
      const rows = ledger.ofWorker(worker, after, SETTLE_LIMITS.receiptsPerPage + 1);
      sendJson(
        response,
        receiptPage(rows.map((row) => ({ key: lineKey(row.domain, row.lineId), images: row }))),
      );
    } catch (cause) {
      sendError(request, response, asCocoonError(cause), retryAfterSeconds);
    }
  };
}

/**
 * Pairs of receipts that contradict each other, one pair of each worker key: whoever files one gets a share of the stake.
 * Both receipts of a pair stand in one page.
 */
export function createContradictionsHandler(
  ledger: Pick<ReceiptLedger, 'conflicts'>,
  retryAfterSeconds: number,
) {
  return (request: IncomingMessage, response: ServerResponse, { query }: Target): void => {
    try {
      const after = cursorOf(new URLSearchParams(query).get('after'));
      const pairs = ledger.conflicts(after, SETTLE_LIMITS.receiptsPerPage / 2 + 1);
      const rows = pairs.flatMap(({ escrow, line, first, second }) => {
        const { domain, lineId } = decodeSigned(receiptLayout, first).value;
        const key = lineKey(domain, lineId);
        return [first, second].map((receipt) => ({ key, images: { escrow, line, receipt } }));
      });
      sendJson(response, receiptPage(rows));
    } catch (cause) {
      sendError(request, response, asCocoonError(cause), retryAfterSeconds);
    }
  };
}

function cursorOf(text: string | null): LineKey | null {
  const cursor = parseCursor(text);
  if (cursor === undefined) throw new CocoonError('invalid_request', 'after takes what next gave.');
  if (cursor === null) return null;
  const key = Buffer.from(cursor, 'hex');
  return { domain: key.subarray(0, 32), lineId: key.subarray(32) };
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

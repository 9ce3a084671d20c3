import { CocoonError, errorBody } from '../protocol/errors';

const JSON_TYPE = 'application/json';
/** Codes for which the same request will fare no better at once; the SDKs of OpenAI obey the header. */
const HOPELESS: readonly string[] = [
  'escrow_exhausted',
  'escrow_unknown',
  'key_limit_reached',
  'idempotency_conflict',
  'receipt_overcharged',
  'receipt_bad_proof',
  'receipt_bad_signature',
  'receipt_wrong_line',
  'receipt_wrong_domain',
  'receipt_over_cap',
  'receipt_stale',
  'receipt_conflicting',
  'record_mismatch',
];
const RETRY_AFTER_SECONDS = 2;

export function toCocoonError(error: unknown): CocoonError {
  if (error instanceof CocoonError) return error;
  return new CocoonError('internal', 'Something unforeseen went wrong.', { cause: error });
}

/** An error as OpenAI's SDKs expect it. */
export function errorResponse(error: CocoonError): Response {
  return jsonResponse(errorBody(error), error.httpStatus, errorHeaders(error));
}

export function errorHeaders(error: CocoonError): Record<string, string> {
  if (HOPELESS.includes(error.code)) return { 'x-should-retry': 'false' };
  if (error.httpStatus === 503 || error.httpStatus === 429) {
    return {
      'retry-after': String(RETRY_AFTER_SECONDS),
      'retry-after-ms': String(RETRY_AFTER_SECONDS * 1000),
    };
  }
  return {};
}

export function jsonResponse(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': JSON_TYPE, ...headers } });
}

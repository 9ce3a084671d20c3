import { CocoonError, errorBody } from '../protocol/errors';

const JSON_TYPE = 'application/json';
/** Failures of a worker for which the same request fares no better at once, though their status says so. */
const HOPELESS: readonly string[] = ['record_mismatch'];
/** Of those below 500: OpenAI's SDKs repeat 408, 409 and 429 by themselves. */
const WORTH_REPEATING: readonly number[] = [408, 429];
const RETRY_AFTER_SECONDS = 2;

export function toCocoonError(error: unknown): CocoonError {
  if (error instanceof CocoonError) return error;
  return new CocoonError('internal', 'Something unforeseen went wrong.', { cause: error });
}

/** An error as OpenAI's SDKs expect it. */
export function errorResponse(error: CocoonError): Response {
  return jsonResponse(errorBody(error), error.httpStatus, errorHeaders(error));
}

/** Hints that the SDKs of OpenAI obey. */
export function errorHeaders(error: CocoonError): Record<string, string> {
  const { httpStatus: status, code } = error;
  const isFinal = status < 500 && !WORTH_REPEATING.includes(status);
  if (isFinal || HOPELESS.includes(code)) return { 'x-should-retry': 'false' };
  if (status !== 503 && status !== 429) return {};
  return {
    'retry-after': String(RETRY_AFTER_SECONDS),
    'retry-after-ms': String(RETRY_AFTER_SECONDS * 1000),
  };
}

export function jsonResponse(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': JSON_TYPE, ...headers } });
}

import { CocoonError, ERROR_CODES, type ErrorCode } from '../protocol/errors';
import { CLIENT_LIMITS } from './limits';

/**
 * What a router or a worker may say went wrong. Nobody signs an error: so none of these accuses a worker, none speaks
 * of the caller's money or keys, and none says that the request itself could not be served elsewhere.
 */
const TOLD: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...(['worker_busy', 'rate_limited', 'draining'] as const),
  ...(['worker_failed', 'router_unreachable', 'engine_timeout', 'no_attested_worker', 'internal'] as const),
  ...(['worker_unverified', 'channel_open_failed', 'chain_unavailable', 'reply_gone'] as const),
  ...(['ticket_malformed', 'ticket_bad_signature', 'ticket_wrong_domain', 'ticket_wrong_line'] as const),
  ...(['ticket_wrong_request', 'ticket_expired', 'ticket_not_yet_valid', 'ticket_too_long'] as const),
  ...(['ticket_replayed', 'line_unknown', 'line_closing', 'line_near_end', 'line_too_long'] as const),
  ...(['line_cap_exceeded', 'line_below_min_cap', 'line_wrong_worker'] as const),
  ...(['line_fee_too_high', 'line_fee_too_low'] as const),
]);

/** Control characters, and those that turn the direction of a text: they would write on somebody's terminal. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;

/**
 * The error that a JSON body in OpenAI's shape names, when it is one that others may tell us; `fallback` otherwise.
 * Its text is marked as theirs: it may say anything.
 */
export function readErrorBody(text: string, fallback: ErrorCode): CocoonError {
  const error = errorOf(text);
  const named = typeof error?.code === 'string' && error.code in ERROR_CODES ? error.code : null;
  const code = named !== null && TOLD.has(named as ErrorCode) ? (named as ErrorCode) : fallback;
  if (typeof error?.message !== 'string') return new CocoonError(code, 'No reason was given.');
  // The message of one of our errors carries its remedy already.
  const said = error.message.replace(` ${ERROR_CODES[(named ?? code) as ErrorCode].remedy}`, '');
  const shown = said.replace(UNPRINTABLE, ' ').slice(0, CLIENT_LIMITS.toldCharacters);
  return new CocoonError(code, `The other side says: "${shown}"`);
}

function errorOf(text: string): { code?: unknown; message?: unknown } | undefined {
  try {
    return (JSON.parse(text) as { error?: { code?: unknown; message?: unknown } } | null)?.error;
  } catch {
    return undefined;
  }
}

import { ERROR_CODES, type ErrorCode } from '../../../protocol/errors';
import type { Operation } from './operations';

/** Codes of the command line and of other programs, which no caller of the gateway ever gets. */
const ELSEWHERE: readonly ErrorCode[] = [
  'order_unknown',
  'proposal_foreign',
  'proposal_malformed',
  'proposal_unknown',
  'store_locked',
  'wallet_exhausted',
  'wallet_overtaken',
];
/** What any request may be answered. */
const COMMON: readonly ErrorCode[] = [
  'draining',
  'headers_too_large',
  'internal',
  'invalid_request',
  'method_not_allowed',
  'not_found',
  'rate_limited',
  'request_timeout',
];
const KEYED: readonly ErrorCode[] = [
  ...COMMON,
  ...(['evidence_malformed', 'evidence_unknown', 'unsupported_parameter'] as const),
  ...([
    'attestation_refused',
    'body_too_large',
    'chain_disagrees',
    'chain_unavailable',
    'escrow_unknown',
  ] as const),
  ...(['invalid_api_key', 'model_not_found', 'rate_limit_exceeded', 'router_unreachable'] as const),
  ...([
    'unsupported_media_type',
    'no_attested_worker',
    'collateral_unavailable',
    'worker_unverified',
  ] as const),
];

/** What an operation may answer instead, by status. Whatever can go wrong with a worker can go wrong with a paid one. */
export function errorsOf(kind: Operation['kind']): Map<number, ErrorCode[]> {
  const all = Object.keys(ERROR_CODES) as ErrorCode[];
  const codes = { open: COMMON, keyed: KEYED, paid: all.filter((code) => !ELSEWHERE.includes(code)) }[kind];
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of [...codes].sort()) {
    const { status } = ERROR_CODES[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return new Map([...byStatus].sort(([a], [b]) => a - b));
}

import type { Clock } from '../chain/types';
import type { CocoonError, ErrorCode } from '../protocol/errors';
import { CLIENT_LIMITS } from './limits';
import type { Store } from './store';

/** What an error says of the worker, and so what happens next. */
export type Fault =
  /** It has no slot: the next one is tried, and this one again in a second. */
  | 'busy'
  /** It or its router did not deliver: the next one is tried. */
  | 'failed'
  /** It signed or sealed what is not so: it is avoided for good, and the caller is told. */
  | 'dishonest'
  /** Its view of the line is not ours: the chain is read again, and the next one is tried. */
  | 'line'
  /** The request itself is at fault: no other worker would help. */
  | 'request';

const FAULTS: Partial<Record<ErrorCode, Fault>> = {
  worker_busy: 'busy',
  rate_limited: 'busy',
  draining: 'busy',
  worker_failed: 'failed',
  router_unreachable: 'failed',
  stream_truncated: 'failed',
  reply_unauthentic: 'failed',
  engine_timeout: 'failed',
  no_attested_worker: 'failed',
  worker_unverified: 'failed',
  channel_open_failed: 'failed',
  internal: 'failed',
  // A receipt travels in the open: a router can change it, or put another one in its place.
  receipt_bad_signature: 'failed',
  receipt_wrong_domain: 'failed',
  receipt_wrong_line: 'failed',
  receipt_bad_proof: 'failed',
  // Of a ticket, this client knows better: another router may agree.
  ticket_malformed: 'failed',
  ticket_bad_signature: 'failed',
  ticket_wrong_domain: 'failed',
  ticket_wrong_line: 'failed',
  ticket_wrong_request: 'failed',
  ticket_expired: 'failed',
  ticket_not_yet_valid: 'failed',
  ticket_too_long: 'failed',
  ticket_replayed: 'failed',
  reply_gone: 'failed',
  // From here on the worker's own signature, or its own seal, stands behind what is wrong.
  receipt_stale: 'dishonest',
  receipt_over_cap: 'dishonest',
  receipt_overcharged: 'dishonest',
  receipt_conflicting: 'dishonest',
  record_mismatch: 'dishonest',
  audit_mismatch: 'dishonest',
  line_unknown: 'line',
  line_closing: 'line',
  line_near_end: 'line',
  line_too_long: 'line',
  line_cap_exceeded: 'line',
  line_below_min_cap: 'line',
  line_wrong_worker: 'line',
  line_fee_too_high: 'line',
  line_fee_too_low: 'line',
  chain_unavailable: 'line',
};

export function faultOf(error: CocoonError): Fault {
  return FAULTS[error.code] ?? 'request';
}

/**
 * A worker behind a router, by one of its statements: what fails through one router may work through another, and what
 * was sealed to a key of before may be sealed to the next.
 */
export interface Route {
  worker: { id: string; statementHash: Buffer };
  router: string;
}

export function routeName({ worker, router }: Route): string {
  return `${worker.id} ${worker.statementHash.toString('base64')} ${router}`;
}

/** Which workers are left alone for now; the dishonest ones are remembered over restarts. */
export interface Failures {
  note(route: Route, fault: Fault, code: ErrorCode): void;
  isAvoided(workerId: string): boolean;
  isResting(route: Route): boolean;
}

export function createFailures(deps: { store: Store; clock: Clock }): Failures {
  const { store, clock } = deps;
  const avoided = new Set(store.avoided(clock.now()).map(({ worker }) => worker));
  const restingUntil = new Map<string, number>();
  return {
    note(route, fault, code) {
      const now = clock.now();
      if (fault === 'dishonest') {
        avoided.add(route.worker.id);
        store.avoid(route.worker.id, code, now + CLIENT_LIMITS.dishonestSeconds);
      } else if (fault === 'failed') {
        restingUntil.set(routeName(route), now + CLIENT_LIMITS.failedSeconds);
      } else if (fault === 'busy') {
        restingUntil.set(routeName(route), now + CLIENT_LIMITS.busySeconds);
      }
    },
    isAvoided: (workerId) => avoided.has(workerId),
    isResting: (route) => (restingUntil.get(routeName(route)) ?? 0) > clock.now(),
  };
}

/**
 * The one error class at public edges. `code` is stable and documented in docs/errors.md; `remedy` is one line
 * that tells the reader what to do.
 */
export class CocoonError extends Error {
  override readonly name = 'CocoonError';
  readonly code: ErrorCode;
  readonly remedy: string;
  /** The one field of the request that is at fault, where it is one. */
  readonly param: string | null;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; remedy?: string; param?: string } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.param = options.param ?? null;
    this.remedy = options.remedy ?? ERROR_CODES[code].remedy;
  }

  get httpStatus(): number {
    return ERROR_CODES[this.code].status;
  }
}

interface ErrorKind {
  /** HTTP status at every surface. */
  status: number;
  /** OpenAI's `error.type`. */
  type: string;
  remedy: string;
}

/** Every code there is; docs/errors.md is generated from this table. */
export const ERROR_CODES = {
  invalid_request: {
    status: 400,
    type: 'invalid_request_error',
    remedy: 'Correct the request as the message says.',
  },
  unsupported_parameter: {
    status: 400,
    type: 'invalid_request_error',
    remedy: 'Remove the named parameter or pick a model that supports it.',
  },
  invalid_api_key: {
    status: 401,
    type: 'authentication_error',
    remedy: "Send `authorization: Bearer` with a key that the gateway's owner issued.",
  },
  escrow_exhausted: {
    status: 402,
    type: 'insufficient_quota',
    remedy: 'Top up the escrow: send Toncoin to its address, or run scripts/topUp.',
  },
  key_limit_reached: {
    status: 402,
    type: 'insufficient_quota',
    remedy:
      'Wait until running requests of the key are billed, ask for fewer tokens, or issue a key with a higher limit.',
  },
  not_found: { status: 404, type: 'invalid_request_error', remedy: 'Check the path.' },
  model_not_found: {
    status: 404,
    type: 'invalid_request_error',
    remedy: 'Pick a model that GET /v1/models lists.',
  },
  method_not_allowed: {
    status: 405,
    type: 'invalid_request_error',
    remedy: 'Use the method that the allow header names.',
  },
  request_timeout: {
    status: 408,
    type: 'invalid_request_error',
    remedy: 'Send the whole request within the time limit.',
  },
  idempotency_conflict: {
    status: 409,
    type: 'invalid_request_error',
    remedy: 'Use a new Idempotency-Key for a different request.',
  },
  body_too_large: { status: 413, type: 'invalid_request_error', remedy: 'Send a smaller body.' },
  unsupported_media_type: {
    status: 415,
    type: 'invalid_request_error',
    remedy: 'Send the content type that the message names.',
  },
  price_above_max: {
    status: 422,
    type: 'invalid_request_error',
    remedy: 'Raise the maximum price or lower max_tokens.',
  },
  rate_limit_exceeded: {
    status: 429,
    type: 'rate_limit_error',
    remedy: 'Wait for the time in retry-after: the key allows so many requests.',
  },
  headers_too_large: {
    status: 431,
    type: 'invalid_request_error',
    remedy: 'Send fewer or shorter headers.',
  },
  rate_limited: { status: 429, type: 'rate_limit_error', remedy: 'Wait for the time in retry-after.' },
  internal: { status: 500, type: 'server_error', remedy: 'Report this with the request id.' },
  books_in_use: {
    status: 409,
    type: 'invalid_request_error',
    remedy: 'Close the other tab or program that uses these books, or give this one others.',
  },
  signer_failed: {
    status: 500,
    type: 'server_error',
    remedy: 'Unlock the signer, or name the one that the escrow names: nothing was sent.',
  },
  books_unwritable: {
    status: 500,
    type: 'server_error',
    remedy: 'Make room for the data of this site and load the page again: nothing was sent since.',
  },
  worker_failed: { status: 502, type: 'server_error', remedy: 'Retry: another worker will be chosen.' },
  router_unreachable: {
    status: 502,
    type: 'server_error',
    remedy: 'Check the router URL or configure a second router.',
  },
  chain_unavailable: {
    status: 503,
    type: 'server_error',
    remedy: 'Check the TON endpoint; nothing was sent or billed.',
  },
  chain_disagrees: {
    status: 503,
    type: 'server_error',
    remedy:
      'Ask again in a minute; if it stays, one of the TON endpoints lies or lags: replace it. Nothing was sent.',
  },
  chain_refused: {
    status: 409,
    type: 'invalid_request_error',
    remedy: 'Correct what the chain names; nothing was spent.',
  },
  wallet_overtaken: {
    status: 409,
    type: 'invalid_request_error',
    remedy: 'Nothing was sent or spent: send it again, and give each process a wallet of its own.',
  },
  wallet_exhausted: {
    status: 402,
    type: 'insufficient_quota',
    remedy: 'Top up the wallet that the message names; what was not sent is not lost.',
  },
  store_locked: {
    status: 409,
    type: 'invalid_request_error',
    remedy: 'Stop the other process, or name another store.',
  },
  attestation_refused: {
    status: 503,
    type: 'server_error',
    remedy: 'Nothing was sent. See which link failed; loosen the policy only if you mean it.',
  },
  collateral_unavailable: {
    status: 503,
    type: 'server_error',
    remedy: 'Retry after the time in retry-after, or name another source of collateral.',
  },
  no_attested_worker: { status: 503, type: 'server_error', remedy: 'Retry after the time in retry-after.' },
  worker_busy: {
    status: 503,
    type: 'server_error',
    remedy: 'Retry with another worker, or after retry-after.',
  },
  draining: { status: 503, type: 'server_error', remedy: 'Retry: this process is shutting down.' },
  engine_timeout: { status: 504, type: 'server_error', remedy: 'Retry, or ask for fewer tokens.' },

  /** Tickets, receipts and lines. Each names the one field that is wrong. */
  ticket_malformed: {
    status: 400,
    type: 'invalid_request_error',
    remedy: 'Send a ticket of 120 bytes with its 64-byte signature.',
  },
  ticket_bad_signature: {
    status: 401,
    type: 'authentication_error',
    remedy: "Sign with the escrow's current signer key.",
  },
  ticket_wrong_domain: {
    status: 400,
    type: 'invalid_request_error',
    remedy: 'Sign for this escrow, network and birth.',
  },
  ticket_wrong_line: {
    status: 400,
    type: 'invalid_request_error',
    remedy: "Use the id of the line's own fields.",
  },
  ticket_wrong_request: {
    status: 400,
    type: 'invalid_request_error',
    remedy: 'Sign the SHA-256 of the ciphertext that is sent.',
  },
  ticket_expired: {
    status: 400,
    type: 'invalid_request_error',
    remedy: 'Sign a new ticket; check the clock.',
  },
  ticket_not_yet_valid: {
    status: 400,
    type: 'invalid_request_error',
    remedy: 'Check the clock against the chain.',
  },
  ticket_too_long: {
    status: 400,
    type: 'invalid_request_error',
    remedy: 'A ticket may start at most 10 minutes after it was issued.',
  },
  ticket_replayed: {
    status: 409,
    type: 'invalid_request_error',
    remedy: 'Use a new job id for a new request.',
  },
  reply_gone: {
    status: 410,
    type: 'invalid_request_error',
    remedy: 'The job ran, and its answer is no longer kept: its bill is in the next audit of the line.',
  },
  line_unknown: {
    status: 402,
    type: 'insufficient_quota',
    remedy: 'Allocate the line and wait until it is final.',
  },
  line_closing: { status: 409, type: 'invalid_request_error', remedy: 'Open a new line to this worker.' },
  line_near_end: {
    status: 409,
    type: 'invalid_request_error',
    remedy: 'Open a new line: this one settles within a day.',
  },
  line_too_long: {
    status: 409,
    type: 'invalid_request_error',
    remedy: "Open a line that settles before the worker key's last date.",
  },
  line_cap_exceeded: { status: 402, type: 'insufficient_quota', remedy: 'Raise the cap of the line.' },
  line_below_min_cap: {
    status: 402,
    type: 'insufficient_quota',
    remedy: "Raise the cap to the ask's minimum.",
  },
  line_wrong_worker: {
    status: 400,
    type: 'invalid_request_error',
    remedy: 'Send the job to the worker that the line names.',
  },
  line_fee_too_high: {
    status: 400,
    type: 'invalid_request_error',
    remedy: "Open the line with the router's listed fee.",
  },
  line_fee_too_low: {
    status: 400,
    type: 'invalid_request_error',
    remedy: "Open the line with the router's listed fee, or with none.",
  },
  escrow_unknown: { status: 402, type: 'insufficient_quota', remedy: 'Open and top up the escrow first.' },
  receipt_malformed: {
    status: 400,
    type: 'invalid_request_error',
    remedy: 'A receipt is 109 bytes with its 64-byte signature.',
  },
  receipt_bad_signature: {
    status: 400,
    type: 'invalid_request_error',
    remedy: 'The receipt is not from the worker key; do not settle it.',
  },
  receipt_wrong_domain: {
    status: 400,
    type: 'invalid_request_error',
    remedy: 'The receipt is for another escrow, network or birth.',
  },
  receipt_wrong_line: {
    status: 400,
    type: 'invalid_request_error',
    remedy: 'The receipt is for another line.',
  },
  receipt_stale: {
    status: 409,
    type: 'invalid_request_error',
    remedy: 'A receipt with a higher total is already known.',
  },
  receipt_conflicting: {
    status: 400,
    type: 'invalid_request_error',
    remedy: 'The worker signed two histories of one line: both are kept as proof, and it is avoided.',
  },
  receipt_over_cap: {
    status: 400,
    type: 'invalid_request_error',
    remedy: 'The total is above what the line allocates.',
  },
  receipt_overcharged: {
    status: 400,
    type: 'invalid_request_error',
    remedy: 'The worker asks more than the ticket or its prices allow; it is avoided from now on.',
  },
  receipt_bad_proof: {
    status: 400,
    type: 'invalid_request_error',
    remedy: 'The job record is not in the receipt: the worker or the router changed one of them.',
  },
  audit_mismatch: {
    status: 502,
    type: 'server_error',
    remedy: 'The worker does not account for the jobs of its line; it is avoided from now on.',
  },
  record_mismatch: {
    status: 502,
    type: 'server_error',
    remedy: 'The record describes another job; the worker is avoided from now on.',
  },

  /** Orders and proposals of a registry's owner. */
  proposal_malformed: {
    status: 400,
    type: 'invalid_request_error',
    remedy: 'Do not approve it; ask whoever proposed it for the whole body.',
  },
  proposal_unknown: {
    status: 400,
    type: 'invalid_request_error',
    remedy: 'Do not approve it, unless another tool can read all of it.',
  },
  proposal_foreign: {
    status: 409,
    type: 'invalid_request_error',
    remedy: 'Do not approve it; compare the addresses with those that your network names.',
  },
  order_unknown: {
    status: 404,
    type: 'invalid_request_error',
    remedy: 'Take a hash that `cocoon gov inspect` lists; what was carried out or taken back is gone.',
  },

  /** Evidence of answers. */
  evidence_malformed: {
    status: 400,
    type: 'invalid_request_error',
    remedy: 'Take the whole file, as it was written.',
  },
  evidence_unknown: {
    status: 404,
    type: 'invalid_request_error',
    remedy: 'Name the receipt id of an answer that was billed in the last 90 days.',
  },

  /** Attested channel. */
  worker_unverified: { status: 502, type: 'server_error', remedy: 'Retry: another worker will be chosen.' },
  channel_open_failed: {
    status: 400,
    type: 'invalid_request_error',
    remedy: "Encrypt to the worker's current HPKE key.",
  },
  reply_unauthentic: {
    status: 502,
    type: 'server_error',
    remedy: 'Retry: the reply was altered on its way.',
  },
  stream_truncated: {
    status: 502,
    type: 'server_error',
    remedy: 'Retry: the answer ended before its authenticated end.',
  },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** OpenAI's error body. */
export function errorBody(error: CocoonError): {
  error: { message: string; type: string; param: string | null; code: string };
} {
  const { type } = ERROR_CODES[error.code];
  const { code, param } = error;
  return { error: { message: `${error.message} ${error.remedy}`, type, param, code } };
}

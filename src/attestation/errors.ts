/** What can be wrong with evidence before any check of it: each code names the structure that is not one. */
export type AttestationErrorCode =
  | 'quote_malformed'
  | 'quote_version'
  | 'quote_unbuildable'
  | 'tee_type'
  | 'pem_malformed'
  | 'der_malformed'
  | 'certificate_malformed'
  | 'pck_extension_malformed'
  | 'crl_malformed'
  | 'tcb_info_malformed'
  | 'qe_identity_malformed'
  | 'collateral_malformed'
  | 'policy_malformed'
  | 'event_log_malformed'
  | 'bytes_malformed'
  | 'clock_malformed';

/** Thrown by parsers, never by a verifier: there it becomes a check that failed. The message names place and reason. */
export class AttestationError extends Error {
  override readonly name = 'AttestationError';
  readonly code: AttestationErrorCode;

  constructor(code: AttestationErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
  }
}

/** Runs `parse`; what it finds wrong with an inner structure is reported under the outer one's code. */
export function under<T>(code: AttestationErrorCode, what: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof AttestationError) || error.code === code) throw error;
    throw new AttestationError(code, `${what}: ${error.message}`, { cause: error });
  }
}

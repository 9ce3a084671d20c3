/** Why there is no collateral. */
export type CollateralErrorCode =
  /** A setting is none. */
  | 'collateral_config'
  /** No server answered in time and in size. */
  | 'collateral_unreachable'
  /** A server answered that it has nothing: for most, because it does not know the platform's family. */
  | 'collateral_refused'
  /** An answer is not in the form of Intel's service. */
  | 'collateral_malformed'
  /** An answer is in the right form, but Intel did not sign it, or not for now. */
  | 'collateral_unauthentic'
  /** The archive has nothing for that platform and time, or what it has was changed. */
  | 'collateral_not_archived'
  /** The quote names no platform. */
  | 'collateral_no_platform';

/** The message names server or file, and what to do where something can be done. */
export class CollateralError extends Error {
  override readonly name = 'CollateralError';
  readonly code: CollateralErrorCode;

  constructor(code: CollateralErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
  }
}

/** The text of anything that was thrown. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
  return `${error.message}${cause}`;
}

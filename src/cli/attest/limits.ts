import { MAX_QUOTE_BYTES } from '../../attestation/limits';

/** Bounds of the commands' files. */
export const ATTEST_LIMITS = {
  /** A quote as hex, with line ends; raw and base64 are shorter. */
  quoteFileBytes: 2 * MAX_QUOTE_BYTES + 65_536,
  collateralFileBytes: 8 * 1_048_576,
  policyFileBytes: 1_048_576,
  eventLogFileBytes: 8 * 1_048_576,
} as const;

/** Bounds of fetching; each can be set where a source is made. */
export interface CollateralLimits {
  /** One request, from connecting to the last byte. */
  requestTimeoutMs: number;
  /** Tries of one request that could not be answered. */
  attempts: number;
  /** Before the second try; doubled for each later one. */
  retryDelayMs: number;
  /** After so long a newer answer is asked for, although Intel's dates allow more: a recovery is not announced. */
  maxAgeSeconds: number;
  /** How long an older answer serves before servers that failed are asked again. */
  staleSeconds: number;
}

export const COLLATERAL_LIMITS: CollateralLimits = {
  requestTimeoutMs: 10_000,
  attempts: 3,
  retryDelayMs: 500,
  maxAgeSeconds: 86_400,
  staleSeconds: 300,
};

/** Answers beyond these sizes are not read to their end. */
export const MAX_TEXT_BYTES = 524_288;
export const MAX_LIST_BYTES = 2_097_152;
/** A chain as PEM in a header, each special character as three. */
export const MAX_HEADER_CHARACTERS = 65_536;
/** A cached answer, and a whole collateral in the archive. */
export const MAX_FILE_BYTES = 8_388_608;
/** How many entries of the archive one search looks at. */
export const MAX_ARCHIVE_ENTRIES = 100_000;
/** Families whose prepared collateral is kept in memory. */
export const MAX_KEPT = 64;
export const MAX_SERVERS = 8;

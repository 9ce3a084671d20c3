/** Bounds of this room; what other rooms share is in src/protocol/limits.ts. */
export const SETTLE_LIMITS = {
  /** Lines in one store, and receipts that one source may bring at a time. */
  storedLines: 100_000,
  receiptsPerSource: 20_000,
  receiptsPerPage: 200,
  pageMaxBytes: 256 * 1024,
  fileMaxBytes: 64 * 1024 * 1024,
  fileLineMaxBytes: 4_096,
  sourceTimeoutMs: 15_000,
  sources: 64,
  workers: 256,

  /** Escrows that are read at a time. */
  readsAtOnce: 8,
  /** How often a message is signed anew because another process took its number. */
  overtakenRetries: 3,

  /** An escrow that cannot be read or refuses: a minute, then twice as long each time, up to an hour. */
  escrowRetryMinSeconds: 60,
  escrowRetryMaxSeconds: 3_600,
  /** A line whose payout came back, which costs gas each time: ten minutes, up to a day. */
  lineRetryMinSeconds: 600,
  lineRetryMaxSeconds: 86_400,
  /** A refused line is tried once more when so little time is left. */
  lineLastTrySeconds: 3_600,

  /** A line's receipt is forgotten so long after its settle-by, a settlement so long after it ended. */
  keepEndedSeconds: 7 * 86_400,
  keepHistorySeconds: 400 * 86_400,
  historyPage: 1_000,
} as const;

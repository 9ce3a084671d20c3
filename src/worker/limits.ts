/** Bounds of this room; what other rooms share is in src/protocol/limits.ts. */
export const WORKER_LIMITS = {
  /** Jobs whose body is still arriving, beyond the slots. */
  pendingBodies: 64,
  /** Their bytes, all together. */
  pendingBodyBytes: 256 * 1024 * 1024,
  bodyTimeoutMs: 60_000,
  /** A reader that takes nothing for so long has hung up. */
  readerStallMs: 60_000,
  /** Bytes that the slowest path may lag behind the engine before the engine is held back. */
  readerLagBytes: 256 * 1024,
  /** Sealed replies kept for a repeated ticket. */
  replyCacheBytes: 256 * 1024 * 1024,
  replyCacheEntries: 10_000,

  keepAliveMs: 5_000,
  /** What one link may hold in memory, in megabytes. */
  sessionMemoryMb: 256,
  pingMs: 10_000,
  unansweredPings: 2,
  statusMs: 10_000,
  statusBufferBytes: 1024 * 1024,
  helloMaxBytes: 1_024,

  reconnectMinMs: 500,
  reconnectMaxMs: 60_000,
  dialTimeoutMs: 10_000,
  /** A link that held for so long starts the next back-off from the beginning. */
  linkSettledMs: 30_000,

  engineConnectTimeoutMs: 5_000,
  /** Silence of the engine, before its head and between its bytes. */
  engineSilenceMs: 120_000,
  engineHealthTimeoutMs: 15_000,
  healthEveryMs: 30_000,
  healthRetryMs: 2_000,
  choicesMax: 8,

  /** Rows that one audit hands over. */
  auditItems: 4_096,

  /** How often the chain is asked for this worker's own contract: while it waits to be admitted, and else. */
  admissionEveryMs: 1_000,
  settledAdmissionEveryMs: 10_000,
  /** A statement is renewed when less than this is left of it: two hours of failures pass before the alert. */
  renewBeforeSeconds: 8 * 3_600,
  /** A renewal that fails with less than this left of the admission, a quarter of a statement's life, raises the alert. */
  alertBeforeSeconds: 6 * 3_600,
  /** How often an admission that ends before its statement is asked for again. */
  askAgainSeconds: 3_600,
  /** Between attempts that failed: 15 seconds, then twice as long each time, up to half an hour. */
  renewalRetryMinSeconds: 15,
  renewalRetryMaxSeconds: 1_800,
  /** So long after it was sent a message may still arrive: a wallet's is valid for a minute. */
  inFlightSeconds: 90,
  /** How far from the chain's time this clock may be, for a statement to be written. */
  renewalSkewSeconds: 60,
  /** Different troubles of one renewal that reach the log. */
  troublesSaid: 32,
  /** The kernel itself gives up after 30 seconds, and a busy one is asked again for 8. */
  quoteTimeoutMs: 60_000,
  /** An escrow read younger than this is not read again for a job that it already permits. */
  escrowFreshSeconds: 20,

  askSeconds: 600,
  askRenewSeconds: 240,
  autopilotEveryMs: 30_000,

  settleEveryMs: 60_000,
  pruneEveryMs: 3_600_000,
  /** A line is forgotten so long after its last second. */
  keepEndedSeconds: 86_400,

  drainTimeoutMs: 60_000,
  linkDrainMs: 5_000,
  settleOnDrainMs: 120_000,
} as const;

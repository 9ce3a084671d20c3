/** Bounds of this room; what other rooms share is in src/protocol/limits.ts. Units last. */
export const CLIENT_LIMITS = {
  /** A job starts within this time of its ticket; the ticket's own maximum is ten minutes. */
  ticketSeconds: 120,
  /** Tickets that one request may cost: the first, and three more after busy or failed workers. */
  attempts: 4,
  /** How long a request waits for a free slot before it is answered 503. */
  queueMs: 15_000,
  queuePollMs: 200,
  busySeconds: 1,
  failedSeconds: 30,
  /** A worker that overcharged or proved nothing. */
  dishonestSeconds: 30 * 86_400,

  routers: 16,
  bookMaxBytes: 16 * 1024 * 1024,
  bookTimeoutMs: 5_000,
  bookFreshSeconds: 2,
  /** An order book this old still serves when its router does not answer. */
  bookStaleSeconds: 30,
  workerFreshSeconds: 20,
  escrowFreshSeconds: 5,

  /** Time to the reply's first byte, and silence within it; a worker sends a sign of life every 5 s. */
  replyHeadMs: 60_000,
  replySilenceMs: 30_000,
  errorBodyBytes: 64 * 1024,
  sseEventBytes: 4 * 1024 * 1024,

  allocatePollMs: 500,
  allocateWaitMs: 60_000,
  allocateSeconds: 120,
  /** Lines that one external message opens or raises. */
  allocateEntries: 16,
  /** A line that ends sooner than this is not opened. */
  lineMinSeconds: 2 * 86_400,
  /** Less than the fourteen days that the escrow allows: clocks differ, and a message takes its time. */
  lineSafetySeconds: 3_600,

  auditItems: 4_096,
  auditRounds: 8,

  conversations: 1_000,
  idempotencyKeys: 1_000,
  /** Random choice is among so many of the best, none dearer than this many percent above the best. */
  bestFew: 3,
  bestFewPercent: 25,

  /** Tokens that a chat template adds beyond the bytes of the JSON: what a ticket allows for, and what is believed. */
  templateTokens: 128,
  templateTokensMax: 1_024,
  /** Tokens of one choice without text: ends of turns, tool markers. */
  silentTokens: 64,
} as const;

/** Bounds of the local gateway. */
export const GATEWAY_LIMITS = {
  bodyBytes: 30 * 1024 * 1024,
  headersMs: 10_000,
  requestMs: 60_000,
  connections: 1_024,
  drainMs: 30_000,
} as const;

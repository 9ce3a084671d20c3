/** Bounds of this room; what other rooms share is in src/protocol/limits.ts. */
export const CHAIN_LIMITS = {
  /** One HTTP request, and how often a failed one is made again. */
  requestTimeoutMs: 10_000,
  attempts: 5,
  backoffMinMs: 250,
  backoffMaxMs: 5_000,
  replyMaxBytes: 16 * 1024 * 1024,
  requestsAtOnce: 16,

  transactionsPage: 100,
  transactionsMax: 1_000,
  /** How far back a line's payouts and a key's admission are searched: at first, by how much more each time, at most. */
  historyFirst: 100,
  historyFactor: 10,
  historyMax: 10_000,
  /** A statement is announced so long before it holds, at most. */
  announcedEarlierSeconds: 3_600,

  /** Messages that wait for one wallet. */
  walletQueue: 1_000,
  /** How long a wallet's message may wait for its block, in the chain's time. */
  walletValidSeconds: 60,
  /** Messages in one external message; wallet v5 takes 255, v4 four. */
  walletBatch: { v5r1: 255, v4: 4 },
  pollMs: 300,
  /** Until every message that a transfer caused was processed. */
  traceTimeoutMs: 60_000,
  traceTransactions: 256,

  escrowCacheEntries: 10_000,
  /** What an address without an escrow is remembered for: its client may be opening it now. */
  absentSeconds: 1,
  genuineEntries: 50_000,

  /** Endpoints that must agree: how often they are asked before they disagree, and the pause that a lagging one gets. */
  agreeAttempts: 4,
  agreePauseMs: 1_500,

  clockPollMs: 2_000,
  /** Without news of the chain its time is carried on for so long, and stands still from there. */
  clockCarrySeconds: 30,
} as const;

/** Every bound of the devnet. */
export const DEVNET_LIMITS = {
  /** An external message's BoC; the chain's own limit (config param 43). */
  externalMaxBytes: 65_535,
  bodyMaxBytes: 1024 * 1024,
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 15_000,
  keepAliveTimeoutMs: 20_000,
  connectionsMax: 2_048,

  /** Messages that wait for a block; more are refused with 429. */
  queueMax: 50_000,
  /** A block ends after this many transactions; the rest waits for the next one. */
  blockTransactionsMax: 500,
  /** Emulation hands the event loop back after this long. */
  sliceMs: 10,
  /** Accounts and masterchain block ids kept in memory; all of them are on disk. */
  accountsCached: 4_096,
  blocksCached: 4_096,

  getMethodGas: 1_000_000n,
  transactionsPageMax: 100,
  blockTransactionsPageMax: 1_000,

  faucetMaxNano: 10_000_000n * 1_000_000_000n,
  advanceMaxSeconds: 20 * 365 * 86_400,
} as const;

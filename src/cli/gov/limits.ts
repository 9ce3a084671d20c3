/** Bounds of `cocoon gov`. */
export const GOV_LIMITS = {
  /** A file with a proposal: its bag of cells in hex, with line ends. */
  proposalFileBytes: 160_000,
  /** What is said after so long of silence. */
  silenceMs: 1_000,
  /** Reading and running together. */
  simulationMs: 60_000,
  /** Transactions of one simulated step, and accounts that it may reach. */
  transactions: 64,
  accounts: 32,
  /** Orders of one proposal. */
  orders: 16,
} as const;

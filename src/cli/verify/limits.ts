/** Bounds of `cocoon verify`. */
export const VERIFY_LIMITS = {
  policyFileBytes: 1_048_576,
  /** Endpoints that are asked side by side. */
  endpoints: 8,
  /** Transactions of an account that are searched: at first, by how much more each time, at most. */
  transactionsFirst: 100,
  transactionsFactor: 10,
  transactionsMax: 10_000,
  /** A statement is announced so long before it holds, at most. */
  earlierSeconds: 3_600,
} as const;

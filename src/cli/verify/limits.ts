/** Bounds of `cocoon verify`. */
export const VERIFY_LIMITS = {
  policyFileBytes: 1_048_576,
  /** Endpoints that are asked side by side. */
  endpoints: 8,
} as const;

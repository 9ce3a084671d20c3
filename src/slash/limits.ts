/** Bounds of this room. */
export const SLASH_LIMITS = {
  /** Histories that are kept for comparison; beyond it a search stops with an error instead of forgetting one. */
  histories: 1_000_000,
  proofFileMaxBytes: 16 * 1024,
} as const;

/** Bounds of what is read here: a proposal comes from anybody. */
export const GOVERNANCE_LIMITS = {
  /** A proposal as a bag of cells; the chain takes no larger message (configuration parameter 43). */
  proposalBytes: 65_535,
  /** Actions of one multisig order: their index has 8 bits. */
  actions: 255,
  /** A multisig may carry out an order of its own making inside another one. */
  nesting: 4,
  signers: 255,
} as const;

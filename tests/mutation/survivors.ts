/** Why a mutant that no test kills may live. */
export interface Reason {
  why: string;
  /** No message and no getter can tell it from the contract: such a mutant is not counted. */
  equivalent?: true;
}

/** By the mutant's id. */
export const REASONS: Readonly<Record<string, Reason>> = {};

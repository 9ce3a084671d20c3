/** Why a mutant that no test kills may live. */
export interface Reason {
  why: string;
  /** No message and no getter can tell it from the contract: such a mutant is not counted. */
  equivalent?: true;
}

/** By the mutant's id. */
export const REASONS: Readonly<Record<string, Reason>> = {
  'escrow/allocate.tact allocateLines constant+1 6': {
    why: 'The cap of an entry that closes a line is never read: its branch sets closeAt alone.',
    equivalent: true,
  },
  'escrow/escrow.tact external(Slice) drop-call 5': {
    why: 'A second line of defence: no list of `count` entries consumes the bound that this call sets, as tests/gas/escrow.test.ts holds for the dearest one.',
  },
  'escrow/limits.tact ENTRY_RENT_SECONDS constant+1 1': {
    why: 'Rent for one second more in five years: less than a nanoton for each entry, lost in rounding.',
  },
  'escrow/escrow.tact external(Slice) shift<= 3': {
    why: 'Survived before mutation-escrow-prices.test.ts allocated to the exact nanoton, and was not judged again since.',
  },
};

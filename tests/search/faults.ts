import { RULES, type Rules } from './rules';

/** A rule that somebody could have written instead. */
export interface Fault {
  what: string;
  rules: Partial<Rules>;
}

/** Planted faults, by id: the search finds each of them (`npm run search -- --mutant <id>`). */
export const FAULTS: Readonly<Record<string, Fault>> = {
  'free-locked': {
    what: 'a withdrawal counts locked money as free',
    rules: { withdraws: (amount, free) => amount <= free + 1 },
  },
  'free-nothing': {
    what: 'money is free only when nothing is locked',
    rules: { free: (state) => (state.locked === 0 ? state.held : 0) },
  },
  'allocate-unfunded': {
    what: 'an allocation needs no free money',
    rules: { accepts: (state, by, sum) => by === 'client' || (by === state.signer && sum <= state.budget) },
  },
  'signer-budget': {
    what: 'the signer is not held to its budget',
    rules: { accepts: (state, by, sum, free) => sum <= free && (by === 'client' || by === state.signer) },
  },
  'signer-uncounted': {
    what: 'what the signer locks is not taken off its budget',
    rules: { budgetAfter: (budget) => budget },
  },
  'signer-past': {
    what: 'a signer that was replaced still signs',
    rules: { accepts: (state, by, sum, free) => sum <= free && (by === 'client' || sum <= state.budget) },
  },
  'open-again': {
    what: 'an opening of a line that exists begins it anew',
    rules: { opens: (_entry, now, settleBy) => now < settleBy },
  },
  'open-late': {
    what: 'a line can be opened after its settle-by',
    rules: { opens: (entry) => !entry },
  },
  'raise-closing': {
    what: 'a line that is ending can be raised',
    rules: { raises: (_entry, now, settleBy) => now <= settleBy },
  },
  'close-at-once': {
    what: 'a close ends the line now',
    rules: { closesAt: (entry, now) => (entry.closeAt === 0 ? now : entry.closeAt) },
  },
  'close-again': {
    what: 'a second close moves the end',
    rules: { closesAt: (_entry, now, delay) => now + delay },
  },
  'last-early': {
    what: 'the last tick of a line does not count',
    rules: { lastTick: (entry, settleBy) => RULES.lastTick(entry, settleBy) - 1 },
  },
  'last-late': {
    what: 'receipts are paid a tick after the end',
    rules: { lastTick: (entry, settleBy) => RULES.lastTick(entry, settleBy) + 1 },
  },
  'close-ignored': {
    what: 'receipts are paid until settle-by although the line was closed',
    rules: { lastTick: (_entry, settleBy) => settleBy },
  },
  'due-total': {
    what: 'a receipt pays its total, not the difference',
    rules: { due: (entry, total, available) => Math.min(total, entry.cap, available) },
  },
  'due-uncapped': {
    what: 'a receipt pays beyond the cap',
    rules: { due: (entry, total, available) => Math.max(0, Math.min(total - entry.paid, available)) },
  },
  'due-negative': {
    what: 'an old receipt takes back what was paid',
    rules: { due: (entry, total, available) => Math.min(Math.min(total, entry.cap) - entry.paid, available) },
  },
  'final-lowers': {
    what: 'an old final receipt sets the cap below what was paid',
    rules: { finalCap: (entry, total) => Math.min(total, entry.cap) },
  },
  'final-raises': {
    what: 'a final receipt sets the cap to its total',
    rules: { finalCap: (entry, total) => Math.max(entry.paid, total) },
  },
  'bounce-forgotten': {
    what: 'a payout that comes back stays counted as paid',
    rules: { restored: (entry) => entry.paid },
  },
  'bounce-resets': {
    what: 'a payout that comes back sets paid to nothing, whatever was paid before',
    rules: { restored: () => 0 },
  },
  'prune-running': {
    what: 'a line can be pruned while it runs',
    rules: { pruned: (entry, now, _last, settleBy) => RULES.pruned(entry, now, -1, settleBy) },
  },
  'prune-deletes': {
    what: 'an ended line leaves no tombstone',
    rules: { pruned: (entry, now, last) => (now <= last ? entry : null) },
  },
  'prune-never': {
    what: 'what an ended line left stays locked until settle-by, and then for good',
    rules: { pruned: (entry) => entry },
  },
};

/** The rules with one fault. Throws for an id that nobody planted. */
export function withFault(id: string): Rules {
  const fault = FAULTS[id];
  if (!fault) throw new RangeError(`search: no fault "${id}"; there are: ${Object.keys(FAULTS).join(', ')}`);
  return { ...RULES, ...fault.rules };
}

import fc from 'fast-check';

/** What happens to an honest worker and its machine. Lines, routers and copies are small numbers. */
export type Action =
  | { kind: 'job'; line: number; feeNano: number; reaches: number }
  | { kind: 'sign again'; line: number; reaches: number }
  | { kind: 'final'; line: number; reaches: number }
  | { kind: 'restart' }
  | { kind: 'crash'; at: (typeof CRASH_POINTS)[number]; line: number; feeNano: number }
  | { kind: 'copy' }
  | { kind: 'put back' }
  | { kind: 'reboot' }
  | { kind: 'days pass'; days: number };

/** Where a worker's process may end while it bills a job; src/worker/groupCommit.ts and receipts.ts. */
export const CRASH_POINTS = [
  'ledger.before-begin',
  'ledger.before-commit',
  'ledger.before-mark',
  'ledger.after-commit',
  'receipt.before-sign',
  'receipt.after-sign',
] as const;

export const LINES = 3;
export const ROUTERS = 3;

const line = fc.nat({ max: LINES - 1 });
const feeNano = fc.integer({ min: 1, max: 9 });
/** A receipt reaches any of the routers, or none: bit by bit. */
const reaches = fc.nat({ max: 2 ** ROUTERS - 1 });

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('job' as const), line, feeNano, reaches }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('sign again' as const), line, reaches }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('final' as const), line, reaches }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'restart' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('crash' as const),
      at: fc.constantFrom(...CRASH_POINTS),
      ...{ line, feeNano },
    }),
  },
  { weight: 3, arbitrary: fc.constant({ kind: 'copy' as const }) },
  { weight: 3, arbitrary: fc.constant({ kind: 'put back' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'reboot' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('days pass' as const), days: fc.integer({ min: 1, max: 13 }) }),
  },
);

export const histories = fc.array(action, { minLength: 6, maxLength: 24 });

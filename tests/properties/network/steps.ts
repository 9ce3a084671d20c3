import fc from 'fast-check';
import { DAY, HOUR, LINES, ROUTERS, SIGNERS, WORKERS } from './cast';
import type { ReceiptPlan } from './receipts';

// What somebody does. Steps are plain data, and each means something in any state: so a schedule that fails can be cut down
// to the steps that matter. Amounts are nanotons.

/** `'free'` is all that is free at that moment, `'more'` a nanoton more. */
export type Amount = bigint | 'free' | 'more';

export type PlannedEntry =
  | { kind: 'open'; line: number; cap: Amount }
  | { kind: 'raise'; line: number; cap: bigint }
  | { kind: 'close'; line: number };

/** How an allocation by the signer may be wrong. */
export type Forgery =
  | 'none'
  | 'seqno'
  | 'expired'
  | 'too long'
  | 'thief'
  | 'former signer'
  | 'other escrow'
  | 'with state'
  | 'broken list';

/** How much value a settle brings: plenty, what the formula says, a part of that in percent, or each side of the edge. */
export type Value = 'plenty' | 'formula' | 'edge' | number;

type EscrowStep =
  | { do: 'allocate by signer'; entries: PlannedEntry[]; sum: Amount; forgery: Forgery }
  | { do: 'allocate by client'; entries: PlannedEntry[]; sum: Amount; byClient: boolean }
  | { do: 'repeat external' }
  | { do: 'spend twice'; first: number; second: number; bySigner: boolean }
  | { do: 'steal signer'; line: number }
  | { do: 'settle'; receipts: ReceiptPlan[]; value: Value }
  | { do: 'finish'; line: number; total: bigint; later: bigint }
  | { do: 'close'; lines: number[]; byClient: boolean }
  | { do: 'prune'; lines: number[] }
  | { do: 'withdraw'; amount: Amount | 'all'; byClient: boolean }
  | { do: 'set signer'; signer: number; budget: bigint; byClient: boolean }
  | { do: 'open'; budget: bigint; closeDelay: number; byClient: boolean }
  | { do: 'top up'; value: bigint; form: 'plain' | 'text' | 'op' }
  | { do: 'drain'; balance: bigint }
  | { do: 'bounce after the end'; line: number }
  | { do: 'freeze and thaw' }
  | { do: 'leave' };

/** Two histories of one line, one told twice, or one that the key did not sign. */
export type Proof = 'two histories' | 'one history' | 'foreign signature';

type WorkerStep =
  | {
      do: 'pay out';
      key: 'fresh' | 'old' | 'never';
      amount: bigint;
      spare: bigint;
      router: number;
      feeBps: number;
    }
  | { do: 'claim'; byProvider: boolean; poor: boolean }
  | { do: 'pull fee'; router: number }
  | { do: 'list'; router: number; maxBps: number; byProvider: boolean }
  | { do: 'delist'; router: number; byProvider: boolean }
  | { do: 'stake'; amount: bigint; byProvider: boolean }
  | { do: 'unstake'; byProvider: boolean }
  | { do: 'withdraw stake'; byProvider: boolean }
  | { do: 'retire' }
  | { do: 'slash'; key: 'fresh' | 'old' | 'never'; proof: Proof }
  | { do: 'grant terms'; byRegistry: boolean }
  | { do: 'revoke'; byRegistry: boolean }
  | { do: 'freeze worker' }
  | { do: 'thaw worker' };

type ChainStep =
  | { do: 'deliver'; pick: number }
  | { do: 'wait'; seconds: number }
  | { do: 'stop chain'; hours: number }
  | { do: 'govern'; feeBps: number; unbondingSeconds: number; minStake: bigint }
  | { do: 'foreign message'; to: number; form: number };

export type Step = (EscrowStep & { escrow: number }) | (WorkerStep & { worker: number }) | ChainStep;

const TON = 1_000_000_000n;
const line = fc.nat(LINES - 1);
const worker = fc.nat(WORKERS.length - 2);
const router = fc.nat(ROUTERS.length - 1);
const mostly = fc.nat(9).map((roll) => roll > 0);
const amount = fc.oneof(
  { weight: 5, arbitrary: fc.bigInt({ min: 0n, max: 2n * TON }) },
  { weight: 2, arbitrary: fc.constantFrom(1n, TON / 2n, TON) },
  { weight: 1, arbitrary: fc.constantFrom(0n, 20n * TON, 2n ** 64n - 1n) },
);
const smallCap = fc.bigInt({ min: TON / 100n, max: TON });
const entry: fc.Arbitrary<PlannedEntry> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('open' as const), line, cap: smallCap }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('raise' as const), line, cap: amount }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('close' as const), line }) },
);
const entries = fc.array(entry, { minLength: 1, maxLength: 5 });
const sum: fc.Arbitrary<Amount> = fc.oneof(
  { weight: 6, arbitrary: fc.bigInt({ min: TON / 10n, max: 3n * TON }) },
  { weight: 1, arbitrary: fc.constantFrom<Amount[]>('free', 'more', 0n, 2n ** 64n - 1n) },
);
const forgery = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Forgery>('none') },
  {
    weight: 4,
    arbitrary: fc.constantFrom<Forgery[]>(
      'seqno',
      'expired',
      'too long',
      'thief',
      'former signer',
      'other escrow',
      'with state',
      'broken list',
    ),
  },
);
const receipt: fc.Arbitrary<ReceiptPlan> = fc.record({
  line,
  total: amount,
  final: fc.nat(7).map((roll) => roll === 0),
  lie: fc.oneof(
    { weight: 20, arbitrary: fc.constant('none' as const) },
    { weight: 1, arbitrary: fc.constantFrom('swapped' as const, 'foreign' as const, 'forged' as const) },
  ),
});
const value: fc.Arbitrary<Value> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom<Value[]>('plenty', 'formula') },
  { weight: 2, arbitrary: fc.nat(99) },
  { weight: 1, arbitrary: fc.constant<Value>('edge') },
);
const lines = fc.array(line, { minLength: 1, maxLength: 5 });
const seconds = fc.oneof(
  fc.integer({ min: 1, max: 600 }),
  fc.integer({ min: HOUR, max: 2 * DAY }),
  fc.integer({ min: DAY, max: 9 * DAY }),
);

/** A weight, and the step without its `do` and whom it concerns. */
type Plans<S> = {
  [Kind in S extends { do: string } ? S['do'] : never]: [number, Record<string, fc.Arbitrary<unknown>>];
};

const ESCROW_STEPS: Plans<EscrowStep> = {
  'allocate by signer': [12, { entries, sum, forgery }],
  'allocate by client': [6, { entries, sum, byClient: mostly }],
  'repeat external': [2, {}],
  'spend twice': [2, { first: line, second: line, bySigner: fc.boolean() }],
  'steal signer': [1, { line }],
  settle: [20, { receipts: fc.array(receipt, { minLength: 1, maxLength: 4 }), value }],
  finish: [2, { line, total: amount, later: amount }],
  close: [3, { lines, byClient: mostly }],
  prune: [4, { lines }],
  withdraw: [3, { amount: fc.oneof(amount, fc.constantFrom('free', 'more', 'all')), byClient: mostly }],
  'set signer': [2, { signer: fc.nat(SIGNERS.length - 1), budget: amount, byClient: mostly }],
  open: [
    2,
    {
      budget: amount,
      closeDelay: fc.constantFrom(0, DAY - 1, DAY, 2 * DAY, 3 * DAY, 3 * DAY + 1),
      byClient: mostly,
    },
  ],
  'top up': [1, { value: smallCap, form: fc.constantFrom('plain', 'text', 'op') }],
  'bounce after the end': [1, { line }],
  drain: [3, { balance: fc.bigInt({ min: 1n, max: TON / 2n }) }],
  'freeze and thaw': [1, {}],
  leave: [1, {}],
};

const WORKER_STEPS: Plans<WorkerStep> = {
  'pay out': [
    3,
    {
      key: fc.constantFrom('fresh', 'fresh', 'old', 'never'),
      amount,
      spare: fc.constantFrom(0n, 1n, 100_000n, 473_333n, 1_000_000n),
      router,
      feeBps: fc.nat(6_000),
    },
  ],
  claim: [4, { byProvider: mostly, poor: fc.nat(5).map((roll) => roll === 0) }],
  'pull fee': [3, { router }],
  list: [1, { router, maxBps: fc.integer({ min: 0, max: 5_001 }), byProvider: mostly }],
  delist: [1, { router, byProvider: mostly }],
  stake: [1, { amount, byProvider: mostly }],
  unstake: [2, { byProvider: mostly }],
  'withdraw stake': [2, { byProvider: mostly }],
  retire: [1, {}],
  slash: [
    2,
    {
      key: fc.constantFrom('fresh', 'fresh', 'old', 'never'),
      proof: fc.constantFrom<Proof[]>('two histories', 'two histories', 'one history', 'foreign signature'),
    },
  ],
  'grant terms': [1, { byRegistry: mostly }],
  revoke: [1, { byRegistry: mostly }],
  'freeze worker': [2, {}],
  'thaw worker': [1, {}],
};

const CHAIN_STEPS: Plans<ChainStep> = {
  deliver: [16, { pick: fc.nat(11) }],
  wait: [8, { seconds }],
  'stop chain': [2, { hours: fc.integer({ min: 6, max: 10 }) }],
  govern: [
    1,
    { feeBps: fc.nat(500), unbondingSeconds: fc.integer({ min: DAY, max: 30 * DAY }), minStake: amount },
  ],
  'foreign message': [2, { to: fc.nat(6), form: fc.nat(5) }],
};

function weighted(
  plans: Plans<never>,
  whom: Record<string, fc.Arbitrary<unknown>>,
): fc.WeightedArbitrary<Step>[] {
  return Object.entries(plans as Record<string, [number, Record<string, fc.Arbitrary<unknown>>]>).map(
    ([kind, [weight, fields]]) => ({
      weight,
      arbitrary: fc.record({ do: fc.constant(kind), ...whom, ...fields }) as unknown as fc.Arbitrary<Step>,
    }),
  );
}

const escrow = fc.nat(9).map((roll) => (roll < 5 ? 0 : roll < 8 ? 1 : 2));

/** One of everything that anybody may do. */
export const step: fc.Arbitrary<Step> = fc.oneof(
  ...weighted(ESCROW_STEPS, { escrow }),
  ...weighted(WORKER_STEPS, { worker }),
  ...weighted(CHAIN_STEPS, {}),
);

/** What happens in a schedule, in its order; without a bias towards small values, with which little happens. */
export const schedule: fc.Arbitrary<Step[]> = fc.noBias(
  fc.array(step, { minLength: 8, maxLength: 16, size: 'max' }),
);

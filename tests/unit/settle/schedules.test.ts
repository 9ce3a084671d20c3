import fc from 'fast-check';
import type { HeldReceipt } from '../../../src/chain/dues';
import { lastSecond } from '../../../src/chain/dues';
import { keyOf } from '../../../src/settle/lines';
import { COST_NANO, createSettleWorld, START, TON, type Fate, type SettleWorld } from './world';

const HOUR = 3_600;
const RUNS = 50;

type Step =
  | { kind: 'earn'; line: number; milli: number }
  | { kind: 'close'; line: number; hours: number }
  | { kind: 'wait'; minutes: number }
  | { kind: 'round'; fate: Fate; all: boolean }
  | { kind: 'blind'; blind: boolean }
  | { kind: 'restart' };

const fate = fc.constantFrom<Fate>(
  ...(['ok', 'ok', 'ok', 'silent', 'dropped', 'overtaken', 'dies before', 'dies after', 'bounces'] as const),
);
const line = fc.nat(5);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('earn' as const),
      line,
      milli: fc.integer({ min: 1, max: 900 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('close' as const),
      line,
      hours: fc.integer({ min: 24, max: 72 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), minutes: fc.integer({ min: 1, max: 400 }) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('round' as const),
      fate,
      all: fc.constantFrom(false, false, false, true),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('blind' as const), blind: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
);

interface History {
  held: HeldReceipt[];
  /** Messages that nothing pressed for. */
  cheap: number;
}

/** Two escrows of three lines each; the lines end after four and five days. */
function begin(world: SettleWorld): History {
  const held = [0, 1, 2, 3, 4, 5].map((n) => world.open(n % 2, n, 2n * TON, n < 3 ? 4 : 5));
  return { held, cheap: 0 };
}

async function act(world: SettleWorld, history: History, one: Step): Promise<void> {
  const { held } = history;
  switch (one.kind) {
    case 'earn': {
      const known = held[one.line]!;
      held[one.line] = world.earn(known, known.receipt.value.total + (BigInt(one.milli) * TON) / 1_000n);
      return;
    }
    case 'close': {
      const entry = world.entry(held[one.line]!);
      if (entry.closeAt === 0) world.set(held[one.line]!, { closeAt: world.clock.time + one.hours * HOUR });
      return;
    }
    case 'wait':
      world.clock.time += one.minutes * 60;
      return;
    case 'blind':
      world.blind = one.blind;
      return;
    case 'restart':
      world.restart();
      return;
    case 'round':
      return round(world, history, one.fate, one.all);
  }
}

async function round(world: SettleWorld, history: History, how: Fate, all: boolean): Promise<void> {
  // What an earlier round sent is told by this one.
  const pressed =
    all || world.store.journal.open().length > 0 || history.held.some((held) => isUrgent(world, held));
  world.fate = how;
  const ended = await world.settlement.run(history.held, { all }).catch(() => null);
  world.fate = 'ok';
  if (!ended) {
    world.restart();
    return;
  }
  const paid = ended.settled.filter(({ outcome }) => outcome === 'paid');
  if (how === 'ok' && !pressed) {
    for (const { paidNano, spentNano } of paid) {
      // Fees at most 1%, whatever the schedule was.
      expect(spentNano * 100n).toBeLessThanOrEqual(paidNano);
      history.cheap += 1;
    }
  }
}

function isUrgent(world: SettleWorld, held: HeldReceipt): boolean {
  const entry = world.entry(held);
  return entry.closeAt !== 0 || lastSecond(entry) - world.clock.time < 26 * HOUR;
}

/** Never more than earned, and the journal says of each line exactly what the escrow says once nothing is open. */
function check(world: SettleWorld, { held }: History): void {
  const { journal } = world.store;
  const told = new Map<string, bigint>();
  for (const entry of journal.history()) {
    for (const { domain, lineId, paidNano } of entry.lines) {
      const key = Buffer.concat([domain, lineId]).toString('hex');
      told.set(key, (told.get(key) ?? 0n) + paidNano);
    }
  }
  for (const one of held) {
    const { paidNano } = world.entry(one);
    expect(paidNano).toBeLessThanOrEqual(one.receipt.value.total);
    expect(told.get(keyOf(one)) ?? 0n).toBeLessThanOrEqual(paidNano);
    if (journal.open().length === 0) expect(told.get(keyOf(one)) ?? 0n).toBe(paidNano);
  }
  const { spentNano } = journal.totals();
  const left = 1_000n * TON - world.wallet.balance;
  expect(spentNano).toBeLessThanOrEqual(left);
  if (journal.open().length === 0) expect(spentNano).toBe(left);
}

describe('a settling process under any schedule of earnings, closes, failures, deaths and restarts', () => {
  it('pays nothing twice, knows what everything cost, and keeps fees below 1% where nothing presses', async () => {
    let cheap = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
        const world = createSettleWorld();
        const history = begin(world);
        for (const one of steps) {
          await act(world, history, one);
          check(world, history);
        }
        cheap += history.cheap;
        world.store.close();
      }),
      { numRuns: RUNS, seed: 20_260_401 },
    );
    expect(cheap).toBeGreaterThan(RUNS / 4);
  });

  it('loses nothing that is worth a message, as long as it gets one working round in the last day of each line', async () => {
    let saved = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
        const world = createSettleWorld();
        const history = begin(world);
        for (const one of steps) await act(world, history, one);
        world.restart();
        world.blind = false;
        // What is on its way or waits after a failure gets its time; then one round an hour until all lines have ended.
        const ended = Math.max(...history.held.map((held) => held.line.settleBy));
        const payable = history.held.filter(
          (held) => lastSecond(world.entry(held)) - world.clock.time > 25 * HOUR,
        );
        for (; world.clock.time <= ended; world.clock.time += HOUR) await world.settlement.run(history.held);
        for (const held of payable) {
          const { paidNano, capNano } = world.entry(held);
          const { total } = held.receipt.value;
          const earned = total < capNano ? total : capNano;
          // A line alone costs less than this bound of the planner.
          if (earned - paidNano > 2_800_000n) throw new Error(`${earned - paidNano} nanotons were lost`);
          if (paidNano > 0n) saved += 1;
        }
        world.store.close();
      }),
      { numRuns: RUNS, seed: 20_260_402 },
    );
    expect(saved).toBeGreaterThan(RUNS / 2);
  });

  it('fills the wallet’s costs into what it tells, for batches of each size', async () => {
    for (let lines = 1; lines <= 6; lines++) {
      const world = createSettleWorld();
      const held = Array.from({ length: lines }, (_, n) => world.earn(world.open(1, n, 2n * TON, 7), TON));
      const { settled } = await world.settlement.run(held);
      expect(settled).toMatchObject([{ spentNano: COST_NANO(lines), outcome: 'paid' }]);
      expect(world.clock.time).toBe(START);
      world.store.close();
    }
  });
});

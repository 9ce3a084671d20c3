import { createBeginnings, planted, type Beginnings } from './beginnings';
import { FAULTS, faultyCodes, faultySources } from './faults';
import { missingEvents, runRange, type Report } from './run';
import { scheduleOf } from './schedules';
import { cutDown } from './shrink';
import type { Step } from './steps';

const SEED = 1;
/** Enough for everything to happen; `npm run invariants` runs as many as one likes. */
const SCHEDULES = Number(process.env['PROPERTY_RUNS'] ?? 2_000);
/** In which a planted fault must be found. */
const FAULTY_SCHEDULES = 200;

let shipped: Beginnings;
beforeAll(async () => {
  shipped = await createBeginnings();
}, 120_000);

function run(begin: Beginnings, schedules: number): Promise<Report> {
  const watch = { stopped: () => false, progress: () => undefined, maxViolations: 1 };
  return runRange(begin, { seed: SEED, from: 0, to: schedules }, watch);
}

test('no rule about money breaks, whoever does what and in whatever order it arrives', async () => {
  const report = await run(shipped, SCHEDULES);
  expect(report.found).toEqual([]);
  expect(missingEvents(report)).toEqual([]);
}, 600_000);

test.each(['bounce-forgotten', 'cap-ignored', 'payout-uncovered'])(
  'a contract with the fault "%s" is found out',
  async (id) => {
    const report = await run(planted(shipped, await faultyCodes(id)), FAULTY_SCHEDULES);
    expect(report.violations).toBe(1);
    expect(report.found[0]!.steps.length).toBeLessThanOrEqual(4);
  },
  600_000,
);

test('every planted fault can be planted in the contracts as they are', () => {
  for (const id of Object.keys(FAULTS)) expect(() => faultySources(id)).not.toThrow();
});

test('a schedule depends on its seed and number alone', () => {
  expect(scheduleOf(7, 3)).toEqual(scheduleOf(7, 3));
  expect(scheduleOf(7, 3)).not.toEqual(scheduleOf(7, 4));
  expect(scheduleOf(7, 3)).not.toEqual(scheduleOf(8, 3));
});

test('steps that break something are cut down to those that are needed', async () => {
  const breaks = (steps: readonly Step[]): Promise<boolean> =>
    Promise.resolve(steps.some((step) => step.do === 'top up' && step.value >= 10n) && steps.length >= 2);
  const topUp: Step = { do: 'top up', escrow: 1, value: 1_000n, form: 'op' };
  const noise = scheduleOf(1, 1).filter((step) => step.do !== 'top up');
  const shortest = await cutDown([...noise, topUp, ...noise], breaks);
  expect(shortest).toHaveLength(2);
  expect(shortest).toContainEqual({ ...topUp, escrow: 0, value: 15n });
});

import fc from 'fast-check';
import { createBeginnings, type Beginnings } from './beginnings';
import { FAULTS, faultyCodes, faultySources } from './faults';
import { missingEvents, runRange, type Report } from './run';
import { scheduleOf } from './schedules';
import { schedule } from './steps';

const SEED = 1;
/** Enough for everything to happen; `npm run invariants` runs as many as one likes. */
const SCHEDULES = Number(process.env['PROPERTY_RUNS'] ?? 2_000);
/** In which a planted fault must be found. */
const FAULTY_SCHEDULES = 200;

function run(begin: Beginnings, schedules: number): Promise<Report> {
  const watch = { stopped: () => false, progress: () => undefined, maxViolations: 1 };
  return runRange(begin, { seed: SEED, from: 0, to: schedules }, watch);
}

test('whatever clients, routers, providers, strangers and the chain do, no rule about money breaks (I-1 to I-6, I-8 to I-11, I-13)', async () => {
  const report = await run(await createBeginnings(), SCHEDULES);
  expect(report.found).toEqual([]);
  expect(missingEvents(report)).toEqual([]);
}, 600_000);

test.each(['bounce-forgotten', 'cap-ignored', 'payout-uncovered'])(
  'a contract with the fault "%s" is found out',
  async (id) => {
    const report = await run(await createBeginnings(await faultyCodes(id)), FAULTY_SCHEDULES);
    expect(report.violations).toBe(1);
    expect(report.found[0]!.steps.length).toBeLessThanOrEqual(4);
  },
  600_000,
);

test('every planted fault can be planted in the contracts as they are', () => {
  for (const id of Object.keys(FAULTS)) expect(() => faultySources(id)).not.toThrow();
});

test('a schedule depends on its seed and number alone, and is the one that is cut down', () => {
  expect(scheduleOf(7, 3)).toEqual(scheduleOf(7, 3));
  expect(scheduleOf(7, 3)).not.toEqual(scheduleOf(7, 4));
  expect(scheduleOf(7, 3)).not.toEqual(scheduleOf(8, 3));
  expect(fc.sample(schedule, { seed: 5, numRuns: 1 })).toEqual(
    fc.sample(schedule, { seed: 5, numRuns: 2 }).slice(0, 1),
  );
});

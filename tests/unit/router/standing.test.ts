import { ROUTER_LIMITS } from '../../../src/router/limits';
import { createStandings } from '../../../src/router/standing';

const NOW = 1_800_000_000;
const DAY = 86_400;

test('a worker that nobody used has a clean record', () => {
  expect(createStandings(ROUTER_LIMITS).read('w', NOW)).toEqual({
    distinctEscrows: 0,
    successRate: 1,
    medianLatencyMs: null,
  });
});

test('one escrow with many jobs weighs as much as one with a single job', () => {
  const standings = createStandings(ROUTER_LIMITS);
  for (let i = 0; i < 100; i++) standings.completed('w', 'the seller himself', NOW);
  standings.failed('w', 'a customer', NOW);
  expect(standings.read('w', NOW).successRate).toBe(0.5);
});

test('escrows count as customers for a day after they paid', () => {
  const standings = createStandings(ROUTER_LIMITS);
  standings.completed('w', 'a', NOW);
  standings.completed('w', 'b', NOW + 10);
  standings.failed('w', 'c', NOW + 10);
  expect(standings.read('w', NOW + DAY - 1).distinctEscrows).toBe(2);
  expect(standings.read('w', NOW + DAY).distinctEscrows).toBe(1);
});

test('old jobs fade', () => {
  const standings = createStandings(ROUTER_LIMITS);
  for (let i = 0; i < 200; i++) standings.failed('w', 'a', NOW);
  for (let i = 0; i < 200; i++) standings.completed('w', 'a', NOW);
  expect(standings.read('w', NOW).successRate).toBeGreaterThan(0.5);
});

test('latency is the median of the last jobs', () => {
  const standings = createStandings(ROUTER_LIMITS);
  for (const ms of [10, 1_000, 20]) standings.latency('w', ms);
  expect(standings.read('w', NOW).medianLatencyMs).toBe(20);
  for (let i = 0; i < 64; i++) standings.latency('w', 7);
  expect(standings.read('w', NOW).medianLatencyMs).toBe(7);
});

test('records are bounded in workers and escrows', () => {
  const standings = createStandings({ ...ROUTER_LIMITS, standings: 1, escrowsPerStanding: 2 });
  for (const escrow of ['a', 'b', 'c']) standings.completed('w', escrow, NOW);
  expect(standings.read('w', NOW).distinctEscrows).toBe(2);
  standings.completed('other', 'a', NOW);
  expect(standings.read('w', NOW).distinctEscrows).toBe(0);
});

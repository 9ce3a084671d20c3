import { explore } from './explore';
import { FAULTS, withFault } from './faults';
import { replay } from './replay';
import { RULES } from './rules';
import { INSTANCES } from './state';

const { small, whole } = INSTANCES;
const PATHS = Number(process.env['SEARCH_PATHS'] ?? 25);

test('no order of allocate, settle, bounce, close, prune, withdraw, signer change and time breaks an invariant, two units', () => {
  expect(explore(RULES, small)).toEqual({
    states: 69_120,
    transitions: 713_906,
    depth: 14,
    complete: true,
    violations: [],
  });
}, 60_000);

test.each(Object.entries(FAULTS))('the search finds the fault "%s"', (id) => {
  const { violations } = explore(withFault(id), small);
  expect(violations).toHaveLength(1);
  expect(violations[0]!.trace.length).toBeLessThanOrEqual(6);
});

test('a search of the wrong kind says which faults there are', () => {
  expect(() => withFault('none')).toThrow('search: no fault "none"; there are: free-locked');
});

test('the contracts walk the paths of the search: after each step both show the same books', async () => {
  expect(await replay(RULES, whole, 1, PATHS)).toEqual({
    paths: PATHS,
    steps: PATHS * 14,
    disagreement: null,
  });
}, 600_000);

test('a path on which the model lies is named with its steps', async () => {
  const { disagreement } = await replay(withFault('close-at-once'), whole, 1, PATHS);
  expect(disagreement?.trace.at(-1)).toMatch(/close line/);
}, 600_000);

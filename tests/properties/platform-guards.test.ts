import { ATTACKS } from '../mutants/attacks';
import { guardsOf } from '../mutants/guards';
import { createMutants } from '../mutants/createMutants';
import { GUARDS } from '../mutants/mutants';
import results from '../mutants/results.json';
import { ACCEPTED, createTargets } from '../support/platformTarget';
import { contractSources } from '../support/tactSources';

// No guard is decoration. `npm run mutants` compiles a Platform without each and writes tests/mutants/results.json.

test('every guard in the sources is listed with an attack or an argument, and nothing else is', () => {
  expect(Object.keys(GUARDS).sort()).toEqual(
    guardsOf(contractSources())
      .map(({ id }) => id)
      .sort(),
  );
});

test('each Platform without one of its guards was run, and accepted the forgery of that guard', () => {
  const { mutants } = createMutants();
  const expected = mutants.map(({ name, attack }) => [name, { attack, outcome: ACCEPTED }]);
  expect(results).toEqual(Object.fromEntries(expected));
});

describe('the Platform with all its guards refuses', () => {
  let targets: Awaited<ReturnType<typeof createTargets>>;
  beforeAll(async () => {
    targets = await createTargets();
  });

  test.each(Object.entries(ATTACKS))('%s', async (_, { refusal, send }) => {
    expect(await send(targets)).toBe(refusal);
  });
});

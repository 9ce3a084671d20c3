import { ATTACKS } from './list';
import { readPage } from './page';
import { play } from './play';
import { PLAYS } from './plays';

describe.each(['router', 'worker'] as const)('client refuses a %s that', (liar) => {
  const attacks = ATTACKS.filter((attack) => attack.liar === liar);
  test.each(attacks.map((attack) => [attack.lie, attack.refusal, attack] as const))(
    '%s: %s',
    (_lie, _refusal, attack) => play(attack, PLAYS[attack.id]!),
  );
});

test('every lie of the list is played, and nothing is played that the list does not name', () => {
  expect(Object.keys(PLAYS).sort()).toEqual(ATTACKS.map(({ id }) => id).sort());
});

test('reader of docs/attacks.md finds the list as it is; run `npm run attacks -- --docs` after a change', () => {
  const { current, wanted } = readPage();
  expect(current).toBe(wanted);
});

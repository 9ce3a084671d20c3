import { isPrunable } from '../../../src/chain/lineEnd';
import type { EscrowState, LineEntry } from '../../../src/chain/types';
import { pickLines } from '../../../src/operate/lines';
import { nano } from '../../../src/protocol/amounts';

const line = (over: Partial<LineEntry> = {}): LineEntry => ({
  capNano: nano(10n),
  paidNano: nano(4n),
  settleBy: 200,
  closeAt: 100,
  ...over,
});

test.each([
  ['closed, in its last second', line(), 100, false],
  ['closed, a second later', line(), 101, true],
  ['closed and fully paid, before settle-by', line({ paidNano: nano(10n) }), 101, false],
  ['closed and fully paid, after settle-by', line({ paidNano: nano(10n) }), 201, true],
  ['open, at settle-by', line({ closeAt: 0 }), 200, false],
  ['open, a second after settle-by', line({ closeAt: 0 }), 201, true],
  ['closing after settle-by, a second after settle-by', line({ closeAt: 300 }), 201, true],
])('a line that is %s: whether there is something to prune', (_case, entry, now, prunable) => {
  expect(isPrunable(entry, now)).toBe(prunable);
});

const A = 'aa'.repeat(20);
const B = 'bb'.repeat(20);
const escrow = {
  lines: new Map([
    [A, line()],
    [B, line({ closeAt: 0 })],
  ]),
} as unknown as EscrowState;
const hexOf = (ids: Buffer[]): string[] => ids.map((id) => id.toString('hex'));

test('person names all lines, or some of them in any writing, each once', () => {
  expect(hexOf(pickLines(escrow, 'all', () => true))).toEqual([A, B]);
  expect(hexOf(pickLines(escrow, `${B.toUpperCase()}, 0x${A},${B}`, () => true))).toEqual([B, A]);
  expect(hexOf(pickLines(escrow, 'all', ({ closeAt }) => closeAt === 0))).toEqual([B]);
});

test.each(['', 'ab', 'cc'.repeat(20), `${A},`])(
  'person who names "%s" is told that no such line is there',
  (named) => {
    expect(() => pickLines(escrow, named, () => true)).toThrow('the escrow has no such line');
  },
);

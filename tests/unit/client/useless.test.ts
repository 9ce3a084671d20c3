import type { EscrowState } from '../../../src/chain/types';
import type { HeldLine } from '../../../src/client/heldLine';
import type { Candidate } from '../../../src/client/market';
import { DEFAULT_POLICY } from '../../../src/client/policy';
import { createAbsences, uselessLines, type Outlook } from '../../../src/client/useless';
import { nano } from '../../../src/protocol/amounts';
import { EMPTY_RANGE } from '../../../src/protocol/mountainRange';

const DAY = 86_400;
const NOW = 1_900_000_000;
const worker = Buffer.alloc(32, 1);

function lineOf(id: string, change: Partial<HeldLine> = {}): HeldLine {
  return {
    ...{ id, workerId: 'key', router: 'http://router.test', openedAtUnix: NOW - 5 * DAY },
    line: {
      ...{ workerAddress: worker, settleBy: NOW + 9 * DAY, feeBps: 0 },
      ...{ feeTo: Buffer.alloc(20), workerKey: worker },
    },
    ...{ knownNano: 0n, knownJobs: 0, newest: null, open: new Map(), raises: [] },
    ...{ audited: { range: EMPTY_RANGE, totalNano: 0n }, usedAtUnix: NOW, ended: null },
    ...change,
  };
}

function candidate(promptPrice: bigint, change: { key?: string; feeBps?: number } = {}): Candidate {
  const { key = 'key', feeBps = 0 } = change;
  return {
    worker: { id: key, address: worker },
    ...{ router: 'http://router.test', feeBps, feeTo: Buffer.alloc(20) },
    ask: { promptPrice, completionPrice: 0n },
  } as unknown as Candidate;
}

function reasons(held: HeldLine[], change: Partial<Outlook> = {}, seconds = 0): Record<string, string> {
  const entry = { capNano: nano(9n), paidNano: nano(0), settleBy: NOW + 9 * DAY, closeAt: 0 };
  const outlook: Outlook = {
    escrow: { lines: new Map(held.map(({ id }) => [id, entry])) } as unknown as EscrowState,
    ...{ held, candidates: [candidate(5n)], policy: { ...DEFAULT_POLICY, maxPromptPrice: nano(5n) } },
    ...{ isAvoided: () => false, target: 2, nowUnix: NOW },
    ...change,
  };
  const absences = createAbsences();
  for (let ago = seconds; ago > 0; ago -= 1_200) uselessLines({ ...outlook, nowUnix: NOW - ago }, absences);
  return Object.fromEntries([...uselessLines(outlook, absences)].map(([{ id }, why]) => [id, why]));
}

describe('a line is of no use', () => {
  it.each<[string, Candidate[], string | undefined]>([
    ['at a price that the policy just allows', [candidate(5n)], undefined],
    ['one above it', [candidate(6n)], 'too dear'],
    ['to a worker that is not there', [], 'gone'],
    ['that pays the router another share than it asks for', [candidate(5n, { feeBps: 1 })], 'gone'],
  ])('after a day: %s', (_, candidates, why) => {
    expect(reasons([lineOf('a')], { candidates }, DAY)['a']).toBe(why);
    expect(reasons([lineOf('a')], { candidates }, DAY - 1)['a']).toBeUndefined();
  });

  it('at once when the worker has another key, or is avoided', () => {
    const candidates = [candidate(5n, { key: 'new key' })];
    expect(reasons([lineOf('a')], { candidates })).toEqual({ a: 'key replaced' });
    expect(reasons([lineOf('a')], { candidates: [...candidates, candidate(5n)] })).toEqual({});
    expect(reasons([lineOf('a')], { isAvoided: (id) => id === 'key' })).toEqual({ a: 'dishonest' });
  });

  it('never because no order book could be had', () => {
    expect(reasons([lineOf('a')], { candidates: null }, 2 * DAY)).toEqual({});
  });

  it('when it is not used, but not among the spares that a client in use keeps', () => {
    const idle = (id: string, days: number): HeldLine => lineOf(id, { usedAtUnix: NOW - days * DAY - 1 });
    expect(reasons([lineOf('used'), idle('spare', 4)])).toEqual({});
    expect(reasons([lineOf('used'), idle('spare', 3), idle('older', 4)])).toEqual({ older: 'unused' });
    expect(reasons([idle('one', 3), idle('other', 4)])).toEqual({ one: 'unused', other: 'unused' });
    expect(reasons([lineOf('a', { usedAtUnix: NOW - 3 * DAY })])).toEqual({});
  });
});

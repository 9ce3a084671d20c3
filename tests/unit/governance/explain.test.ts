import type { Cell } from '@ton/core';
import { decodeOrder } from '../../../src/governance/decode';
import { explain } from '../../../src/governance/explain';
import { placeOf, placeText } from '../../../src/governance/explainQueue';
import type { Explanation } from '../../../src/governance/explanation';
import type { Standing } from '../../../src/governance/standing';
import * as R from '../../../wrappers/Registry';
import { account, COIN, DAY, FLOOR, hash, NOW, standing, withQueued } from './standing';

const meaning = (body: Cell, now: Standing = standing()): Explanation => explain(decodeOrder(body), now);
const said = (body: Cell, now?: Standing): string => meaning(body, now).says.join('. ');
const short = (name: string): string => `${hash(name).toString('hex').slice(0, 8)}...`;

describe('an image', () => {
  const NEW_YEAR = 1_798_761_600;

  test('that is new', () => {
    expect(said(R.allowImageBody(hash('new'), NEW_YEAR))).toBe(
      `allows image ${short('new')} (role worker) until 2027-01-01T00:00:00Z; today it is not on the list`,
    );
  });

  test('that is known gets another date, and a block of it is not lifted', () => {
    const blocks = [{ hash: hash('image'), at: NOW + DAY }];
    expect(said(R.allowImageBody(hash('image'), NEW_YEAR), standing({ blocks }))).toMatch(
      /today it is allowed \(role worker\) until 2026-.*does not lift the block of that image: by the guardian/,
    );
  });

  test('of a role that no program has, or of a date that is past, is called so', () => {
    expect(said(R.allowImageBody(hash('new'), NEW_YEAR, 9))).toContain('role 9, which no program has');
    expect(meaning(R.allowImageBody(hash('new'), NOW)).against).toEqual([
      'that date is past: refused (1014)',
    ]);
    expect(meaning(R.allowImageBody(hash('new'), NOW + 1)).against).toEqual([]);
  });

  test('beside sixty-four others is refused', () => {
    const images = Array.from({ length: 64 }, (_, i) => ({
      imageId: hash(`image ${i}`),
      role: 1,
      expiresAt: NOW,
    }));
    const full = standing({ images });
    expect(meaning(R.allowImageBody(hash('new'), NEW_YEAR), full).against[0]).toContain('refused (1012)');
    expect(meaning(R.allowImageBody(hash('image 1'), NEW_YEAR), full).against).toEqual([]);
  });
});

describe('terms', () => {
  const { parameters } = standing().registry;

  test('are told by what becomes of each', () => {
    const body = R.setParametersBody({ ...parameters, minStakeNano: 5n * COIN, protocolFeeBps: 150 });
    expect(said(body)).toBe(
      'lowers the minimum stake from 10 TON to 5 TON. raises the protocol fee from 1% to 1.5%. ' +
        'changes no terms of what is staked or listed already',
    );
    expect(said(R.setParametersBody({ ...parameters, treasury: account('thief') }))).toContain(
      `moves the treasury, to which the protocol fee goes, from ${account('treasury').toString()} to ${account('thief').toString()}`,
    );
    expect(said(R.setParametersBody(parameters))).toContain('so nothing changes');
  });

  test.each([
    [10_000_000_000_000n, 0],
    [10_000_000_000_001n, 1],
    [COIN / 10n, 0],
    [COIN / 10n - 1n, 1],
  ])('%d nanotons of stake are refused %d times', (minStakeNano, times) => {
    const { against } = meaning(R.setParametersBody({ ...parameters, minStakeNano }));
    expect(against).toHaveLength(times);
  });
});

test('a new owner is told with what he could do from then on, and what not', () => {
  const text = said(R.offerOwnershipBody(account('next')));
  expect(text).toContain(`offers the registry to ${account('next').toString()}, who has it once he accepts`);
  expect(text).toContain('loosen after 15 d in the open');
  expect(text).toContain('no deposit, stake or earnings, and admit no machine');
  const unsealed = standing({ registry: { ...standing().registry, sealed: false } });
  expect(said(R.offerOwnershipBody(account('next')), unsealed)).toContain('the registry is not sealed');
  const offered = standing({ registry: { ...standing().registry, offeredOwner: account('next') } });
  expect(said(R.acceptOwnershipBody(), offered)).toMatch(/hands the registry from EQ\S+ to EQ/);
  expect(said(R.offerOwnershipBody(account('owner')), offered)).toContain('takes back the offer');
  expect(meaning(R.acceptOwnershipBody()).against).toEqual(['it is offered to nobody: refused (1001)']);
});

describe('a block', () => {
  test('names its subject where a list knows it', () => {
    expect(said(R.blockBody(hash('image')))).toContain(`blocks image ${short('image')}`);
    expect(said(R.blockBody(account('worker').hash))).toContain(`worker ${account('worker').toString()}`);
    expect(said(R.blockBody(hash('whatever')))).toContain('an image or a worker on no list, or a platform');
  });

  test('of what is blocked is for the owner alone, and takes back the order that would lift it', () => {
    const lift = R.unblockBody(hash('platform'));
    const now = withQueued(lift, NOW + DAY);
    expect(said(R.blockBody(hash('platform')), now)).toMatch(
      /only the owner may block it again.*takes back the order/,
    );
    expect(said(R.blockBody(hash('other')), now)).not.toContain('takes back');
  });

  test('is lifted by waiting while it holds, at once when it has lapsed', () => {
    expect(meaning(R.unblockBody(hash('platform')))).toMatchObject({ effect: 'loosens', waits: true });
    expect(meaning(R.unblockBody(account('worker').hash))).toMatchObject({ effect: 'loosens', waits: true });
    expect(meaning(R.unblockBody(hash('forgotten')))).toMatchObject({ effect: 'neither', waits: false });
    expect(said(R.unblockBody(hash('never')))).toContain('it is not blocked, so nothing changes');
  });
});

describe('a floor', () => {
  const FAMILY = Buffer.alloc(6, 7);

  test('tightens when no part of it is lower, and loosens when one is', () => {
    const higher = R.allowTcbBody(FAMILY, { ...FLOOR, pceSvn: 12 });
    expect(meaning(higher)).toMatchObject({ effect: 'tightens', waits: false });
    expect(said(higher)).toContain('raises the least PCESVN from 11 to 12');
    const mixed = R.allowTcbBody(FAMILY, { ...FLOOR, pceSvn: 12, qeIsvSvn: 3 });
    expect(meaning(mixed)).toMatchObject({ effect: 'loosens', waits: true });
    expect(said(mixed)).toContain('lowers the least ISVSVN of the quoting enclave from 4 to 3');
    expect(meaning(R.allowTcbBody(FAMILY, FLOOR))).toMatchObject({ effect: 'neither', waits: false });
  });

  test('of a family that had none admits its machines', () => {
    const none = standing({ floors: [] });
    expect(said(R.allowTcbBody(FAMILY, FLOOR), none)).toContain('today no machine of it is admitted');
    expect(meaning(R.allowTcbBody(FAMILY, FLOOR), none).waits).toBe(true);
  });

  test('forgotten lets that of all others hold, or nothing', () => {
    const own = { fmspc: FAMILY, ...FLOOR, pceSvn: 13 };
    const both = standing({ floors: [...standing().floors, own] });
    expect(meaning(R.revokeTcbBody(FAMILY), both)).toMatchObject({ effect: 'loosens', waits: true });
    expect(said(R.revokeTcbBody(FAMILY), both)).toContain('lowers the least PCESVN from 13 to 11');
    expect(meaning(R.revokeTcbBody(FAMILY), standing({ floors: [own] }))).toMatchObject({
      effect: 'tightens',
    });
    expect(said(R.revokeTcbBody(FAMILY))).toContain('there is none, so nothing changes');
  });
});

describe('models and shapes', () => {
  test('say what is there already', () => {
    expect(said(R.allowModelBody(hash('model'), 'large'))).toContain('names model');
    expect(said(R.allowModelBody(hash('new'), 'tiny'))).toContain('takes a name that model');
    expect(said(R.allowShapeBody(hash('shape')))).toContain('so nothing changes');
    expect(said(R.revokeShapeBody(hash('shape')))).toContain('nothing is admitted with it any more');
    expect(said(R.revokeModelBody(hash('never')))).toContain('so nothing changes');
  });

  test("a model's name cannot move a terminal's cursor", () => {
    const text = said(R.allowModelBody(hash('new'), '\u001b[2Jtiny\u202e'));
    expect(text).toContain('"\\u001b[2Jtiny\\u202e"');
    expect(text).toMatch(/^[\x20-\x7e]*$/);
  });
});

describe('an order about an order', () => {
  const body = R.allowShapeBody(hash('new'));

  test('tells what would be taken back, and what is carried out', () => {
    const now = withQueued(body, NOW + DAY);
    expect(said(R.cancelOrderBody(body.hash()), now)).toMatch(
      /takes back order \w{8}\.\.\., which waits until .* \(1 d\): it allows shape/,
    );
    expect(meaning(R.executeOrderBody(body.hash()), now).against).toEqual([
      expect.stringContaining('refused (1020)'),
    ]);
  });

  test.each([
    [NOW + 1, 'waits', ['it is not due before 2026-05-28T20:26:41Z: refused (1020)']],
    [NOW, 'due', []],
    [NOW - R.ORDER_SECONDS, 'due', []],
    [NOW - R.ORDER_SECONDS - 1, 'void', ['it is void: refused (1024)']],
  ] as const)('due at %d: it %s', (dueAt, state, against) => {
    expect(placeOf({ dueAt }, NOW).state).toBe(state);
    expect(meaning(R.executeOrderBody(body.hash()), withQueued(body, dueAt)).against).toEqual(against);
  });

  test('that is not in the queue is refused', () => {
    for (const unknown of [R.cancelOrderBody(hash('x')), R.executeOrderBody(hash('x'))]) {
      expect(meaning(unknown).against).toEqual(['no such order is in the queue: refused (1021)']);
    }
  });

  test('has its dates in words', () => {
    expect(placeText(placeOf({ dueAt: NOW + DAY + 3_600 }, NOW), NOW)).toBe(
      'waits until 2026-05-29T21:26:40Z (1 d 1 h)',
    );
    expect(placeText(placeOf({ dueAt: NOW - 10 }, NOW), NOW)).toBe(
      'is due, until 2026-06-11T20:26:30Z (13 d 23 h)',
    );
    expect(placeText(placeOf({ dueAt: NOW - 15 * DAY }, NOW), NOW)).toBe(
      'is void since 2026-05-27T20:26:41Z',
    );
  });
});

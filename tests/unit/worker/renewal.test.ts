import { refused } from '../../../src/chain/accounts';
import { Address } from '@ton/core';
import { LIMITS } from '../../../src/protocol/limits';
import { WORKER_LIMITS } from '../../../src/worker/limits';
import { QuoteSourceError } from '../../../src/worker/quotes/errors';
import { backoffSeconds } from '../../../src/worker/renewal';
import {
  chainAway,
  createFakeAdmission,
  HOUR,
  START,
  type Doing,
  type FakeAdmission,
} from './support/fakeAdmission';

const DAY = 24 * HOUR;
const ACTS: readonly Doing[] = ['announce', 'block', 'quote', 'attest'];
const acts = (fake: FakeAdmission): Doing[] => fake.did.filter((doing) => ACTS.includes(doing));
const count = (fake: FakeAdmission, doing: Doing): number => fake.did.filter((did) => did === doing).length;
const warnings = (fake: FakeAdmission): string[] =>
  fake.log.filter(({ level }) => level === 'warn').map(({ text }) => text);
const alerts = (fake: FakeAdmission): string[] =>
  fake.log.filter(({ level }) => level === 'error').map(({ text }) => text);

describe('worker renews its attestation', () => {
  let fake: FakeAdmission;
  beforeEach(() => {
    fake = createFakeAdmission();
  });
  afterEach(() => fake.end());

  const status = () => fake.watch.attestation();
  const admitted = (): boolean => fake.watch.current().admitted;

  it('is admitted in one look: announce, block, quote, attest', async () => {
    await fake.watch.tick();
    expect(acts(fake)).toEqual(['announce', 'block', 'quote', 'attest']);
    expect(admitted()).toBe(true);
    expect(status()).toMatchObject({
      ...{ source: 'SIMULATED', simulated: true, step: 'idle', failures: 0, alert: null, lastFailure: null },
      expiresAtUnix: START - LIMITS.clockSkewSeconds + LIMITS.statementMaxSeconds,
      lastSuccessAtUnix: START,
    });
    expect(warnings(fake)).toEqual([]);
  });

  it('does nothing more until eight hours before the end, and then is admitted anew before it', async () => {
    await fake.watch.tick();
    const { expiresAtUnix } = status();
    await fake.run(expiresAtUnix - WORKER_LIMITS.renewBeforeSeconds - START, 60);
    expect(acts(fake)).toHaveLength(4);
    await fake.run(120, 60);
    expect(acts(fake)).toHaveLength(8);
    expect(admitted()).toBe(true);
    expect(status().expiresAtUnix).toBeGreaterThan(expiresAtUnix + 15 * HOUR);
  });

  it('stays admitted for a week without a gap, once in sixteen hours', async () => {
    await fake.watch.tick();
    for (let hour = 0; hour < 7 * 24; hour++) {
      await fake.run(HOUR, 600);
      expect(admitted()).toBe(true);
    }
    expect(count(fake, 'attest')).toBe(11);
    expect(alerts(fake)).toEqual([]);
  });

  it('never quotes twice for one block', async () => {
    await fake.watch.tick();
    fake.state.quoteSeqno = fake.block.seqno + 100;
    fake.clock.time += 17 * HOUR;
    await fake.watch.tick();
    expect(count(fake, 'quote')).toBe(1);
    fake.block = { ...fake.block, seqno: fake.state.quoteSeqno + 100 };
    await fake.watch.tick();
    expect(count(fake, 'quote')).toBe(2);
    expect(admitted()).toBe(true);
  });

  describe('what the chain refuses is named once, counted and tried again', () => {
    const REASONS = [
      [1031, 'image not allowed'],
      [1032, 'image expired'],
      [1034, 'shape not allowed'],
      [1142, 'quote not fresh'],
      [1143, 'quote replayed'],
      [1121, 'stake too small'],
    ] as const;
    it.each(REASONS)('a quote that is refused with %i', async (code) => {
      fake.refusesQuote = code;
      await fake.run(3 * HOUR, 5);
      const [reason] = fake.failures;
      expect(reason).not.toBe('');
      expect(new Set(fake.failures)).toEqual(new Set([reason]));
      expect(status()).toMatchObject({ failures: fake.failures.length, lastFailure: { reason } });
      expect(warnings(fake).filter((text) => text.includes(`(${code})`))).toHaveLength(1);
      expect(warnings(fake).find((text) => text.includes(`(${code})`))).toContain(reason);
      expect(admitted()).toBe(false);

      fake.refusesQuote = 0;
      await fake.run(HOUR, 5);
      expect(admitted()).toBe(true);
      expect(status()).toMatchObject({ failures: 0, step: 'idle' });
    });

    it('a statement that is refused is announced again, and never quoted before', async () => {
      fake.refusesStatement = 1043;
      await fake.run(2 * HOUR, 5);
      expect(count(fake, 'quote')).toBe(0);
      const announced = count(fake, 'announce');
      expect(announced).toBeGreaterThan(3);
      expect(announced).toBeLessThan(15);
      fake.refusesStatement = 0;
      await fake.run(HOUR, 5);
      expect(admitted()).toBe(true);
    });

    it('waits twice as long after each failure, up to half an hour', async () => {
      fake.refusesQuote = 1031;
      await fake.run(6 * HOUR, 1);
      const gaps = fake.attestedAt.slice(1).map((at, i) => at - fake.attestedAt[i]!);
      expect(gaps.slice(0, 8)).toEqual([12, 23, 45, 90, 180, 360, 720, 1350]);
      expect(gaps.slice(8).every((gap) => gap === 1350)).toBe(true);
    });

    it('by chance a wait is shorter, never longer', () => {
      expect(backoffSeconds(0, 0)).toBe(7.5);
      expect(backoffSeconds(0, 0.999)).toBeLessThan(15);
      expect(backoffSeconds(1_000, 0.999)).toBeLessThan(1_800);
    });

    it('a new quote is asked for after a refusal, not the old one sent again', async () => {
      fake.refusesQuote = 1142;
      await fake.run(120, 5);
      expect(count(fake, 'quote')).toBe(count(fake, 'attest'));
      expect(count(fake, 'quote')).toBeGreaterThan(2);
      expect(count(fake, 'announce')).toBe(1);
    });
  });

  it('a source that fails is named with its cure, and tried again', async () => {
    let broken = true;
    fake.interfere = (doing) => {
      if (doing === 'quote' && broken)
        throw new QuoteSourceError('tsm_forbidden', 'the entry cannot be made: EACCES');
    };
    await fake.run(600, 5);
    expect(new Set(fake.failures)).toEqual(new Set(['tsm_forbidden']));
    expect(warnings(fake).filter((text) => text.includes('Run as root'))).toHaveLength(1);
    expect(count(fake, 'attest')).toBe(0);
    broken = false;
    await fake.run(1_800, 5);
    expect(admitted()).toBe(true);
  });

  it('a source that never answers holds nothing up: reading goes on, and it is given up', async () => {
    await fake.watch.tick();
    fake.interfere = (doing) => (doing === 'quote' ? new Promise<void>(() => undefined) : undefined);
    fake.clock.time += 17 * HOUR;
    fake.block = { ...fake.block, seqno: fake.block.seqno + 100 };
    const renewing = fake.watch.tick();
    await turns();
    expect(status().step).toBe('quote');
    fake.state.unstakeAt = 1;
    fake.state.active = false;
    await fake.watch.tick();
    expect(admitted()).toBe(false);
    expect(count(fake, 'quote')).toBe(2);
    fake.timers.advance(WORKER_LIMITS.quoteTimeoutMs);
    await renewing;
    expect(fake.failures).toEqual(['quote_late']);
  });

  it.each<Doing>(['announce', 'block', 'attest'])(
    'a chain that is away at %s is asked again',
    async (where) => {
      let away = true;
      fake.interfere = (doing) => {
        if (doing === where && away) chainAway();
      };
      await fake.run(60, 5);
      expect(fake.failures[0]).toBe('chain_unavailable');
      away = false;
      await fake.run(600, 5);
      expect(admitted()).toBe(true);
    },
  );

  it('an answer that got lost is no reason to send again: the chain tells', async () => {
    for (const where of ['announce', 'attest'] as const) {
      fake.loseAnswer = (doing) => {
        if (doing === where) chainAway();
      };
      await fake.run(60, 1);
      fake.loseAnswer = () => undefined;
    }
    await fake.run(120, 1);
    expect(admitted()).toBe(true);
    expect([count(fake, 'announce'), count(fake, 'attest')]).toEqual([1, 1]);
  });

  it('an announcement that may still arrive is not sent twice within a minute and a half', async () => {
    fake.interfere = (doing) => {
      if (doing === 'announce') chainAway();
    };
    await fake.run(90, 1);
    expect(count(fake, 'announce')).toBe(1);
    await fake.run(10, 1);
    expect(count(fake, 'announce')).toBe(2);
  });

  it('a refused repetition of what was accepted is a success', async () => {
    fake.loseAnswer = (doing) => {
      if (doing === 'attest') throw refused(new Address(0, Buffer.alloc(32)), 1143);
    };
    await fake.watch.tick();
    expect(admitted()).toBe(true);
    expect(fake.failures).toEqual([]);
  });

  it('a state folder that is gone ends no process, and is said', async () => {
    fake.end();
    await fake.watch.tick();
    expect(admitted()).toBe(false);
    expect(acts(fake)).toEqual([]);
    expect(warnings(fake)[0]).toContain('cannot be written down');
  });

  it('a chain that is away again is said again', async () => {
    await fake.watch.tick();
    for (let outage = 0; outage < 2; outage++) {
      fake.interfere = (doing) => {
        if (doing === 'read') chainAway();
      };
      await fake.run(30, 5);
      fake.interfere = () => undefined;
      await fake.run(30, 5);
    }
    expect(warnings(fake).filter((text) => text.includes('cannot be read'))).toHaveLength(2);
    expect(admitted()).toBe(true);
  });

  it('a machine without room is no success: it is tried again with the same statement until there is', async () => {
    fake.deniesSlot = true;
    await fake.run(600, 5);
    expect(admitted()).toBe(false);
    expect(new Set(fake.failures)).toEqual(new Set(['full']));
    expect(status().failures).toBeGreaterThan(3);
    const { statementHash } = fake.state;
    fake.deniesSlot = false;
    await fake.run(1_200, 5);
    expect(admitted()).toBe(true);
    expect(fake.state.statementHash).toEqual(statementHash);
  });

  it('an image that ends before the statement is asked about hourly, and so its extension counts', async () => {
    fake.imageUntil = START + 20 * HOUR;
    await fake.watch.tick();
    await fake.run(14 * HOUR, 60);
    expect(count(fake, 'attest')).toBe(3);
    fake.imageUntil = Infinity;
    await fake.run(2 * HOUR, 60);
    expect(count(fake, 'attest')).toBe(4);
    expect(status().expiresAtUnix).toBeGreaterThan(fake.clock.time + 19 * HOUR);
  });

  it('a stake that is being taken out is no trouble, and nothing is paid for', async () => {
    fake.state.unstakeAt = START + DAY;
    await fake.run(600, 5);
    expect(acts(fake)).toEqual([]);
    expect([fake.failures, warnings(fake).filter((text) => text.includes('taken out')).length]).toEqual([
      [],
      1,
    ]);
  });

  describe('a clock that is not the chain’s', () => {
    it.each([
      [61, 'behind'],
      [-61, 'ahead of'],
    ])('by %i seconds announces nothing, and says so', async (seconds, way) => {
      fake.chainAheadSeconds = seconds;
      await fake.run(600, 5);
      expect(acts(fake)).toEqual([]);
      expect(new Set(fake.failures)).toEqual(new Set(['clock_apart']));
      expect(warnings(fake).filter((text) => text.includes(`61 s ${way} the chain`))).toHaveLength(1);
      fake.chainAheadSeconds = 0;
      await fake.run(1_800, 5);
      expect(admitted()).toBe(true);
    });

    it('by a minute is near enough', async () => {
      fake.chainAheadSeconds = 60;
      await fake.watch.tick();
      expect(admitted()).toBe(true);
    });
  });

  describe('the alert', () => {
    const failFrom = async (hoursBeforeEnd: number): Promise<void> => {
      await fake.watch.tick();
      fake.refusesQuote = 1031;
      await fake.run(fake.watch.current().activeUntil - hoursBeforeEnd * HOUR - fake.clock.time, 60);
    };

    it('is silent while failures have time, and is raised once in the last quarter', async () => {
      await failFrom(6.1);
      expect(status().failures).toBeGreaterThan(5);
      expect([status().alert, alerts(fake)]).toEqual([null, []]);
      await fake.run(HOUR, 60);
      expect(status().alert).toMatch(/^the admission ends in 3\d\d minutes, and \d+ renewals failed: /);
      expect(alerts(fake)).toHaveLength(1);
      await fake.run(6 * HOUR, 60);
      expect(status().alert).toMatch(/has ended/);
      expect(admitted()).toBe(false);
      expect(alerts(fake)).toHaveLength(1);
    });

    it('is over with the next success', async () => {
      await failFrom(5);
      expect(alerts(fake)).toHaveLength(1);
      fake.refusesQuote = 0;
      await fake.run(HOUR, 60);
      expect(status().alert).toBeNull();
      expect(fake.log.map(({ text }) => text)).toContain('the alert is over');
    });
  });

  describe('a process that ends between two steps', () => {
    const diesAt = (where: Doing, when: 'before' | 'after'): void => {
      const die = (doing: Doing): void => {
        if (doing === where) throw new Error('killed');
      };
      if (when === 'before') fake.interfere = die;
      else fake.loseAnswer = die;
    };
    const PLACES = [
      ['announce', 'before'],
      ['announce', 'after'],
      ['block', 'before'],
      ['quote', 'before'],
      ['quote', 'after'],
      ['attest', 'before'],
      ['attest', 'after'],
    ] as const;
    it.each(PLACES)(
      'at %s, %s it, is admitted after its restart with the same statement',
      async (where, when) => {
        diesAt(where, when);
        await fake.watch.tick();
        fake.interfere = () => undefined;
        fake.loseAnswer = () => undefined;
        const announced = fake.state.pending?.statementHash ?? null;
        fake.restart();
        await fake.run(200, 1);
        expect(admitted()).toBe(true);
        if (announced) expect(fake.state.statementHash).toEqual(announced);
        expect(count(fake, 'announce')).toBe(where === 'announce' && when === 'before' ? 2 : 1);
        expect(count(fake, 'attest')).toBe(where === 'attest' && when === 'before' ? 2 : 1);
      },
    );

    it('keeps the count of failures, so that restarts do not pay faster', async () => {
      fake.refusesQuote = 1031;
      await fake.run(600, 1);
      const attests = count(fake, 'attest');
      for (let n = 0; n < 5; n++) {
        fake.restart();
        await fake.run(2, 1);
      }
      expect(count(fake, 'attest')).toBe(attests);
      expect(status().failures).toBe(attests);
    });
  });

  describe('where the operator’s wallet is elsewhere', () => {
    it('a quote is laid ready once it is time, and again when it has grown old', async () => {
      fake.restart({ handsOver: true });
      await fake.run(30, 1);
      expect([count(fake, 'announce'), count(fake, 'attest')]).toEqual([1, 1]);
      await fake.run(180, 1);
      expect(count(fake, 'announce')).toBe(1);
      expect(count(fake, 'attest')).toBe(3);
      expect(fake.failures).toEqual([]);
    });

    it('without a source, what another process brings is recognised', async () => {
      fake.restart({ quotes: false });
      await fake.run(10, 1);
      expect(warnings(fake).filter((text) => text.includes('no source of quotes'))).toHaveLength(1);
      const { statementHash, notAfter, receiptKey } = fake.state.pending!;
      Object.assign(fake.state, {
        ...{ statementHash, activeUntil: notAfter, pending: null },
        keys: [{ workerKey: receiptKey, activeUntil: notAfter, lastSettleBy: START + 13 * DAY }],
      });
      await fake.run(1);
      expect(admitted()).toBe(true);
      expect(status()).toMatchObject({ source: null, lastSuccessAtUnix: fake.clock.time });
    });

    it('without a wallet and without files nothing is announced, and that is said', async () => {
      fake.restart({ announces: false, quotes: false });
      await fake.run(10, 1);
      expect(acts(fake)).toEqual([]);
      expect(warnings(fake).filter((text) => text.includes('no operator wallet'))).toHaveLength(1);
    });
  });
});

const turns = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
};

import { createChainClock, type ChainTime } from '../../../src/chain/clock';
import { CHAIN_LIMITS } from '../../../src/chain/limits';
import { LIMITS } from '../../../src/protocol/limits';

/** Time by hand: the machine's own, and what the chain answers. */
async function clockWith(follow: 'chain' | 'system', first: ChainTime | Error) {
  const at = { monotonicMs: 1_000, systemMs: 5_000_000, chain: first };
  const clock = await createChainClock({
    follow,
    source: async () => {
      if (at.chain instanceof Error) throw at.chain;
      return at.chain;
    },
    monotonicMs: () => at.monotonicMs,
    systemMs: () => at.systemMs,
    pollMs: 0,
  });
  const pass = (seconds: number): void => {
    at.monotonicMs += seconds * 1000;
    at.systemMs += seconds * 1000;
  };
  return { clock, at, pass };
}

const running = (unix: number): ChainTime => ({ unix, standing: false });

describe('the one clock of a program', () => {
  test('follows a chain that is far from the system time, and carries its time on', async () => {
    const { clock, pass } = await clockWith('chain', running(1_000_000));
    expect(clock.now()).toBe(1_000_000);
    pass(2.5);
    expect(clock.now()).toBe(1_000_002.5);
    expect(clock.chainOffsetSeconds()).toBe(0);
  });

  test('jumps with the chain, and never goes back', async () => {
    const { clock, at, pass } = await clockWith('chain', running(1_000_000));
    at.chain = running(1_086_400);
    await clock.sync();
    expect(clock.now()).toBe(1_086_400);
    at.chain = running(1_086_390);
    await clock.sync();
    expect(clock.now()).toBe(1_086_400);
    expect(clock.chainOffsetSeconds()).toBe(-10);
    pass(10);
    expect(clock.chainOffsetSeconds()).toBe(0);
  });

  test('stands when the chain stands', async () => {
    const { clock, pass } = await clockWith('chain', { unix: 1_000_000, standing: true });
    pass(3_600);
    expect(clock.now()).toBe(1_000_000);
    expect(clock.chainOffsetSeconds()).toBe(0);
  });

  test('reports a chain that it cannot see any more, once the time is past what it carries on', async () => {
    const { clock, at, pass } = await clockWith('chain', running(1_000_000));
    at.chain = new Error('unreachable');
    await clock.sync();
    pass(CHAIN_LIMITS.clockCarrySeconds);
    expect(clock.chainOffsetSeconds()).toBe(0);
    expect(clock.now()).toBe(1_000_000 + CHAIN_LIMITS.clockCarrySeconds);
    pass(LIMITS.clockSkewSeconds + 1);
    expect(clock.now()).toBe(1_000_000 + CHAIN_LIMITS.clockCarrySeconds);
    expect(Math.abs(clock.chainOffsetSeconds())).toBeGreaterThan(LIMITS.clockSkewSeconds);
    at.chain = running(1_000_500);
    await clock.sync();
    expect(clock.chainOffsetSeconds()).toBe(0);
  });

  test('keeps the system time on a real network, and tells how far the chain is', async () => {
    const { clock, at } = await clockWith('system', running(5_000));
    expect(clock.now()).toBe(5_000);
    expect(clock.chainOffsetSeconds()).toBe(0);
    at.chain = running(4_930);
    await clock.sync();
    expect(clock.now()).toBe(5_000);
    expect(clock.chainOffsetSeconds()).toBe(-70);
  });

  test('tells an infinite distance before it saw the chain at all', async () => {
    const { clock } = await clockWith('chain', new Error('unreachable'));
    expect(clock.chainOffsetSeconds()).toBe(Number.POSITIVE_INFINITY);
  });
});

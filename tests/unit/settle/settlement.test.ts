import { COST_NANO, createSettleWorld, START, TON, type SettleWorld } from './world';
import type { HeldReceipt } from '../../../src/chain/dues';
import { nano } from '../../../src/protocol/amounts';

const HOUR = 3_600;

describe('a process that settles', () => {
  let world: SettleWorld;
  let held: HeldReceipt;
  beforeEach(() => {
    world = createSettleWorld();
    held = world.earn(world.open(1, 0, TON, 7), TON / 2n);
  });
  afterEach(() => world.store.close());

  const sums = () => world.store.journal.totals();

  it('writes down to the nanoton what each line was paid and what share of the cost it bore', async () => {
    const other = world.earn(world.open(1, 1, TON, 7), TON / 4n);
    const { settled, claims } = await world.settlement.run([held, other]);
    expect(settled).toMatchObject([{ outcome: 'paid', paidNano: (3n * TON) / 4n, spentNano: COST_NANO(2) }]);
    const [entry] = world.store.journal.history();
    expect(entry!.lines.map(({ paidNano }) => paidNano).sort()).toEqual([TON / 2n, TON / 4n].sort());
    const shares = entry!.lines.map(({ spentNano }) => spentNano).sort((a, b) => Number(b - a));
    expect(shares).toEqual([(COST_NANO(2) * 2n) / 3n, COST_NANO(2) / 3n]);
    expect(claims.map(({ state }) => state)).toEqual(['paid', 'paid']);
  });

  it('does not repeat a message whose end it does not know until no block can take it any more', async () => {
    world.fate = 'dropped';
    const first = await world.settlement.run([held]);
    expect(first.failures).toMatchObject([{ error: { code: 'chain_unavailable' } }]);
    expect(first.claims).toMatchObject([{ state: 'sent', dueNano: TON / 2n }]);
    world.clock.time += 60;
    expect((await world.settlement.run([held], { all: true })).settled).toEqual([]);
    world.clock.time += 1;
    const { settled } = await world.settlement.run([held], { all: true });
    expect(settled.map(({ outcome }) => outcome)).toEqual(['void', 'paid']);
    expect(sums()).toMatchObject({ paidNano: TON / 2n, spentNano: COST_NANO(1) });
  });

  it('finds a message again that was taken although nobody said so', async () => {
    world.fate = 'silent';
    await world.settlement.run([held]);
    const { settled } = await world.settlement.run([held], { all: true });
    expect(settled).toMatchObject([{ outcome: 'paid', paidNano: TON / 2n, spentNano: COST_NANO(1) }]);
    expect(world.wallet.messages).toBe(1);
  });

  it.each(['dies before', 'dies after'] as const)('that %s its message is taken pays once', async (fate) => {
    world.fate = fate;
    await world.settlement.run([held]).catch(() => undefined);
    world.restart();
    world.clock.time += 61;
    await world.settlement.run([held], { all: true });
    expect(world.entry(held).paidNano).toBe(TON / 2n);
    expect(world.wallet.messages).toBe(1);
    expect(sums()).toMatchObject({ paidNano: TON / 2n, spentNano: COST_NANO(1) });
  });

  it('sends anew at once, after a fresh look, when another process took its number', async () => {
    world.fate = 'overtaken';
    const { settled, failures } = await world.settlement.run([held]);
    expect([settled.length, failures.length, world.wallet.messages]).toEqual([1, 0, 1]);
    expect(world.store.journal.history().map(({ outcome }) => outcome)).toEqual(['paid', 'void']);
  });

  it('sends nothing when somebody else settled the line between its two looks', async () => {
    world.meanwhile = () => world.set(held, { paidNano: nano(TON / 2n - 1_000n) });
    const { settled, failures, claims } = await world.settlement.run([held]);
    expect([settled.length, failures.length, world.wallet.messages]).toEqual([0, 0, 0]);
    expect(claims).toMatchObject([{ state: 'dust', dueNano: 1_000n }]);
  });

  it('lets a line whose payout came back wait, longer each time, also after a restart', async () => {
    world.fate = 'bounces';
    const { settled } = await world.settlement.run([held]);
    expect(settled).toMatchObject([{ outcome: 'nothing', paidNano: 0n, spentNano: COST_NANO(1) }]);
    world.restart();
    world.clock.time += 599;
    expect((await world.settlement.run([held], { all: true })).claims).toMatchObject([
      { state: 'held back' },
    ]);
    expect(world.wallet.messages).toBe(1);
    world.clock.time += 1;
    world.fate = 'bounces';
    await world.settlement.run([held], { all: true });
    world.clock.time += 600;
    await world.settlement.run([held], { all: true });
    expect(world.wallet.messages).toBe(2);
    world.clock.time += 600;
    expect((await world.settlement.run([held], { all: true })).settled).toMatchObject([{ outcome: 'paid' }]);
  });

  it('does not let an escrow that fails hold up the others', async () => {
    const other = world.earn(world.open(2, 0, TON, 7), TON / 3n);
    world.fate = 'dropped';
    const { settled } = await world.settlement.run([held, other]);
    expect(settled).toMatchObject([{ outcome: 'paid', paidNano: TON / 3n }]);
  });

  it('sends nothing with a wallet that holds too little, and settles when there is enough', async () => {
    const needed = 8_742_003n;
    world.wallet.balance = needed - 1n;
    const { failures } = await world.settlement.run([held]);
    expect(failures).toMatchObject([{ escrow: null, error: { code: 'wallet_exhausted' } }]);
    expect(world.store.journal.history()).toEqual([]);
    world.wallet.balance = needed;
    expect((await world.settlement.run([held])).settled).toHaveLength(1);
  });

  it('notices a close at its first look, and a later one within the time between two looks', async () => {
    const small = world.earn(world.open(1, 1, TON, 7), 10_000_000n);
    expect((await world.settlement.run([small])).claims).toMatchObject([{ state: 'waiting', urgent: false }]);
    world.set(small, { closeAt: world.clock.time + 36 * HOUR });
    world.clock.time += 299;
    expect((await world.settlement.run([small])).settled).toEqual([]);
    world.clock.time += 1;
    expect((await world.settlement.run([small])).settled).toMatchObject([{ paidNano: 10_000_000n }]);
    const closed = world.earn(world.open(3, 0, TON, 7), 10_000_000n);
    world.set(closed, { closeAt: world.clock.time + 36 * HOUR });
    world.restart();
    expect((await world.settlement.run([closed])).settled).toHaveLength(1);
  });

  it('raises the alert in the last six hours of what is unpaid, and tells once what was lost', async () => {
    world.set(held, { closeAt: START + 24 * HOUR });
    world.blind = true;
    world.clock.time = START + 18 * HOUR;
    expect((await world.settlement.run([held])).failures).toMatchObject([
      { error: { code: 'chain_unavailable' } },
    ]);
    world.blind = false;
    world.fate = 'dropped';
    world.clock.time += HOUR;
    const { alarms } = await world.settlement.run([held]);
    expect(alarms).toMatchObject([{ state: 'sent', dueNano: TON / 2n }]);
    world.clock.time = START + 24 * HOUR + 1;
    const { claims } = await world.settlement.run([held]);
    expect(claims).toMatchObject([{ state: 'lost', dueNano: TON / 2n }]);
    await world.settlement.run([held]);
    expect(world.store.troubles.lostNano()).toBe(TON / 2n);
  });

  it('shows what settling a line costs, and calls dust what brings less', async () => {
    const dust = world.earn(world.open(1, 2, nano(TON), 7), 1_000n);
    const { claims } = await world.settlement.run([dust]);
    expect(claims).toMatchObject([{ state: 'dust', dueNano: 1_000n, next: 'costs more than it brings' }]);
    expect(claims[0]!.costInBatchNano).toBeGreaterThan(1_000n);
    expect(claims[0]!.costAloneNano).toBeGreaterThan(claims[0]!.costInBatchNano);
  });

  it('runs one round at a time: a second one is the first, unless it wants everything', async () => {
    const [one, two, three] = await Promise.all([
      world.settlement.run([held]),
      world.settlement.run([held]),
      world.settlement.run([held], { all: true }),
    ]);
    expect(one).toBe(two);
    expect(three).not.toBe(one);
    expect(world.wallet.messages).toBe(1);
  });
});

import { nano } from '../../../src/protocol/amounts';
import type { HeldReceipt } from '../../../src/chain/dues';
import type { Round } from '../../../src/settle';
import type { LineEntry } from '../../../src/chain/types';
import { lineId, lineImage } from '../../../src/protocol/line';
import { RECEIPT_FINAL, receiptLayout, verifySigned } from '../../../src/protocol/signed';
import { createWorld, START, type World } from './support/world';

const NOTHING: Round = { settled: [], claims: [], alarms: [], failures: [] };

describe('worker settles', () => {
  let world: World;
  let runs: { held: HeldReceipt[]; policy: { all?: boolean } }[];
  let failing: boolean;
  beforeEach(async () => {
    runs = [];
    failing = false;
    const settlement = {
      run(held: readonly HeldReceipt[], policy: { all?: boolean } = {}) {
        runs.push({ held: [...held], policy });
        return failing ? Promise.reject(new Error('no chain')) : Promise.resolve(NOTHING);
      },
      claims: () => [],
    };
    world = await createWorld({ deps: { settlement } });
  });
  afterEach(() => world.end());

  const settleRound = async (): Promise<HeldReceipt[]> => {
    const before = runs.length;
    world.timers.advance(60_000);
    await world.until(() => runs.length > before);
    return runs.at(-1)!.held;
  };

  it('worker hands the planner the newest receipt of each line that earned, every minute', async () => {
    await world.run();
    await world.run();
    const [held, ...rest] = await settleRound();
    expect(rest).toHaveLength(0);
    expect(held).toMatchObject({ escrow: world.escrow.hash, line: world.line });
    expect(held!.receipt.value).toMatchObject({ total: 34n, jobs: 2n, flags: 0 });
    expect(verifySigned(receiptLayout, held!.receipt, world.worker.workerKey)).toBe(true);
    expect(runs.at(-1)!.policy).toEqual({ all: false });
  });

  it('worker has nothing to settle for a line that earned nothing', async () => {
    await world.run({ path: '/cocoon/v1/audit', body: { from: 0 }, maxFee: 0n });
    expect(await settleRound()).toHaveLength(0);
  });

  it('worker settles a line in its last second, and not after it', async () => {
    await world.run();
    world.clock.time = world.line.settleBy;
    expect(await settleRound()).toHaveLength(1);
    world.clock.time += 1;
    expect(await settleRound()).toHaveLength(0);
  });

  it('worker ends a line that is being closed with a final receipt', async () => {
    await world.run();
    const lines = world.escrow.state.lines as Map<string, LineEntry>;
    const key = lineId(world.line).toString('hex');
    lines.set(key, { ...lines.get(key)!, closeAt: START + 36 * 3_600 });
    world.clock.time += 31;
    const [held] = await settleRound();
    expect(held!.receipt.value).toMatchObject({ total: 17n, flags: RECEIPT_FINAL });
  });

  it('worker tries again after a failure, and settles everything when it drains', async () => {
    await world.run();
    failing = true;
    await settleRound();
    failing = false;
    expect(await settleRound()).toHaveLength(1);
    await world.worker.drain();
    expect(runs.at(-1)!.policy).toEqual({ all: true });
    expect(runs.at(-1)!.held[0]!.receipt.value.flags).toBe(0);
  });

  it('worker shows its claims and hands out its receipts on its admin port', async () => {
    await world.run();
    const ask = async (path: string) => {
      const reply = await fetch(`http://127.0.0.1:${world.worker.adminPort}${path}`);
      return [reply.status, (await reply.json()) as object];
    };
    const line = lineImage(world.line).toString('base64');
    expect(await ask('/receipts')).toMatchObject([200, { receipts: [{ line }], next: null }]);
    expect(await ask('/receipts?after=zz')).toMatchObject([400, {}]);
    expect(await ask('/claims')).toEqual([200, { claims: [] }]);
  });

  it('worker forgets a line a day after its last second, and not before', async () => {
    await world.run();
    world.clock.time = world.line.settleBy + 86_400;
    world.timers.advance(3_600_000);
    expect(await world.ledgerLines()).toBe(1);
    await world.restart();
    world.clock.time += 1;
    world.timers.advance(3_600_000);
    expect(await world.ledgerLines()).toBe(0);
  });
});

describe('worker whose process ends with its key', () => {
  it('worker that is told so signs final receipts on drain', async () => {
    const runs: HeldReceipt[][] = [];
    const settlement = {
      run: (held: readonly HeldReceipt[]) => Promise.resolve(void runs.push([...held])).then(() => NOTHING),
      claims: () => [],
    };
    const world = await createWorld({ config: { finalReceiptsOnDrain: true }, deps: { settlement } });
    try {
      await world.run();
      await world.worker.drain();
      expect(runs.at(-1)![0]!.receipt.value).toMatchObject({ total: nano(17n), flags: RECEIPT_FINAL });
    } finally {
      await world.end();
    }
  });
});

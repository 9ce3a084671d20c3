import { Address, Cell } from '@ton/core';
import fc from 'fast-check';
import { sha256 } from '../../src/protocol/hash';
import { setParametersBody } from '../../wrappers/Registry';
import {
  claimBody,
  delistRecipientBody,
  listRecipientBody,
  payoutBody,
  pullFeeBody,
  slashBody,
  stakeBody,
  unstakeBody,
  withdrawStakeBody,
  WORKER_RESERVE_NANO,
} from '../../wrappers/Worker';
import { balanceOf } from '../support/chain';
import { contradiction } from '../support/contradiction';
import * as N from '../support/network';
import * as M from './workerModel';

const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 15);
/** Nine routers for eight places. */
const ROUTERS = Array.from({ length: 9 }, (_, n) => new Address(0, sha256(Buffer.from(`router ${n}`))));
/** Rent of a Worker for longer than any run lasts. */
const RENT_ALLOWANCE = 20_000_000n;

type Command =
  | { do: 'pay'; amount: bigint; feeBps: number; to: number }
  | { do: 'list'; to: number; maxBps: number }
  | { do: 'delist'; to: number }
  | { do: 'pull'; to: number }
  | { do: 'stake'; amount: bigint }
  | { do: 'unstake' | 'withdraw' | 'claim' | 'gift' | 'slash' }
  | { do: 'govern'; feeBps: number; unbondingSeconds: number }
  | { do: 'wait'; seconds: number };

const router = fc.integer({ min: 0, max: ROUTERS.length - 1 });
const amount = fc.bigInt({ min: 0n, max: 3n * N.COIN });
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('pay'), amount, feeBps: fc.nat(6_000), to: router }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('list'), to: router, maxBps: fc.integer({ min: 1, max: 5_000 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delist'), to: router }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pull'), to: router }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('stake'), amount }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unstake') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('withdraw') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('slash') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('claim') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('gift') }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('govern'),
      feeBps: fc.nat(500),
      unbondingSeconds: fc.integer({ min: N.DAY, max: 30 * N.DAY }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait'), seconds: fc.integer({ min: 1, max: 9 * N.DAY }) }),
  },
);

/** Sends what the command says, and holds the answer and everybody's gain against the model. */
async function run(net: N.Network, model: M.WorkerModel, step: Command): Promise<void> {
  const accepted = async (from: Address, body: Cell, value = N.COIN): Promise<boolean> =>
    N.firstExit(net, await N.send(net, from, net.worker, body, value)) === 0;
  const provider = net.provider.address;

  switch (step.do) {
    case 'pay': {
      const to = ROUTERS[step.to]!;
      const body = payoutBody({
        amountNano: step.amount,
        lineId: Buffer.alloc(20, 1),
        feeBps: step.feeBps,
        feeTo: to.hash.subarray(0, 20),
        keyPrefix: N.workerKey().subarray(0, 16),
      });
      // The one admitted key lives for 13 days, and payouts to it for one more.
      const living = model.now <= model.admittedAt + 14 * N.DAY;
      expect(await accepted(net.stranger.address, body, step.amount + N.COIN / 100n)).toBe(living);
      if (living) M.pay(model, step.amount, step.feeBps, step.to);
      return;
    }
    case 'list': {
      const body = listRecipientBody(ROUTERS[step.to]!.hash.subarray(0, 20), step.maxBps);
      expect(await accepted(provider, body)).toBe(M.list(model, step.to, step.maxBps));
      return;
    }
    case 'delist': {
      const body = delistRecipientBody(ROUTERS[step.to]!.hash.subarray(0, 20));
      expect(await accepted(provider, body)).toBe(M.delist(model, step.to));
      return;
    }
    case 'pull': {
      const before = await balanceOf(net.chain, net.worker);
      const due = M.pull(model, step.to);
      expect(await accepted(ROUTERS[step.to]!, pullFeeBody())).toBe(due !== null);
      expectFell(before - (await balanceOf(net.chain, net.worker)), due ?? 0n);
      return;
    }
    case 'stake':
      expect(
        await accepted(provider, stakeBody(step.amount, net.operator.address), step.amount + N.COIN),
      ).toBe(true);
      M.addStake(model, step.amount);
      M.takeTerms(model, net.parameters.protocolFeeBps, net.parameters.unbondingSeconds);
      return;
    case 'unstake':
      expect(await accepted(provider, unstakeBody())).toBe(M.unstake(model));
      return;
    case 'withdraw': {
      const before = await balanceOf(net.chain, net.worker);
      const due = M.withdrawStake(model);
      expect(await accepted(provider, withdrawStakeBody())).toBe(due !== null);
      expectFell(before - (await balanceOf(net.chain, net.worker)), due ?? 0n);
      return;
    }
    case 'slash': {
      const before = await balanceOf(net.chain, net.worker);
      const taken = M.slash(model);
      const body = slashBody(N.workerKey(), ...contradiction(N.workerKeys()));
      expect(await accepted(net.stranger.address, body)).toBe(taken !== null);
      expectFell(before - (await balanceOf(net.chain, net.worker)), taken ?? 0n);
      return;
    }
    case 'claim':
      return claim(net, model);
    case 'gift':
      await N.send(net, net.stranger, net.worker, Cell.EMPTY, N.COIN / 10n);
      return;
    case 'govern': {
      const { feeBps: protocolFeeBps, unbondingSeconds } = step;
      net.parameters = { ...net.parameters, protocolFeeBps, unbondingSeconds };
      await N.send(net, net.owner, net.registry, setParametersBody(net.parameters));
      return;
    }
    case 'wait':
      net.chain.now! += step.seconds;
      model.now += step.seconds;
      return;
  }
}

/** I-6: whatever is claimable is paid, but for the fee that this stake agreed to, whatever governance did since. */
async function claim(net: N.Network, model: M.WorkerModel): Promise<void> {
  const { claimableNano } = await N.readWorker(net);
  const treasury = await balanceOf(net.chain, net.treasury.address);
  const result = await N.send(net, net.provider, net.worker, claimBody());
  // Rent that is due when the message arrives may take the last of it.
  if (claimableNano < RENT_ALLOWANCE) {
    if (N.firstExit(net, result) === 0) model.earnings = (await N.readWorker(net)).earningsNano;
    return;
  }
  expect(N.firstExit(net, result)).toBe(0);
  const taxed = model.earnings < claimableNano ? model.earnings : claimableNano;
  const tax = (taxed * BigInt(model.feeBps)) / 10_000n;
  expect((await balanceOf(net.chain, net.treasury.address)) - treasury).toBeLessThanOrEqual(tax);
  model.earnings = (await N.readWorker(net)).earningsNano;
  expect(model.earnings).toBeLessThan(RENT_ALLOWANCE);
}

/** Exactly `due` left the Worker, but for rent. */
function expectFell(fell: bigint, due: bigint): void {
  expect(fell).toBeGreaterThanOrEqual(due);
  expect(fell).toBeLessThan(due + RENT_ALLOWANCE);
}

test('the worker keeps the same books as the reference model (I-1, I-2, I-6, I-10)', async () => {
  const property = fc.asyncProperty(fc.array(command, { minLength: 10, maxLength: 40 }), async (steps) => {
    const net = { ...(await N.createActiveWorker()) };
    const model = M.newModel(net.chain.now!, 10n * N.COIN, 100, 14 * N.DAY);
    for (const step of steps) {
      await run(net, model, step);
      const worker = await N.readWorker(net);
      expect(worker).toMatchObject({
        stakeNano: model.stake,
        earningsNano: model.earnings,
        owedNano: M.owedToAll(model),
        unstakeAt: model.unstakeAt,
        terms: { feeBps: model.feeBps, unbondingSeconds: model.unbondingSeconds },
      });
      if (model.slashed) expect(worker.active).toBe(false);
      const kept = WORKER_RESERVE_NANO + model.stake + M.owedToAll(model);
      // I-2: everything counted is there, but for rent out of the reserve.
      expect(worker.balanceNano + RENT_ALLOWANCE).toBeGreaterThanOrEqual(kept + model.earnings);
    }
  });
  await fc.assert(property, { numRuns: RUNS });
}, 300_000);

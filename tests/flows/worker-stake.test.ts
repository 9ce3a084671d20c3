import { Address } from '@ton/core';
import {
  feeToOf,
  listRecipientBody,
  payoutBody,
  pullFeeBody,
  setOperatorBody,
  stakeBody,
  unstakeBody,
  withdrawStakeBody,
  WORKER_RESERVE_NANO,
  workerInit,
} from '../../wrappers/Worker';
import { setParametersBody } from '../../wrappers/Registry';
import { balanceOf } from '../support/chain';
import { slotDeniedBody, statementClearedBody } from '../support/attestation';
import * as N from '../support/network';

const STAKE = 10n * N.COIN;
const KEY_PREFIX = N.workerKey().subarray(0, 16);

async function firstStake(net: N.Network, amountNano: bigint, value: bigint): Promise<string[]> {
  const body = stakeBody(amountNano, net.operator.address);
  const init = await workerInit(net.registry, net.provider.address, N.INDEX);
  return N.story(net, await N.send(net, net.provider, net.worker, body, value, init));
}

const command = (net: N.Network, body: ReturnType<typeof unstakeBody>, value = N.COIN) =>
  N.send(net, net.provider, net.worker, body, value);

test('provider stakes, and the registry lists the worker and grants terms', async () => {
  const net = await N.createNetwork();
  expect(N.story(net, await N.stake(net))).toEqual([
    'provider -> worker: Stake 0',
    'worker -> registry: WorkerStaked 0',
    'registry -> worker: TermsGranted 0',
    'worker -> provider: Excesses 0',
  ]);
  expect(await N.readWorker(net)).toMatchObject({
    provider: N.plain(net.provider.address),
    operator: N.plain(net.operator.address),
    index: N.INDEX,
    stakeNano: STAKE,
    balanceNano: STAKE + WORKER_RESERVE_NANO,
    claimableNano: 0n,
    active: false,
    keys: [],
    admitted: null,
    terms: {
      feeBps: 100,
      minStakeNano: STAKE,
      unbondingSeconds: 14 * N.DAY,
      treasury: N.plain(net.treasury.address),
    },
  });
  expect(await N.listedWorkers(net)).toEqual([N.plain(net.worker)]);
});

test('first stake takes amount, reserve and gas, and not one nanoton less', async () => {
  const { stakeNano: gas } = await N.workerMinValues(await N.createActiveWorker());
  const least = STAKE + WORKER_RESERVE_NANO + gas;
  expect(await firstStake(await N.createNetwork(), STAKE, least - 1n)).toEqual([
    'provider -> worker: Stake 1103',
    'worker -> provider: bounced:Stake 0',
  ]);
  expect(await firstStake(await N.createNetwork(), STAKE, least)).toEqual([
    'provider -> worker: Stake 0',
    'worker -> registry: WorkerStaked 0',
    'registry -> worker: TermsGranted 0',
    'worker -> provider: Excesses 0',
  ]);
});

test('later stakes take no reserve again', async () => {
  const net = await N.createNetwork();
  await N.stake(net);
  const { stakeNano: gas } = await N.workerMinValues(net);
  const body = stakeBody(N.COIN, net.stranger.address);
  expect(N.firstExit(net, await command(net, body, N.COIN + gas - 1n))).toBe(1103);
  expect(N.firstExit(net, await command(net, body, N.COIN + gas))).toBe(0);
  expect(await N.readWorker(net)).toMatchObject({
    stakeNano: 11n * N.COIN,
    operator: N.plain(net.stranger.address),
  });
});

test('only the provider stakes, sets the operator, unstakes and withdraws', async () => {
  const net = await N.createNetwork();
  await N.stake(net);
  for (const body of [
    stakeBody(0n, net.stranger.address),
    setOperatorBody(net.stranger.address),
    unstakeBody(),
    withdrawStakeBody(),
  ]) {
    for (const sender of [net.stranger, net.operator, net.owner]) {
      expect(N.firstExit(net, await N.send(net, sender, net.worker, body))).toBe(1100);
    }
  }
  expect(N.firstExit(net, await command(net, setOperatorBody(net.stranger.address)))).toBe(0);
  expect((await N.readWorker(net)).operator).toBe(N.plain(net.stranger.address));
});

test('worker with less than the minimum stake is not listed, with exactly the minimum it is', async () => {
  const net = await N.createNetwork();
  await N.stake(net, STAKE - 1n);
  expect(await N.listedWorkers(net)).toEqual([]);
  await N.stake(net, 1n);
  expect(await N.listedWorkers(net)).toEqual([N.plain(net.worker)]);
});

test('provider unstakes: inactive and unlisted at once, paid after unbonding to the second', async () => {
  const net = await N.createActiveWorker();
  expect((await N.readWorker(net)).active).toBe(true);
  expect(N.firstExit(net, await command(net, withdrawStakeBody()))).toBe(1124);
  expect(N.story(net, await command(net, unstakeBody()))).toEqual([
    'provider -> worker: Unstake 0',
    'worker -> registry: WorkerLeft 0',
    'registry -> provider: Excesses 0',
  ]);
  const unstakeAt = net.chain.now! + 14 * N.DAY;
  expect(await N.readWorker(net)).toMatchObject({ active: false, unstakeAt, stakeNano: STAKE });
  expect(await N.listedWorkers(net)).toEqual([]);

  net.chain.now = unstakeAt - 1;
  expect(N.firstExit(net, await command(net, withdrawStakeBody()))).toBe(1122);
  net.chain.now = unstakeAt;
  const before = await balanceOf(net.chain, net.provider.address);
  expect(N.story(net, await command(net, withdrawStakeBody()))).toEqual([
    'provider -> worker: WithdrawStake 0',
    'worker -> provider: Excesses 0',
  ]);
  const gained = (await balanceOf(net.chain, net.provider.address)) - before;
  // The command's own coin comes back with the stake, less gas; it was sent from outside the wallet.
  expect(gained).toBeGreaterThan(STAKE + N.COIN - N.COIN / 100n);
  expect(gained).toBeLessThan(STAKE + N.COIN);
  expect(N.firstExit(net, await command(net, withdrawStakeBody()))).toBe(1123);
  const left = await N.readWorker(net);
  expect(left.stakeNano).toBe(0n);
  // Rent of a fortnight came off the reserve.
  expect(left.balanceNano).toBeGreaterThan((WORKER_RESERVE_NANO * 9n) / 10n);
});

test('rent beyond the reserve is taken from the stake, never from what routers are owed', async () => {
  const net = await N.createActiveWorker();
  const feeTo = feeToOf(net.routerOperator.address);
  await command(net, listRecipientBody(feeTo, 1_000));
  const payout = {
    amountNano: N.COIN,
    lineId: Buffer.alloc(20),
    feeBps: 1_000,
    feeTo,
    keyPrefix: KEY_PREFIX,
  };
  await N.send(net, net.stranger, net.worker, payoutBody(payout), 2n * N.COIN);
  await command(net, unstakeBody());
  net.chain.now! += 14 * N.DAY;
  await N.setBalance(net, net.worker, STAKE);
  const before = await balanceOf(net.chain, net.provider.address);
  expect(N.firstExit(net, await command(net, withdrawStakeBody()))).toBe(0);
  expect((await balanceOf(net.chain, net.provider.address)) - before).toBeGreaterThan((STAKE * 97n) / 100n);
  expect(await N.readWorker(net)).toMatchObject({
    stakeNano: 0n,
    balanceNano: N.COIN / 10n,
    owedNano: N.COIN / 10n,
  });
  const wallet = await balanceOf(net.chain, net.routerOperator.address);
  await N.send(net, net.routerOperator, net.worker, pullFeeBody());
  expect((await balanceOf(net.chain, net.routerOperator.address)) - wallet).toBeGreaterThan(N.COIN / 10n);
});

test('a second unstake does not move the date', async () => {
  const net = await N.createActiveWorker();
  await command(net, unstakeBody());
  const { unstakeAt } = await N.readWorker(net);
  net.chain.now! += N.DAY;
  expect(N.firstExit(net, await command(net, unstakeBody()))).toBe(1122);
  expect((await N.readWorker(net)).unstakeAt).toBe(unstakeAt);
});

test('unstaking takes its minimum value, and withdrawing its own', async () => {
  const net = await N.createActiveWorker();
  const { unstakeNano, payOutNano } = await N.workerMinValues(net);
  expect(N.firstExit(net, await command(net, unstakeBody(), unstakeNano - 1n))).toBe(1103);
  expect(N.story(net, await command(net, unstakeBody(), unstakeNano))).toEqual([
    'provider -> worker: Unstake 0',
    'worker -> registry: WorkerLeft 0',
    'registry -> provider: Excesses 0',
  ]);
  net.chain.now! += 14 * N.DAY;
  expect(N.firstExit(net, await command(net, withdrawStakeBody(), payOutNano - 1n))).toBe(1103);
  expect(N.firstExit(net, await command(net, withdrawStakeBody(), payOutNano))).toBe(0);
});

test('provider takes an unstake back by staking again', async () => {
  const net = await N.createActiveWorker();
  await command(net, unstakeBody());
  await N.stake(net, 0n);
  expect(await N.readWorker(net)).toMatchObject({ active: true, unstakeAt: 0 });
  expect(await N.listedWorkers(net)).toEqual([N.plain(net.worker)]);
});

test('unstaking without a stake is refused', async () => {
  const net = await N.createNetwork();
  await N.stake(net, 0n);
  expect(N.firstExit(net, await command(net, unstakeBody()))).toBe(1123);
});

test('I-10 governance can only better the terms of a stake, never worsen them', async () => {
  const net = await N.createNetwork();
  const change = (protocolFeeBps: number, unbondingSeconds: number) =>
    N.send(
      net,
      net.owner,
      net.registry,
      setParametersBody({ ...net.parameters, protocolFeeBps, unbondingSeconds }),
    );
  await N.stake(net);
  await change(500, 30 * N.DAY);
  await N.stake(net, 0n);
  expect((await N.readWorker(net)).terms).toMatchObject({ feeBps: 100, unbondingSeconds: 14 * N.DAY });
  await change(20, 2 * N.DAY);
  await N.stake(net, 0n);
  expect((await N.readWorker(net)).terms).toMatchObject({ feeBps: 20, unbondingSeconds: 2 * N.DAY });
  await change(500, 30 * N.DAY);
  await N.stake(net, 0n);
  expect((await N.readWorker(net)).terms).toMatchObject({ feeBps: 20, unbondingSeconds: 2 * N.DAY });
});

test('only the registry grants terms, clears statements, confirms quotes and denies slots', async () => {
  const net = await N.createActiveWorker();
  const before = await N.readWorker(net);
  for (const sender of [net.owner, net.provider, net.operator, net.stranger]) {
    for (const body of [
      N.termsGrantedBody(net),
      statementClearedBody(N.workerKey(), sender.address),
      N.attestedBody(net, N.statement(net)),
      slotDeniedBody(net.platform.hash, sender.address),
    ]) {
      expect(N.firstExit(net, await N.send(net, sender, net.worker, body))).toBe(1102);
    }
  }
  expect(await N.readWorker(net)).toEqual(before);
});

test('a stake that no registry answers is bound by no terms and comes back at once', async () => {
  const net = await N.createNetwork();
  const alone = await N.withRegistry(net, new Address(0, Buffer.alloc(32, 0xab)));
  expect(N.story(alone, await N.stake(alone))).toEqual([
    'provider -> worker: Stake 0',
    'worker -> registry: WorkerStaked null',
    'registry -> worker: bounced:WorkerStaked 0',
  ]);
  expect(await N.readWorker(alone)).toMatchObject({ stakeNano: STAKE, terms: null });
  await command(alone, unstakeBody());
  expect(N.story(alone, await command(alone, withdrawStakeBody()))).toEqual([
    'provider -> worker: WithdrawStake 0',
    'worker -> provider: Excesses 0',
  ]);
});

import { beginCell, toNano } from '@ton/core';
import { blockBody, revokeImageBody, revokeShapeBody, setParametersBody } from '../../wrappers/Registry';
import {
  claimBody,
  payoutBody,
  unstakeBody,
  withdrawStakeBody,
  WORKER_RESERVE_NANO,
} from '../../wrappers/Worker';
import { balanceOf } from '../support/chain';
import * as N from '../support/network';

async function earn(net: N.Network, amountNano: bigint): Promise<void> {
  const body = payoutBody({
    amountNano,
    lineId: Buffer.alloc(20, 1),
    feeBps: 0,
    feeTo: Buffer.alloc(20),
    keyPrefix: N.workerKey().subarray(0, 16),
  });
  await N.send(net, net.stranger, net.worker, body, amountNano + toNano('0.01'));
}

const claim = (net: N.Network, value = N.COIN, from = net.provider) =>
  N.send(net, from, net.worker, claimBody(), value);

test('provider claims everything but stake, dues and reserve; the protocol fee is of earnings alone', async () => {
  const net = await N.createActiveWorker();
  await earn(net, toNano('2'));
  const worker = await N.readWorker(net);
  const treasury = await balanceOf(net.chain, net.treasury.address);
  const provider = await balanceOf(net.chain, net.provider.address);
  expect(N.story(net, await claim(net))).toEqual([
    'provider -> worker: Claim 0',
    'worker -> treasury: Excesses 0',
    'worker -> provider: Excesses 0',
  ]);
  // 1% of 2 TON, less the fee of carrying it; nothing of the stipend.
  const tax = (await balanceOf(net.chain, net.treasury.address)) - treasury;
  expect(tax).toBeLessThan(toNano('0.02'));
  expect(tax).toBeGreaterThan(toNano('0.0195'));
  const gained = (await balanceOf(net.chain, net.provider.address)) - provider;
  expect(gained).toBeLessThan(worker.claimableNano - toNano('0.02') + N.COIN);
  expect(gained).toBeGreaterThan(worker.claimableNano - toNano('0.02') + N.COIN - toNano('0.005'));
  expect(await N.readWorker(net)).toMatchObject({
    earningsNano: 0n,
    claimableNano: 0n,
    stakeNano: toNano('10'),
    balanceNano: toNano('10') + WORKER_RESERVE_NANO,
  });
});

test('a second claim finds nothing', async () => {
  const net = await N.createActiveWorker();
  await earn(net, toNano('1'));
  await claim(net);
  expect(N.firstExit(net, await claim(net))).toBe(1150);
});

test('only the provider claims, and with its minimum value', async () => {
  const net = await N.createActiveWorker();
  await earn(net, toNano('1'));
  for (const sender of [net.operator, net.owner, net.treasury, net.stranger]) {
    expect(N.firstExit(net, await claim(net, N.COIN, sender))).toBe(1100);
  }
  const { payOutNano } = await N.workerMinValues(net);
  expect(N.firstExit(net, await claim(net, payOutNano - 1n))).toBe(1103);
  expect(N.story(net, await claim(net, payOutNano))).toEqual([
    'provider -> worker: Claim 0',
    'worker -> treasury: Excesses 0',
    'worker -> provider: Excesses 0',
  ]);
});

test('one nanoton above stake and reserve is claimable, none is not', async () => {
  const net = await N.createActiveWorker();
  expect((await N.readWorker(net)).claimableNano).toBe(0n);
  expect(N.firstExit(net, await claim(net))).toBe(1150);
  await N.setBalance(net, net.worker, (await N.readWorker(net)).balanceNano + 1n);
  expect(N.story(net, await claim(net))).toEqual([
    'provider -> worker: Claim 0',
    'worker -> provider: Excesses 0',
  ]);
});

test('I-6 earnings are claimable after everything was revoked, blocked, unstaked and made dearer', async () => {
  const net = await N.createActiveWorker();
  await earn(net, toNano('2'));
  for (const body of [
    revokeImageBody(N.IMAGE_ID),
    revokeShapeBody(N.SHAPE),
    blockBody(N.IMAGE_ID),
    blockBody(net.worker.hash),
    setParametersBody({ ...net.parameters, protocolFeeBps: 500, minStakeNano: toNano('10000') }),
  ]) {
    expect(N.firstExit(net, await N.send(net, net.owner, net.registry, body))).toBe(0);
  }
  await N.send(net, net.provider, net.worker, unstakeBody());
  net.chain.now! += 14 * N.DAY;
  await N.send(net, net.provider, net.worker, withdrawStakeBody());
  const treasury = await balanceOf(net.chain, net.treasury.address);
  expect(N.story(net, await claim(net))).toEqual([
    'provider -> worker: Claim 0',
    'worker -> treasury: Excesses 0',
    'worker -> provider: Excesses 0',
  ]);
  expect((await balanceOf(net.chain, net.treasury.address)) - treasury).toBeLessThanOrEqual(toNano('0.02'));
  expect((await N.readWorker(net)).earningsNano).toBe(0n);
});

test('I-10 a claim passes although its fee is too small to be carried', async () => {
  const net = await N.createActiveWorker();
  await earn(net, 100n);
  expect(N.story(net, await claim(net))).toEqual([
    'provider -> worker: Claim 0',
    'worker -> provider: Excesses 0',
  ]);
});

test('rent that ate into the reserve is made up before anything is claimable', async () => {
  const net = await N.createActiveWorker();
  await earn(net, toNano('1'));
  const { balanceNano, claimableNano } = await N.readWorker(net);
  await N.setBalance(net, net.worker, balanceNano - claimableNano - 5n);
  expect(await N.readWorker(net)).toMatchObject({ claimableNano: 0n, earningsNano: toNano('1') });
  expect(N.firstExit(net, await claim(net))).toBe(1150);
});

test('plain transfers and excesses are taken without a word, and belong to the provider', async () => {
  const net = await N.createActiveWorker();
  const excesses = beginCell().storeUint(0xd53276db, 32).endCell();
  for (const body of [beginCell().endCell(), excesses]) {
    expect(
      N.story(net, await N.send(net, net.stranger, net.worker, body)).map((line) => line.split(' ').at(-1)),
    ).toEqual(['0']);
  }
  const { claimableNano, earningsNano } = await N.readWorker(net);
  expect(earningsNano).toBe(0n);
  expect(claimableNano).toBeGreaterThan(toNano('1.99'));
});

test('an unknown opcode and a comment are refused and bounce', async () => {
  const net = await N.createActiveWorker();
  for (const body of [
    beginCell().storeUint(0x12345678, 32).endCell(),
    beginCell().storeUint(0, 32).storeStringTail('hello').endCell(),
  ]) {
    const result = await N.send(net, net.stranger, net.worker, body);
    expect(N.firstExit(net, result)).toBe(130);
    expect(result.transactions).toHaveLength(2);
  }
});

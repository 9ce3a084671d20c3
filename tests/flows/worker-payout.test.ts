import { beginCell } from '@ton/core';
import type { SendMessageResult } from '@ton/sandbox';
import {
  delistRecipientBody,
  DELIST_DELAY_SECONDS,
  listRecipientBody,
  MAX_FEE_RECIPIENTS,
  MAX_RECIPIENT_BPS,
  payoutBody,
  PAYOUT_GRACE_SECONDS,
  pullFeeBody,
  unstakeBody,
} from '../../wrappers/Worker';
import { sha256 } from '../../src/protocol/hash';
import { balanceOf } from '../support/chain';
import * as N from '../support/network';

const NOBODY = Buffer.alloc(20);
const KEY_SECONDS = 13 * N.DAY;

const feeTo = (net: N.Network): Buffer => net.routerOperator.address.hash.subarray(0, 20);

interface PayoutChange {
  amountNano?: bigint;
  value?: bigint;
  feeBps?: number;
  to?: Buffer;
  key?: Buffer;
}

async function pay(net: N.Network, change: PayoutChange = {}): Promise<SendMessageResult> {
  const amountNano = change.amountNano ?? N.COIN;
  const body = payoutBody({
    amountNano,
    lineId: Buffer.alloc(20, 1),
    feeBps: change.feeBps ?? 0,
    feeTo: change.to ?? NOBODY,
    keyPrefix: (change.key ?? N.workerKey()).subarray(0, 16),
  });
  return N.send(net, net.stranger, net.worker, body, change.value ?? amountNano + N.COIN / 100n);
}

const list = (net: N.Network, maxBps: number, to = feeTo(net), from = net.provider) =>
  N.send(net, from, net.worker, listRecipientBody(to, maxBps));
const delist = (net: N.Network, to = feeTo(net), from = net.provider) =>
  N.send(net, from, net.worker, delistRecipientBody(to));

async function owed(net: N.Network, to = feeTo(net)): Promise<bigint | undefined> {
  const { feeRecipients } = await N.readWorker(net);
  return feeRecipients.find((recipient) => recipient.feeTo === to.toString('hex'))?.owedNano;
}

describe('a payout', () => {
  test('is accepted without a word, and its stipend stays with the provider', async () => {
    const net = await N.createActiveWorker();
    expect(N.story(net, await pay(net))).toEqual(['stranger -> worker: Payout 0']);
    const worker = await N.readWorker(net);
    expect(worker.earningsNano).toBe(N.COIN);
    expect(worker.claimableNano).toBeGreaterThan(N.COIN);
    expect(worker.claimableNano).toBeLessThan(N.COIN + N.COIN / 100n);
  });

  test('bounces with its value when it does not bring its amount and its gas, to the nanoton', async () => {
    const net = await N.createActiveWorker();
    const least = N.COIN + (await N.workerMinValues(net)).payoutStipendNano;
    expect(N.story(net, await pay(net, { value: least - 1n }))).toEqual([
      'stranger -> worker: Payout 1112',
      'worker -> stranger: bounced:Payout 0',
    ]);
    const before = await N.readWorker(net);
    expect(before.earningsNano).toBe(0n);
    expect(N.firstExit(net, await pay(net, { value: least }))).toBe(0);
    const after = await N.readWorker(net);
    expect(after.earningsNano).toBe(N.COIN);
    // I-2: the balance grew by no less than the counter did.
    expect(after.balanceNano - before.balanceNano).toBeGreaterThanOrEqual(N.COIN);
  });

  test('bounces for a key that was never admitted', async () => {
    const net = await N.createActiveWorker();
    expect(N.story(net, await pay(net, { key: N.workerKey('other') }))).toEqual([
      'stranger -> worker: Payout 1110',
      'worker -> stranger: bounced:Payout 0',
    ]);
    expect(N.firstExit(net, await pay(net))).toBe(0);
  });

  test('bounces at a worker that is not deployed', async () => {
    const net = await N.createNetwork();
    expect(N.story(net, await pay(net))).toEqual([
      'stranger -> worker: Payout null',
      'worker -> stranger: bounced:Payout 0',
    ]);
  });

  test('is accepted until a day after the last date of its key, also when the worker unstaked', async () => {
    const net = await N.createActiveWorker();
    const lastSecond = net.chain.now! + KEY_SECONDS + PAYOUT_GRACE_SECONDS;
    await N.send(net, net.provider, net.worker, unstakeBody());
    net.chain.now = lastSecond;
    expect(N.firstExit(net, await pay(net))).toBe(0);
    net.chain.now = lastSecond + 1;
    expect(N.firstExit(net, await pay(net))).toBe(1111);
  });

  test('cut short is refused', async () => {
    const net = await N.createActiveWorker();
    const whole = payoutBody({
      amountNano: N.COIN,
      lineId: Buffer.alloc(20, 1),
      feeBps: 0,
      feeTo: NOBODY,
      keyPrefix: N.workerKey().subarray(0, 16),
    });
    const cut = beginCell()
      .storeBits(whole.beginParse().loadBits(whole.bits.length - 1))
      .endCell();
    expect(N.firstExit(net, await N.send(net, net.stranger, net.worker, cut, 2n * N.COIN))).toBe(9);
    expect(N.firstExit(net, await N.send(net, net.stranger, net.worker, whole, 2n * N.COIN))).toBe(0);
  });
});

describe("a router's share", () => {
  test('is set aside for a listed router, rounded down, up to its listed maximum', async () => {
    const net = await N.createActiveWorker();
    await list(net, 300);
    await pay(net, { amountNano: 1_000_033n, feeBps: 200, to: feeTo(net) });
    expect(await owed(net)).toBe(20_000n);
    expect((await N.readWorker(net)).earningsNano).toBe(1_000_033n - 20_000n);
    await pay(net, { amountNano: 1_000_000n, feeBps: 300, to: feeTo(net) });
    expect(await owed(net)).toBe(50_000n);
    await pay(net, { amountNano: 1_000_000n, feeBps: 301, to: feeTo(net) });
    expect(await owed(net)).toBe(80_000n);
    await pay(net, { amountNano: 1_000_000n, feeBps: 65_535, to: feeTo(net) });
    expect(await owed(net)).toBe(110_000n);
  });

  test('stays with the provider when the router is not listed', async () => {
    const net = await N.createActiveWorker();
    await pay(net, { feeBps: 200, to: feeTo(net) });
    expect(await N.readWorker(net)).toMatchObject({ earningsNano: N.COIN, owedNano: 0n });
  });

  test('goes on for 15 days after the delisting, to the second', async () => {
    const net = await N.createActiveWorker();
    await list(net, 100);
    await delist(net);
    const delistAt = net.chain.now! + DELIST_DELAY_SECONDS;
    net.chain.now! += N.DAY;
    await delist(net);
    expect((await N.readWorker(net)).feeRecipients).toMatchObject([{ maxBps: 100, delistAt }]);

    net.chain.now = delistAt - 3 * N.DAY;
    await N.announce(net, N.statement(net, { receiptKey: N.workerKey('second') }));
    await N.admit(net, N.statement(net, { receiptKey: N.workerKey('second') }));
    const key = N.workerKey('second');
    net.chain.now = delistAt;
    await pay(net, { feeBps: 100, to: feeTo(net), key });
    expect(await owed(net)).toBe(N.COIN / 100n);
    net.chain.now = delistAt + 1;
    await pay(net, { feeBps: 100, to: feeTo(net), key });
    expect(await owed(net)).toBe(N.COIN / 100n);
  });

  test('is pulled by its recipient alone, once, also after the delisting', async () => {
    const net = await N.createActiveWorker();
    await list(net, 100);
    await pay(net, { feeBps: 100, to: feeTo(net) });
    await delist(net);
    const pull = (from = net.routerOperator, value = N.COIN) =>
      N.send(net, from, net.worker, pullFeeBody(), value);
    expect(N.firstExit(net, await pull(net.stranger))).toBe(1151);
    expect(N.firstExit(net, await pull(net.provider))).toBe(1151);
    const { payOutNano } = await N.workerMinValues(net);
    expect(N.firstExit(net, await pull(net.routerOperator, payOutNano - 1n))).toBe(1103);

    const before = await N.readWorker(net);
    const wallet = await balanceOf(net.chain, net.routerOperator.address);
    expect(N.story(net, await pull(net.routerOperator, payOutNano))).toEqual([
      'routerOperator -> worker: PullFee 0',
      'worker -> routerOperator: Excesses 0',
    ]);
    expect(await balanceOf(net.chain, net.routerOperator.address)).toBeGreaterThan(wallet + N.COIN / 100n);
    const after = await N.readWorker(net);
    expect(before.balanceNano - after.balanceNano).toBe(N.COIN / 100n);
    expect(after).toMatchObject({ owedNano: 0n, claimableNano: before.claimableNano });
    expect(N.firstExit(net, await pull())).toBe(1155);
  });

  test('of each of eight routers is kept apart', async () => {
    const net = await N.createActiveWorker();
    const routers = Array.from({ length: MAX_FEE_RECIPIENTS }, (_, n) =>
      sha256(Buffer.from(`router ${n}`)).subarray(0, 20),
    );
    for (const router of routers) expect(N.firstExit(net, await list(net, 1_000, router))).toBe(0);
    for (const [n, router] of routers.entries()) await pay(net, { feeBps: 100 * (n + 1), to: router });
    for (const [n, router] of routers.entries())
      expect(await owed(net, router)).toBe((BigInt(n + 1) * N.COIN) / 100n);
    expect((await N.readWorker(net)).owedNano).toBe((36n * N.COIN) / 100n);
  });
});

describe('listing a router', () => {
  test("is the provider's alone and takes its minimum value", async () => {
    const net = await N.createActiveWorker();
    const { listRecipientNano, payOutNano } = await N.workerMinValues(net);
    expect(N.firstExit(net, await list(net, 100, feeTo(net), net.operator))).toBe(1100);
    const listFor = (value: bigint) =>
      N.send(net, net.provider, net.worker, listRecipientBody(feeTo(net), 100), value);
    expect(N.firstExit(net, await listFor(listRecipientNano - 1n))).toBe(1103);
    expect(N.story(net, await listFor(listRecipientNano))).toEqual([
      'provider -> worker: ListRecipient 0',
      'worker -> provider: Excesses 0',
    ]);
    expect(N.firstExit(net, await delist(net, feeTo(net), net.operator))).toBe(1100);
    const delistFor = (value: bigint) =>
      N.send(net, net.provider, net.worker, delistRecipientBody(feeTo(net)), value);
    expect(N.firstExit(net, await delistFor(payOutNano - 1n))).toBe(1103);
    expect(N.firstExit(net, await delistFor(payOutNano))).toBe(0);
    expect(N.firstExit(net, await delist(net, Buffer.alloc(20, 9)))).toBe(1151);
  });

  test('takes shares from one basis point to half', async () => {
    const net = await N.createActiveWorker();
    expect(N.firstExit(net, await list(net, 0))).toBe(1153);
    expect(N.firstExit(net, await list(net, MAX_RECIPIENT_BPS + 1))).toBe(1153);
    expect(N.firstExit(net, await list(net, 1))).toBe(0);
    expect(N.firstExit(net, await list(net, MAX_RECIPIENT_BPS))).toBe(0);
  });

  test('never lowers a share that lines may rely on, until the listing is over', async () => {
    const net = await N.createActiveWorker();
    await list(net, 100);
    expect(N.firstExit(net, await list(net, 99))).toBe(1154);
    expect(N.firstExit(net, await list(net, 101))).toBe(0);
    await delist(net);
    net.chain.now! += DELIST_DELAY_SECONDS;
    expect(N.firstExit(net, await list(net, 100))).toBe(1154);
    net.chain.now! += 1;
    expect(N.firstExit(net, await list(net, 100))).toBe(0);
    expect((await N.readWorker(net)).feeRecipients).toMatchObject([{ maxBps: 100, delistAt: 0 }]);
  });

  test('ends at eight, and a place is free again only when the listing is over and nothing is owed', async () => {
    const net = await N.createActiveWorker();
    for (let n = 0; n < MAX_FEE_RECIPIENTS - 1; n++) await list(net, 100, Buffer.alloc(20, n + 1));
    await list(net, 100);
    const ninth = Buffer.alloc(20, 99);
    expect(N.firstExit(net, await list(net, 100, ninth))).toBe(1152);
    await pay(net, { feeBps: 100, to: feeTo(net) });
    await delist(net);
    net.chain.now! += DELIST_DELAY_SECONDS;
    expect(N.firstExit(net, await list(net, 100, ninth))).toBe(1152);
    net.chain.now! += 1;
    expect(N.firstExit(net, await list(net, 100, ninth))).toBe(1152);
    await N.send(net, net.routerOperator, net.worker, pullFeeBody());
    expect(N.firstExit(net, await list(net, 100, ninth))).toBe(0);
    expect(await owed(net, ninth)).toBe(0n);
    expect(await owed(net)).toBeUndefined();
  });
});

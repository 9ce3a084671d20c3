import { Address, beginCell } from '@ton/core';
import type { SendMessageResult } from '@ton/sandbox';
import * as binding from '../../build/Registry/Registry_Registry';
import { setParametersBody } from '../../wrappers/Registry';
import {
  GET_ROUTER,
  parseRouter,
  publishBody,
  retireBody,
  ROUTER_RESERVE_NANO,
  routerInit,
} from '../../wrappers/Router';
import { balanceOf } from '../support/chain';
import * as N from '../support/network';

const ENDPOINT = 'https://router.example/v1';

interface Listing {
  endpoint?: string;
  feeBps?: number;
  depositNano?: bigint;
  value?: bigint;
}

async function publish(net: N.Network, listing: Listing = {}): Promise<SendMessageResult> {
  const depositNano = listing.depositNano ?? N.COIN;
  const body = publishBody(listing.endpoint ?? ENDPOINT, listing.feeBps ?? 200, depositNano);
  const init = await routerInit(net.registry, net.routerOperator.address);
  return N.send(net, net.routerOperator, net.router, body, listing.value ?? depositNano + N.COIN, init);
}

const retire = (net: N.Network, value = N.COIN, from = net.routerOperator) =>
  N.send(net, from, net.router, retireBody(), value);

async function read(net: N.Network) {
  return N.plain(parseRouter(await N.get(net, net.router, GET_ROUTER)));
}

async function values(net: N.Network): Promise<{ publish: bigint; retire: bigint }> {
  return {
    publish: (await N.get(net, net.router, 'get_publish_value')).readBigNumber(),
    retire: (await N.get(net, net.router, 'get_retire_value')).readBigNumber(),
  };
}

const PUBLISHED = [
  'routerOperator -> router: Publish 0',
  'router -> registry: RouterListed 0',
  'registry -> routerOperator: Excesses 0',
];

test('operator publishes a router, and the registry lists it', async () => {
  const net = await N.createNetwork();
  expect(N.story(net, await publish(net))).toEqual(PUBLISHED);
  expect(await read(net)).toEqual({
    registry: N.plain(net.registry),
    operator: N.plain(net.routerOperator.address),
    endpoint: ENDPOINT,
    feeBps: 200,
    depositNano: N.COIN,
    listed: true,
    balanceNano: N.COIN + ROUTER_RESERVE_NANO,
  });
  expect(await N.listedRouters(net)).toEqual([N.plain(net.router)]);
});

test('operator changes the listing without a second deposit', async () => {
  const net = await N.createNetwork();
  await publish(net);
  expect(N.story(net, await publish(net, { endpoint: 'https://other', feeBps: 0, depositNano: 0n }))).toEqual(
    PUBLISHED,
  );
  expect(await read(net)).toMatchObject({ endpoint: 'https://other', feeBps: 0, depositNano: N.COIN });
  expect((await N.readRegistry(net)).counts.routers).toBe(1);
});

test('publishing takes deposit, reserve and gas, and not one nanoton less', async () => {
  const first = await N.createNetwork();
  await publish(first);
  const least = N.COIN + ROUTER_RESERVE_NANO + (await values(first)).publish;
  const net = await N.createNetwork();
  expect(N.firstExit(net, await publish(net, { value: least - 1n }))).toBe(1401);
  expect(N.story(net, await publish(net, { value: least }))).toEqual(PUBLISHED);
});

test('a deposit below the minimum is refused by the registry, and comes back when retired', async () => {
  const net = await N.createNetwork();
  expect(N.story(net, await publish(net, { depositNano: N.COIN - 1n }))).toEqual([
    'routerOperator -> router: Publish 0',
    'router -> registry: RouterListed 1040',
    'registry -> router: bounced:RouterListed 0',
  ]);
  expect(await read(net)).toMatchObject({ listed: false, depositNano: N.COIN - 1n });
  expect(N.story(net, await publish(net, { depositNano: 1n }))).toEqual(PUBLISHED);
  expect(await N.listedRouters(net)).toEqual([N.plain(net.router)]);
});

test('only the operator publishes and retires', async () => {
  const net = await N.createNetwork();
  await publish(net);
  for (const sender of [net.stranger, net.owner, net.provider]) {
    const body = publishBody(ENDPOINT, 1, 0n);
    expect(N.firstExit(net, await N.send(net, sender, net.router, body))).toBe(1400);
    expect(N.firstExit(net, await retire(net, N.COIN, sender))).toBe(1400);
  }
});

test('fee and endpoint have bounds', async () => {
  const net = await N.createNetwork();
  expect(N.firstExit(net, await publish(net, { feeBps: 5_001 }))).toBe(1402);
  expect(N.firstExit(net, await publish(net, { feeBps: 5_000 }))).toBe(0);
  expect(N.firstExit(net, await publish(net, { endpoint: 'e'.repeat(128) }))).toBe(1403);
  expect(N.firstExit(net, await publish(net, { endpoint: 'e'.repeat(127) }))).toBe(0);
});

test('operator retires: the listing ends and the deposit comes back, once', async () => {
  const net = await N.createNetwork();
  await publish(net);
  const { retire: least } = await values(net);
  expect(N.firstExit(net, await retire(net, least - 1n))).toBe(1401);
  const before = await balanceOf(net.chain, net.routerOperator.address);
  expect(N.story(net, await retire(net, least))).toEqual([
    'routerOperator -> router: Retire 0',
    'router -> registry: RouterRetired 0',
    'registry -> routerOperator: Excesses 0',
  ]);
  expect((await balanceOf(net.chain, net.routerOperator.address)) - before).toBeGreaterThan(N.COIN);
  expect(await read(net)).toMatchObject({ listed: false, depositNano: 0n, balanceNano: ROUTER_RESERVE_NANO });
  expect(await N.listedRouters(net)).toEqual([]);
  expect(N.firstExit(net, await retire(net))).toBe(1404);
});

test('a deposit that no registry lists comes straight home', async () => {
  const net = await N.withRegistry(await N.createNetwork(), new Address(0, Buffer.alloc(32, 0xab)));
  expect(N.story(net, await publish(net))).toEqual([
    'routerOperator -> router: Publish 0',
    'router -> registry: RouterListed null',
    'registry -> router: bounced:RouterListed 0',
  ]);
  const before = await balanceOf(net.chain, net.routerOperator.address);
  expect(N.story(net, await retire(net))).toEqual([
    'routerOperator -> router: Retire 0',
    'router -> routerOperator: Excesses 0',
  ]);
  expect((await balanceOf(net.chain, net.routerOperator.address)) - before).toBeGreaterThan(N.COIN);
});

test('registry hears genuine routers only', async () => {
  const net = await N.createNetwork();
  await publish(net);
  const operator = net.routerOperator.address;
  for (const store of [
    binding.storeRouterListed({ $$type: 'RouterListed', operator, deposit: 9n * N.COIN }),
    binding.storeRouterRetired({ $$type: 'RouterRetired', operator }),
  ]) {
    const body = beginCell().store(store).endCell();
    for (const sender of [net.routerOperator, net.stranger, net.owner]) {
      expect(N.firstExit(net, await N.send(net, sender, net.registry, body))).toBe(1004);
    }
  }
  expect(await N.listedRouters(net)).toHaveLength(1);
});

test('a deposit raised by governance holds for later listings', async () => {
  const net = await N.createNetwork();
  await publish(net);
  await N.send(
    net,
    net.owner,
    net.registry,
    setParametersBody({ ...net.parameters, routerDepositNano: 2n * N.COIN }),
  );
  expect(await N.listedRouters(net)).toHaveLength(1);
  expect(N.story(net, await publish(net, { depositNano: N.COIN }))).toEqual(PUBLISHED);
});

test('router refuses what it does not know, and takes plain transfers and excesses', async () => {
  const net = await N.createNetwork();
  await publish(net);
  const exit = async (body: ReturnType<typeof retireBody>) =>
    N.firstExit(net, await N.send(net, net.stranger, net.router, body));
  expect(await exit(beginCell().storeUint(0x12345678, 32).endCell())).toBe(130);
  expect(await exit(beginCell().endCell())).toBe(0);
  expect(await exit(beginCell().storeUint(0xd53276db, 32).endCell())).toBe(0);
});

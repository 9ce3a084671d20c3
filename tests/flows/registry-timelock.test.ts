import type { Cell } from '@ton/core';
import type { SendMessageResult } from '@ton/sandbox';
import { sha256 } from '../../src/protocol/hash';
import {
  allowImageBody,
  allowModelBody,
  allowShapeBody,
  blockBody,
  cancelOrderBody,
  executeOrderBody,
  GUARDIAN_BLOCK_SECONDS,
  loadOrders,
  ORDER_SECONDS,
  parseBlocks,
  REGISTRY_GETTERS,
  revokeImageBody,
  revokeShapeBody,
  sealBody,
  setGuardianBody,
  setParametersBody,
  TIMELOCK_SECONDS,
  unblockBody,
} from '../../wrappers/Registry';
import * as N from '../support/network';
import { changeGovernance, changeRegistry } from '../support/registryData';

const SUBJECT = sha256(Buffer.from('subject'));
const MAX_ORDERS = 64n;

const order = (net: N.Network, body: Cell, from = net.owner, value = N.COIN) =>
  N.send(net, from, net.registry, body, value);
const exitOf = async (net: N.Network, body: Cell, from = net.owner) =>
  N.firstExit(net, await order(net, body, from));
/** Carried out by somebody who has no other power. */
const execute = (net: N.Network, body: Cell) => exitOf(net, executeOrderBody(body.hash()), net.stranger);

const idOf = (body: Cell) => body.hash().toString('hex');

async function queue(net: N.Network): Promise<{ dueAt: number; order: string }[]> {
  const orders = loadOrders(await N.get(net, net.registry, REGISTRY_GETTERS.orders));
  for (const { hash, body } of orders) expect(body.hash()).toEqual(hash);
  return orders.map(({ dueAt, body }) => ({ dueAt, order: idOf(body) }));
}

async function blockedCount(net: N.Network): Promise<number> {
  return parseBlocks(await N.get(net, net.registry, REGISTRY_GETTERS.blocks)).length;
}

async function sealed(): Promise<N.Network> {
  const net = await N.createNetwork();
  await order(net, sealBody());
  return net;
}

/** A sealed registry in whose queue an order is due. */
async function due(body: Cell, late = 0): Promise<N.Network> {
  const net = await sealed();
  await order(net, body);
  net.chain.now! += TIMELOCK_SECONDS + late;
  return net;
}

/** The least value with which a message's first transaction succeeds; the chain is as it was afterwards. */
async function leastValue(
  net: N.Network,
  send: (value: bigint) => Promise<SendMessageResult>,
): Promise<bigint> {
  const state = net.chain.snapshot();
  let [fails, suffices] = [0n, N.COIN];
  while (suffices - fails > 1n) {
    const value = (fails + suffices) / 2n;
    if (N.firstExit(net, await send(value)) === 0) suffices = value;
    else fails = value;
    await net.chain.loadFrom(state);
  }
  return suffices;
}

const loosening: [string, (net: N.Network) => Cell][] = [
  ['AllowImage', () => allowImageBody(SUBJECT, N.IMAGE_EXPIRES_AT)],
  ['AllowShape', () => allowShapeBody(SUBJECT)],
  ['AllowModel', () => allowModelBody(SUBJECT, 'tiny')],
  ['SetParameters', (net) => setParametersBody({ ...net.parameters, protocolFeeBps: 7 })],
  ['SetGuardian', (net) => setGuardianBody(net.stranger.address)],
];
test.each(loosening)(
  '%s waits for fifteen days, to the second, where everybody reads it',
  async (_name, body) => {
    const net = await sealed();
    const dueAt = net.chain.now! + TIMELOCK_SECONDS;
    const before = await N.readRegistry(net);
    expect(await exitOf(net, body(net))).toBe(0);
    expect(await queue(net)).toEqual([{ dueAt, order: idOf(body(net)) }]);
    const { guardian, parameters, counts } = await N.readRegistry(net);
    expect({ guardian, parameters }).toEqual({ guardian: before.guardian, parameters: before.parameters });
    expect(counts).toEqual({ ...before.counts, orders: 1 });
    net.chain.now = dueAt - 1;
    expect(await execute(net, body(net))).toBe(1020);
    net.chain.now = dueAt;
    expect(await execute(net, body(net))).toBe(0);
    const after = await N.readRegistry(net);
    expect(await queue(net)).toEqual([]);
    expect([after.guardian, after.parameters, after.counts]).not.toEqual([
      guardian,
      parameters,
      before.counts,
    ]);
    expect(await execute(net, body(net))).toBe(1021);
  },
);

test('a block that holds is lifted after the timelock, one that lapsed at once', async () => {
  const net = await sealed();
  await order(net, blockBody(N.IMAGE_ID));
  await order(net, blockBody(SUBJECT), net.guardian);
  await order(net, unblockBody(N.IMAGE_ID));
  expect(await blockedCount(net)).toBe(2);
  net.chain.now! += GUARDIAN_BLOCK_SECONDS;
  await order(net, unblockBody(SUBJECT));
  expect([await blockedCount(net), (await queue(net)).length]).toEqual([2, 2]);
  await order(net, cancelOrderBody(unblockBody(SUBJECT).hash()));
  net.chain.now! += 1;
  await order(net, unblockBody(SUBJECT));
  expect([await blockedCount(net), (await queue(net)).length]).toEqual([1, 1]);
  net.chain.now! += TIMELOCK_SECONDS;
  expect(await execute(net, unblockBody(N.IMAGE_ID))).toBe(0);
  expect(await blockedCount(net)).toBe(0);
});

test('what tightens is done at once', async () => {
  const net = await sealed();
  await order(net, revokeImageBody(N.IMAGE_ID));
  await order(net, revokeShapeBody(N.SHAPE));
  expect((await N.readRegistry(net)).counts).toMatchObject({ images: 0, shapes: 0, orders: 0 });
});

test('an order waits once: sent again, it is refused until it is void, and then begins anew', async () => {
  const body = allowShapeBody(SUBJECT);
  const net = await due(body, -1);
  expect(await exitOf(net, body)).toBe(1023);
  net.chain.now! += 1 + ORDER_SECONDS;
  expect(await exitOf(net, body)).toBe(1023);
  net.chain.now! += 1;
  expect(await exitOf(net, body)).toBe(0);
  expect(await queue(net)).toEqual([{ dueAt: net.chain.now! + TIMELOCK_SECONDS, order: idOf(body) }]);
  expect((await N.readRegistry(net)).counts).toMatchObject({ shapes: 1, orders: 1 });
});

test('an order is carried out within a fortnight, to the second, or never', async () => {
  const body = allowShapeBody(SUBJECT);
  const late = await due(body, ORDER_SECONDS + 1);
  expect(await execute(late, body)).toBe(1024);
  expect((await N.readRegistry(late)).counts).toMatchObject({ shapes: 1, orders: 1 });
  expect(await exitOf(late, cancelOrderBody(body.hash()))).toBe(0);
  const net = await due(body, ORDER_SECONDS);
  expect(await execute(net, body)).toBe(0);
  expect((await N.readRegistry(net)).counts).toMatchObject({ shapes: 2, orders: 0 });
});

test('owner takes an order back, once, and nobody else does', async () => {
  const net = await sealed();
  const body = allowShapeBody(SUBJECT);
  await order(net, body);
  expect(await exitOf(net, cancelOrderBody(body.hash()), net.guardian)).toBe(1000);
  expect(await exitOf(net, cancelOrderBody(body.hash()))).toBe(0);
  expect(await exitOf(net, cancelOrderBody(body.hash()))).toBe(1021);
  net.chain.now! += TIMELOCK_SECONDS;
  expect(await execute(net, body)).toBe(1021);
  expect((await N.readRegistry(net)).counts).toMatchObject({ shapes: 1, orders: 0 });
});

test('the queue is bounded, and a void order keeps its place', async () => {
  const net = await due(allowShapeBody(SUBJECT), ORDER_SECONDS + 1);
  await changeGovernance(net, (data) => ({ ...data, orders: { ...data.orders, count: MAX_ORDERS } }));
  const last = allowModelBody(SUBJECT, 'last');
  expect(await exitOf(net, last)).toBe(1012);
  expect(await exitOf(net, allowShapeBody(SUBJECT))).toBe(0);
  await order(net, cancelOrderBody(allowShapeBody(SUBJECT).hash()));
  expect(await exitOf(net, last)).toBe(0);
  expect((await N.readRegistry(net)).counts.orders).toBe(Number(MAX_ORDERS));
});

describe('an order that cannot be carried out when it is due changes nothing, and stays in the queue', () => {
  test('because its image has expired meanwhile', async () => {
    const net = await sealed();
    const body = allowImageBody(SUBJECT, net.chain.now! + TIMELOCK_SECONDS + 1);
    await order(net, body);
    net.chain.now! += TIMELOCK_SECONDS;
    const state = net.chain.snapshot();
    expect(await execute(net, body)).toBe(0);
    await net.chain.loadFrom(state);
    net.chain.now! += 1;
    expect(await execute(net, body)).toBe(1014);
    expect((await N.readRegistry(net)).counts).toMatchObject({ images: 1, orders: 1 });
  });

  test('because the list is full, until there is room', async () => {
    const body = allowImageBody(SUBJECT, N.IMAGE_EXPIRES_AT);
    const net = await due(body);
    const images = (count: bigint) =>
      changeRegistry(net, (data) => ({ ...data, rules: { ...data.rules, imageCount: count } }));
    await images(64n);
    expect(await execute(net, body)).toBe(1012);
    expect((await N.readRegistry(net)).counts.orders).toBe(1);
    await images(63n);
    expect(await execute(net, body)).toBe(0);
    expect((await N.readRegistry(net)).counts).toMatchObject({ images: 64, orders: 0 });
  });

  test('because whoever asked paid too little for it', async () => {
    const body = allowShapeBody(SUBJECT);
    const net = await due(body);
    // Rent is due, too; once it is taken, nothing changes.
    expect(await execute(net, sealBody())).toBe(1021);
    const before = await N.readRegistry(net);
    const enough = await leastValue(net, (value) =>
      order(net, executeOrderBody(body.hash()), net.stranger, value),
    );
    expect(N.story(net, await order(net, executeOrderBody(body.hash()), net.stranger, enough - 1n))).toEqual([
      'stranger -> registry: ExecuteOrder 37',
      'registry -> stranger: bounced:ExecuteOrder 0',
    ]);
    expect(await N.readRegistry(net)).toEqual(before);
    expect(await execute(net, body)).toBe(0);
  });
});

import { Address, type Cell } from '@ton/core';
import { sha256 } from '../../src/protocol/hash';
import {
  acceptOwnershipBody,
  allowImageBody,
  allowModelBody,
  allowShapeBody,
  blockBody,
  cancelOrderBody,
  GUARDIAN_BLOCK_SECONDS,
  offerOwnershipBody,
  ORDER_SECONDS,
  parseDates,
  parseImages,
  parseModels,
  parseShapes,
  REGISTRY_GETTERS,
  revokeImageBody,
  revokeModelBody,
  revokeShapeBody,
  sealBody,
  setGuardianBody,
  setParametersBody,
  TIMELOCK_SECONDS,
  unblockBody,
  type RegistryParameters,
} from '../../wrappers/Registry';
import * as N from '../support/network';

const SUBJECT = sha256(Buffer.from('subject'));
const MODEL = sha256(Buffer.from('model'));

const order = (net: N.Network, body: Cell, from = net.owner) => N.send(net, from, net.registry, body);
const exitOf = async (net: N.Network, body: Cell, from = net.owner) =>
  N.firstExit(net, await order(net, body, from));

async function blocks(net: N.Network) {
  return N.plain(parseDates(await N.get(net, net.registry, REGISTRY_GETTERS.blocks)));
}
async function queue(net: N.Network) {
  return N.plain(parseDates(await N.get(net, net.registry, REGISTRY_GETTERS.orders)));
}
async function images(net: N.Network) {
  return N.plain(parseImages(await N.get(net, net.registry, REGISTRY_GETTERS.images)));
}

describe('the owner', () => {
  test('alone gives orders', async () => {
    const net = await N.createNetwork();
    const orders = [
      offerOwnershipBody(net.stranger.address),
      sealBody(),
      setParametersBody(net.parameters),
      setGuardianBody(net.stranger.address),
      allowImageBody(SUBJECT, net.chain.now! + 10),
      revokeImageBody(N.IMAGE_ID),
      allowShapeBody(SUBJECT),
      revokeShapeBody(N.SHAPE),
      allowModelBody(MODEL, 'tiny'),
      revokeModelBody(MODEL),
      unblockBody(SUBJECT),
      cancelOrderBody(SUBJECT),
    ];
    const before = await N.readRegistry(net);
    for (const sender of [net.guardian, net.provider, net.stranger]) {
      for (const body of orders) expect(await exitOf(net, body, sender)).toBe(1000);
    }
    expect({ ...(await N.readRegistry(net)), balanceNano: 0n }).toEqual({ ...before, balanceNano: 0n });
  });

  test('gets back what an order did not use', async () => {
    const net = await N.createNetwork();
    expect(N.story(net, await order(net, allowShapeBody(SUBJECT)))).toEqual([
      'owner -> registry: AllowShape 0',
      'registry -> owner: Excesses 0',
    ]);
  });

  test('hands the registry over in two steps', async () => {
    const net = await N.createNetwork();
    expect(await exitOf(net, acceptOwnershipBody(), net.stranger)).toBe(1001);
    await order(net, offerOwnershipBody(net.stranger.address));
    expect(await exitOf(net, acceptOwnershipBody(), net.guardian)).toBe(1001);
    expect((await N.readRegistry(net)).owner).toBe(N.plain(net.owner.address));
    expect(await exitOf(net, acceptOwnershipBody(), net.stranger)).toBe(0);
    expect(await N.readRegistry(net)).toMatchObject({
      owner: N.plain(net.stranger.address),
      offeredOwner: null,
    });
    expect(await exitOf(net, sealBody())).toBe(1000);
    expect(await exitOf(net, acceptOwnershipBody(), net.stranger)).toBe(1001);
  });
});

describe('every parameter has bounds that hold at both edges', () => {
  const bounds: [keyof RegistryParameters, bigint | number, bigint | number][] = [
    ['minStakeNano', N.COIN / 10n, 10_000n * N.COIN],
    ['unbondingSeconds', N.DAY, 30 * N.DAY],
    ['protocolFeeBps', 0, 500],
    ['routerDepositNano', N.COIN / 10n, 1_000n * N.COIN],
  ];
  test.each(bounds)('%s', async (name, least, most) => {
    const net = await N.createNetwork();
    const set = (value: bigint | number) =>
      exitOf(net, setParametersBody({ ...net.parameters, [name]: value }));
    const one = typeof least === 'bigint' ? 1n : 1;
    expect(await set(least)).toBe(0);
    expect(await set(most)).toBe(0);
    expect((await N.readRegistry(net)).parameters[name]).toBe(most);
    expect(await set((most as number) + (one as number))).toBe(1010);
    if (BigInt(least) > 0n) expect(await set((least as number) - (one as number))).toBe(1010);
  });

  test('treasury, which must be where a worker can pay it', async () => {
    const net = await N.createNetwork();
    const elsewhere = new Address(-1, net.treasury.address.hash);
    expect(await exitOf(net, setParametersBody({ ...net.parameters, treasury: elsewhere }))).toBe(1011);
  });
});

describe('lists', () => {
  test('of images, shapes and models can be read by everybody', async () => {
    const net = await N.createNetwork();
    await order(net, allowImageBody(SUBJECT, net.chain.now! + 5, 2));
    await order(net, allowModelBody(MODEL, 'tiny-llama'));
    await order(net, allowModelBody(MODEL, 'tiny-llama-2'));
    expect(await images(net)).toEqual(
      expect.arrayContaining([
        { imageId: N.IMAGE_ID.toString('hex'), role: 1, expiresAt: N.IMAGE_EXPIRES_AT },
        { imageId: SUBJECT.toString('hex'), role: 2, expiresAt: net.chain.now! + 5 },
      ]),
    );
    expect(N.plain(parseShapes(await N.get(net, net.registry, REGISTRY_GETTERS.shapes)))).toEqual([
      N.SHAPE.toString('hex'),
    ]);
    expect(N.plain(parseModels(await N.get(net, net.registry, REGISTRY_GETTERS.models)))).toEqual([
      { modelHash: MODEL.toString('hex'), name: 'tiny-llama-2' },
    ]);
    expect((await N.readRegistry(net)).counts).toMatchObject({ images: 2, shapes: 1, models: 1 });
    for (const body of [revokeImageBody(SUBJECT), revokeModelBody(MODEL), revokeShapeBody(N.SHAPE)]) {
      await order(net, body);
      await order(net, body);
    }
    expect((await N.readRegistry(net)).counts).toMatchObject({ images: 1, shapes: 0, models: 0 });
  });

  test('take no image that has expired, and no name longer than a cell', async () => {
    const net = await N.createNetwork();
    expect(await exitOf(net, allowImageBody(SUBJECT, net.chain.now!))).toBe(1014);
    expect(await exitOf(net, allowImageBody(SUBJECT, net.chain.now! + 1))).toBe(0);
    expect(await exitOf(net, allowModelBody(MODEL, 'm'.repeat(128)))).toBe(1013);
    expect(await exitOf(net, allowModelBody(MODEL, 'm'.repeat(127)))).toBe(0);
  });

  test('are bounded', async () => {
    const net = await N.createNetwork();
    for (let n = 1; n < 64; n++) {
      await order(net, allowImageBody(sha256(Buffer.from(`image ${n}`)), net.chain.now! + 10));
    }
    expect(await exitOf(net, allowImageBody(SUBJECT, net.chain.now! + 10))).toBe(1012);
    expect(await exitOf(net, allowImageBody(N.IMAGE_ID, net.chain.now! + 10))).toBe(0);
    await order(net, revokeImageBody(N.IMAGE_ID));
    expect(await exitOf(net, allowImageBody(SUBJECT, net.chain.now! + 10))).toBe(0);
  });
});

describe('the guardian', () => {
  test('only blocks, for a week to the second, and not again', async () => {
    const net = await N.createActiveWorker();
    expect(await exitOf(net, blockBody(N.IMAGE_ID), net.stranger)).toBe(1002);
    expect(await exitOf(net, blockBody(N.IMAGE_ID), net.guardian)).toBe(0);
    const until = net.chain.now! + GUARDIAN_BLOCK_SECONDS;
    expect(await blocks(net)).toEqual([{ hash: N.IMAGE_ID.toString('hex'), at: until }]);
    net.chain.now = until;
    expect(await N.refusalOf(net)).toBe(1032);
    expect(await exitOf(net, blockBody(N.IMAGE_ID), net.guardian)).toBe(1022);
    net.chain.now = until + 1;
    expect(await N.refusalOf(net)).toBe(0);
    expect(await exitOf(net, blockBody(N.IMAGE_ID), net.guardian)).toBe(1022);
  });

  test("'s block is kept when the owner confirms it, and lifted by the owner alone", async () => {
    const net = await N.createActiveWorker();
    await order(net, blockBody(N.IMAGE_ID), net.guardian);
    await order(net, blockBody(N.IMAGE_ID));
    net.chain.now! += GUARDIAN_BLOCK_SECONDS + 1;
    expect(await N.refusalOf(net)).toBe(1032);
    expect(await exitOf(net, unblockBody(N.IMAGE_ID), net.guardian)).toBe(1000);
    expect(await exitOf(net, unblockBody(N.IMAGE_ID))).toBe(0);
    expect(await N.refusalOf(net)).toBe(0);
    expect(await blocks(net)).toEqual([]);
    expect((await N.readRegistry(net)).counts.blocks).toBe(0);
  });

  test('may block anew what the owner has cleared', async () => {
    const net = await N.createNetwork();
    await order(net, blockBody(SUBJECT), net.guardian);
    await order(net, unblockBody(SUBJECT));
    expect(await exitOf(net, blockBody(SUBJECT), net.guardian)).toBe(0);
  });
});

describe('once sealed', () => {
  async function sealed(): Promise<N.Network> {
    const net = await N.createNetwork();
    await order(net, sealBody());
    return net;
  }

  const loosening: [string, (net: N.Network) => Cell][] = [
    ['AllowImage', () => allowImageBody(SUBJECT, N.IMAGE_EXPIRES_AT)],
    ['AllowShape', () => allowShapeBody(SUBJECT)],
    ['AllowModel', () => allowModelBody(SUBJECT, 'tiny')],
    ['SetParameters', (net) => setParametersBody({ ...net.parameters, protocolFeeBps: 7 })],
    ['SetGuardian', (net) => setGuardianBody(net.stranger.address)],
  ];
  test.each(loosening)('%s waits for fifteen days, to the second', async (_name, body) => {
    const net = await sealed();
    const at = net.chain.now! + TIMELOCK_SECONDS;
    const before = await N.readRegistry(net);
    expect(await exitOf(net, body(net))).toBe(0);
    expect(await queue(net)).toEqual([{ hash: body(net).hash().toString('hex'), at }]);
    const { counts, balanceNano, ...rest } = await N.readRegistry(net);
    expect(rest).toEqual(
      expect.objectContaining({ guardian: before.guardian, parameters: before.parameters }),
    );
    expect(counts).toEqual({ ...before.counts, orders: 1 });
    expect(balanceNano).toBeGreaterThan(0n);
    net.chain.now = at - 1;
    expect(await exitOf(net, body(net))).toBe(1020);
    net.chain.now = at;
    expect(await exitOf(net, body(net))).toBe(0);
    const after = await N.readRegistry(net);
    expect(await queue(net)).toEqual([]);
    expect([after.guardian, after.parameters, after.counts]).not.toEqual([
      before.guardian,
      before.parameters,
      before.counts,
    ]);
  });

  test('a block that holds is lifted after the timelock, one that lapsed at once', async () => {
    const net = await sealed();
    await order(net, blockBody(N.IMAGE_ID));
    await order(net, blockBody(SUBJECT), net.guardian);
    await order(net, unblockBody(N.IMAGE_ID));
    expect(await blocks(net)).toHaveLength(2);
    net.chain.now! += TIMELOCK_SECONDS;
    await order(net, unblockBody(SUBJECT));
    expect(await blocks(net)).toHaveLength(1);
    await order(net, unblockBody(N.IMAGE_ID));
    expect(await blocks(net)).toEqual([]);
  });

  test('what tightens is done at once', async () => {
    const net = await sealed();
    await order(net, revokeImageBody(N.IMAGE_ID));
    await order(net, revokeShapeBody(N.SHAPE));
    expect((await N.readRegistry(net)).counts).toMatchObject({ images: 0, shapes: 0, orders: 0 });
  });

  test('an order that nobody carried out in a fortnight must wait again', async () => {
    const net = await sealed();
    const body = allowShapeBody(SUBJECT);
    await order(net, body);
    net.chain.now! += TIMELOCK_SECONDS + ORDER_SECONDS + 1;
    await order(net, body);
    expect((await N.readRegistry(net)).counts).toMatchObject({ shapes: 1, orders: 1 });
    net.chain.now! += TIMELOCK_SECONDS + ORDER_SECONDS;
    await order(net, body);
    expect((await N.readRegistry(net)).counts).toMatchObject({ shapes: 2, orders: 0 });
  });

  test('an order can be taken back, once', async () => {
    const net = await sealed();
    const body = allowShapeBody(SUBJECT);
    await order(net, body);
    expect(await exitOf(net, cancelOrderBody(body.hash()))).toBe(0);
    expect(await exitOf(net, cancelOrderBody(body.hash()))).toBe(1021);
    net.chain.now! += TIMELOCK_SECONDS;
    await order(net, body);
    expect((await N.readRegistry(net)).counts).toMatchObject({ shapes: 1, orders: 1 });
  });

  test('it stays sealed', async () => {
    const net = await sealed();
    await order(net, sealBody());
    expect((await N.readRegistry(net)).sealed).toBe(true);
  });
});

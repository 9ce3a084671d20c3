import { Address, beginCell, ExternalAddress, type Builder, type Cell } from '@ton/core';
import { sha256 } from '../../src/protocol/hash';
import {
  acceptOwnershipBody,
  allowImageBody,
  allowModelBody,
  allowShapeBody,
  cancelOrderBody,
  offerOwnershipBody,
  parseImages,
  parseModels,
  parseShapes,
  REGISTRY_GETTERS,
  REGISTRY_OPCODES,
  revokeImageBody,
  revokeModelBody,
  revokeShapeBody,
  sealBody,
  setGuardianBody,
  setParametersBody,
  unblockBody,
  type RegistryParameters,
} from '../../wrappers/Registry';
import * as N from '../support/network';

const SUBJECT = sha256(Buffer.from('subject'));
const MODEL = sha256(Buffer.from('model'));

/** A message of an opcode and an address, which may be nobody's. */
const to = (opcode: number, address: Address) =>
  beginCell().storeUint(opcode, 32).storeAddress(address).endCell();

/** SetParameters as no compiler writes it: the least stake has a byte of zeros before its first. */
function longAmount(): Cell {
  return beginCell()
    .storeUint(REGISTRY_OPCODES.SetParameters, 32)
    .storeUint(5, 4)
    .storeUint(N.COIN, 40)
    .storeUint(14 * N.DAY, 32)
    .storeUint(100, 16)
    .storeCoins(N.COIN)
    .storeAddress(new Address(0, SUBJECT))
    .endCell();
}

const order = (net: N.Network, body: Cell, from = net.owner) => N.send(net, from, net.registry, body);
const exitOf = async (net: N.Network, body: Cell, from = net.owner) =>
  N.firstExit(net, await order(net, body, from));

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
    expect(await exitOf(net, acceptOwnershipBody())).toBe(1001);
    expect((await N.readRegistry(net)).owner).toBe(N.plain(net.owner.address));
    expect(await exitOf(net, acceptOwnershipBody(), net.stranger)).toBe(0);
    expect(await N.readRegistry(net)).toMatchObject({
      owner: N.plain(net.stranger.address),
      offeredOwner: null,
    });
    expect(await exitOf(net, sealBody())).toBe(1000);
    expect(await exitOf(net, acceptOwnershipBody(), net.stranger)).toBe(1001);
  });

  test('offers to another instead, and to himself to withdraw it', async () => {
    const net = await N.createNetwork();
    await order(net, offerOwnershipBody(net.stranger.address));
    await order(net, offerOwnershipBody(net.provider.address));
    expect(await exitOf(net, acceptOwnershipBody(), net.stranger)).toBe(1001);
    await order(net, offerOwnershipBody(net.owner.address));
    expect(await exitOf(net, acceptOwnershipBody(), net.provider)).toBe(1001);
    expect((await N.readRegistry(net)).owner).toBe(N.plain(net.owner.address));
  });

  test('hands nothing to nobody, or to where no wallet is', async () => {
    const net = await N.createNetwork();
    const nobodies = [
      new Address(-1, net.stranger.address.hash),
      new ExternalAddress(0x1234n, 16) as unknown as Address,
      null as unknown as Address,
    ];
    for (const nobody of nobodies) {
      expect(await exitOf(net, to(REGISTRY_OPCODES.OfferOwnership, nobody))).toBe(1011);
      expect(await exitOf(net, to(REGISTRY_OPCODES.SetGuardian, nobody))).toBe(1011);
    }
    expect(await N.readRegistry(net)).toMatchObject({
      offeredOwner: null,
      guardian: N.plain(net.guardian.address),
    });
  });

  test('seals once; a second time changes nothing', async () => {
    const net = await N.createNetwork();
    await order(net, sealBody());
    expect((await N.readRegistry(net)).sealed).toBe(true);
    expect(await exitOf(net, sealBody())).toBe(0);
    expect((await N.readRegistry(net)).sealed).toBe(true);
  });
});

describe('an order', () => {
  const image = () => allowImageBody(SUBJECT, N.IMAGE_EXPIRES_AT);
  const again = (change: (builder: Builder) => Builder, body = image()) =>
    change(beginCell().storeSlice(body.beginParse())).endCell();
  const strange: [string, number, () => Cell][] = [
    ['with a bit after it', 9, () => again((builder) => builder.storeBit(0))],
    ['with a reference after it', 9, () => again((builder) => builder.storeRef(image()))],
    ['that is cut short', 9, () => beginCell().storeBits(image().beginParse().loadBits(319)).endCell()],
    ['with an amount written longer than it need be', 1025, longAmount],
    ['with a name of two cells', 1013, () => allowModelBody(MODEL, 'm'.repeat(128))],
    ['that is none', 130, () => beginCell().storeUint(0x12345678, 32).endCell()],
  ];
  test.each(strange)('%s is refused, sealed or not', async (_name, exit, body) => {
    const net = await N.createNetwork();
    expect(await exitOf(net, body(), net.stranger)).toBe(1000);
    expect(await exitOf(net, body())).toBe(exit);
    await order(net, sealBody());
    expect(await exitOf(net, body())).toBe(exit);
    expect((await N.readRegistry(net)).counts).toMatchObject({ images: 1, models: 1, orders: 0 });
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

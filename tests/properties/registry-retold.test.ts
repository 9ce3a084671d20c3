import type { Address, Cell } from '@ton/core';
import fc from 'fast-check';
import { sha256 } from '../../src/protocol/hash';
import * as R from '../../wrappers/Registry';
import { ANY_FAMILY, FLOOR } from '../support/attestation';
import * as N from '../support/network';

const RUNS = 6;
const NAMES = ['a', 'b', 'c'].map((name) => sha256(Buffer.from(name)));

type Act = { body: Cell; by: 'owner' | 'guardian' | 'heir' } | { seconds: number } | { execute: number };

const name = fc.constantFrom(...NAMES);
const fmspc = fc.constantFrom(ANY_FAMILY, Buffer.from('b0c06f000000', 'hex'));
/** Bodies are made for a network, since some of them name its accounts. */
const order = (net: N.Network): fc.Arbitrary<Cell> =>
  fc.oneof(
    name.map((id) => R.allowImageBody(id, N.IMAGE_EXPIRES_AT)),
    name.map(R.revokeImageBody),
    name.map(R.allowShapeBody),
    name.map(R.revokeShapeBody),
    name.map((hash) => R.allowModelBody(hash, hash.toString('hex', 0, 4))),
    name.map(R.revokeModelBody),
    fmspc.map((family) => R.allowTcbBody(family, FLOOR)),
    fmspc.map(R.revokeTcbBody),
    name.map(R.unblockBody),
    name.map((hash) => R.cancelOrderBody(R.allowShapeBody(hash).hash())),
    fc.constantFrom(net.guardian, net.stranger).map(({ address }) => R.setGuardianBody(address)),
    fc.constantFrom(net.owner, net.stranger).map(({ address }) => R.offerOwnershipBody(address)),
    fc.nat({ max: 500 }).map((protocolFeeBps) => R.setParametersBody({ ...net.parameters, protocolFeeBps })),
    fc.constant(R.sealBody()),
  );
const acts = (net: N.Network): fc.Arbitrary<Act[]> =>
  fc.array(
    fc.oneof(
      { weight: 6, arbitrary: order(net).map((body): Act => ({ body, by: 'owner' })) },
      {
        weight: 2,
        arbitrary: fc.record({
          body: name.map(R.blockBody),
          by: fc.constantFrom('owner' as const, 'guardian' as const),
        }),
      },
      { weight: 1, arbitrary: fc.constant<Act>({ body: R.acceptOwnershipBody(), by: 'heir' }) },
      {
        weight: 2,
        arbitrary: fc
          .constantFrom(N.DAY, R.TIMELOCK_SECONDS, R.ORDER_SECONDS)
          .map((seconds): Act => ({ seconds })),
      },
      { weight: 2, arbitrary: fc.nat().map((execute): Act => ({ execute })) },
    ),
    { minLength: 8, maxLength: 24 },
  );

describe('whoever listened from the beginning', () => {
  test('knows what every list of the registry holds, from its events alone', async () => {
    const net = await N.createNetwork();
    const snapshot = net.chain.snapshot();
    const start = await standing(net);
    await fc.assert(
      fc.asyncProperty(acts(net), async (sequence) => {
        await net.chain.loadFrom(snapshot);
        const told = structuredClone(start);
        for (const act of sequence) for (const event of await perform(net, act)) retell(told, event);
        expect(told).toEqual(await standing(net));
      }),
      { numRuns: RUNS },
    );
  }, 120_000);
});

async function perform(net: N.Network, act: Act): Promise<R.RegistryEvent[]> {
  if ('seconds' in act) {
    net.chain.now! += act.seconds;
    return [];
  }
  const queue = R.loadOrders(await N.get(net, net.registry, R.REGISTRY_GETTERS.orders));
  const body = 'body' in act ? act.body : executing(queue, act.execute);
  if (!body) return [];
  const result = await N.send(net, await senderOf(net, act), net.registry, body);
  return result.externals
    .filter(({ info }) => info.src.equals(net.registry))
    .flatMap((external) => R.parseRegistryEvent(external.body) ?? []);
}

function executing(queue: readonly R.PendingOrder[], pick: number): Cell | null {
  const order = queue[pick % Math.max(queue.length, 1)];
  return order ? R.executeOrderBody(order.hash) : null;
}

/** Owners change: whoever it is now, or the heir that was offered it. */
async function senderOf(net: N.Network, act: Act): Promise<N.Network['owner']> {
  const { owner } = R.parseRegistry(await N.get(net, net.registry, R.REGISTRY_GETTERS.registry));
  if ('execute' in act || ('by' in act && act.by === 'heir')) return net.stranger;
  if ('by' in act && act.by === 'guardian') return net.guardian;
  return owner.equals(net.owner.address) ? net.owner : net.stranger;
}

/** Everything that a registry's owner and guardian can change, as the getters have it. */
interface Standing {
  owner: string;
  offeredOwner: string | null;
  guardian: string;
  sealed: boolean;
  protocolFeeBps: number;
  images: string[];
  shapes: string[];
  models: string[];
  floors: string[];
  blocks: Record<string, number>;
  orders: Record<string, number>;
}

async function standing(net: N.Network): Promise<Standing> {
  const get = (getter: keyof typeof R.REGISTRY_GETTERS) =>
    N.get(net, net.registry, R.REGISTRY_GETTERS[getter]);
  const { owner, offeredOwner, guardian, sealed, parameters } = R.parseRegistry(await get('registry'));
  const hexes = (hashes: readonly Buffer[]): string[] => hashes.map((hash) => hash.toString('hex')).sort();
  const blocks = R.parseBlocks(await get('blocks')).map(
    ({ hash, at }) => [hash.toString('hex'), at] as const,
  );
  const orders = R.loadOrders(await get('orders')).map(
    ({ hash, dueAt }) => [hash.toString('hex'), dueAt] as const,
  );
  return {
    ...{
      owner: textOf(owner),
      offeredOwner: offeredOwner && textOf(offeredOwner),
      guardian: textOf(guardian),
    },
    ...{ sealed, protocolFeeBps: parameters.protocolFeeBps },
    images: hexes(R.parseImages(await get('images')).map(({ imageId }) => imageId)),
    shapes: hexes(R.parseShapes(await get('shapes'))),
    models: hexes(R.parseModels(await get('models')).map(({ modelHash }) => modelHash)),
    floors: hexes(R.parseFloors(await get('floors')).map((floor) => floor.fmspc)),
    blocks: Object.fromEntries(blocks),
    orders: Object.fromEntries(orders),
  };
}

function retell(told: Standing, event: R.RegistryEvent): void {
  switch (event.kind) {
    case 'OwnershipOffered':
      told.offeredOwner = textOf(event.newOwner);
      break;
    case 'OwnershipAccepted':
      Object.assign(told, { owner: textOf(event.owner), offeredOwner: null });
      break;
    case 'Sealed':
      told.sealed = true;
      break;
    case 'OrderQueued':
      told.orders[event.hash.toString('hex')] = event.dueAt;
      break;
    case 'OrderCancelled':
      delete told.orders[event.hash.toString('hex')];
      break;
    case 'OrderCarriedOut':
      delete told.orders[event.hash.toString('hex')];
      retellOrder(told, event.order);
      break;
    case 'Blocked':
      told.blocks[event.subject.toString('hex')] = event.blockedUntil;
      break;
    default:
      throw new RangeError(`nobody came or left, but ${event.kind} was told`);
  }
}

type Order = Extract<R.RegistryEvent, { order: unknown }>['order'];

function retellOrder(told: Standing, order: Order): void {
  const put = (list: string[], item: string): void =>
    void (list.includes(item) || (list.push(item), list.sort()));
  const drop = (list: string[], item: string): void =>
    void (list.includes(item) && list.splice(list.indexOf(item), 1));
  const hex = (number: bigint, bytes = 32): string => number.toString(16).padStart(2 * bytes, '0');
  switch (order.$$type) {
    case 'AllowImage':
      return put(told.images, hex(order.imageId));
    case 'RevokeImage':
      return drop(told.images, hex(order.imageId));
    case 'AllowShape':
      return put(told.shapes, hex(order.shape));
    case 'RevokeShape':
      return drop(told.shapes, hex(order.shape));
    case 'AllowModel':
      return put(told.models, hex(order.modelHash));
    case 'RevokeModel':
      return drop(told.models, hex(order.modelHash));
    case 'AllowTcb':
      return put(told.floors, hex(order.fmspc, 6));
    case 'RevokeTcb':
      return drop(told.floors, hex(order.fmspc, 6));
    case 'Unblock':
      delete told.blocks[hex(order.subject)];
      return;
    case 'SetGuardian':
      told.guardian = textOf(order.guardian);
      return;
    case 'SetParameters':
      told.protocolFeeBps = Number(order.protocolFeeBps);
      return;
    default:
      throw new RangeError(`${order.$$type} is no order that is carried out`);
  }
}

function textOf(address: Address): string {
  return address.toRawString();
}

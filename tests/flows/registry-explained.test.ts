import type { Cell } from '@ton/core';
import type { BlockchainSnapshot } from '@ton/sandbox';
import { decodeOrder } from '../../src/governance/decode';
import { explain } from '../../src/governance/explain';
import type { Standing } from '../../src/governance/standing';
import { sha256 } from '../../src/protocol/hash';
import * as R from '../../wrappers/Registry';
import { FLOOR } from '../support/attestation';
import * as N from '../support/network';

const NEW = sha256(Buffer.from('something new'));
const LAPSED = sha256(Buffer.from('blocked for a week'));
const FAMILY = Buffer.alloc(6, 7);

/** What `cocoon gov` reads from a chain, of the sandbox. */
async function standingOf(net: N.Network): Promise<Standing> {
  const get = (method: string) => N.get(net, net.registry, method);
  return {
    nowUnix: net.chain.now!,
    registry: R.parseRegistry(await get(R.REGISTRY_GETTERS.registry)),
    workers: R.parseListed(await get(R.REGISTRY_GETTERS.workers)),
    images: R.parseImages(await get(R.REGISTRY_GETTERS.images)),
    shapes: R.parseShapes(await get(R.REGISTRY_GETTERS.shapes)),
    models: R.parseModels(await get(R.REGISTRY_GETTERS.models)),
    floors: R.parseFloors(await get(R.REGISTRY_GETTERS.floors)),
    blocks: R.parseBlocks(await get(R.REGISTRY_GETTERS.blocks)),
    orders: R.loadOrders(await get(R.REGISTRY_GETTERS.orders)),
  };
}

/** A sealed registry with a block that has lapsed and one that holds; made once, and set back for each test. */
async function sealed(): Promise<N.Network> {
  ready ??= seal().then((net) => ({ net, state: net.chain.snapshot() }));
  const { net, state } = await ready;
  await net.chain.loadFrom(state);
  return net;
}

let ready: Promise<{ net: N.Network; state: BlockchainSnapshot }> | undefined;

async function seal(): Promise<N.Network> {
  const net = await N.createNetwork();
  await N.send(net, net.guardian, net.registry, R.blockBody(LAPSED));
  net.chain.now! += R.GUARDIAN_BLOCK_SECONDS + 1;
  await N.send(net, net.owner, net.registry, R.blockBody(N.SHAPE));
  await N.send(net, net.owner, net.registry, R.sealBody());
  return net;
}

const higher = { ...FLOOR, pceSvn: FLOOR.pceSvn + 1 };
const strange = { ...FLOOR, pceId: FLOOR.pceId + 1 };

test.each<[what: string, body: (net: N.Network) => Cell]>([
  ['parameters', (net) => R.setParametersBody({ ...net.parameters, protocolFeeBps: 1 })],
  ['parameters out of bounds', (net) => R.setParametersBody({ ...net.parameters, protocolFeeBps: 501 })],
  ['a guardian', (net) => R.setGuardianBody(net.stranger.address)],
  ['an image', (net) => R.allowImageBody(NEW, net.chain.now! + 1)],
  ['an image whose date is past', (net) => R.allowImageBody(NEW, net.chain.now!)],
  ['an image off the list', () => R.revokeImageBody(N.IMAGE_ID)],
  ['a shape', () => R.allowShapeBody(NEW)],
  ['a shape off the list', () => R.revokeShapeBody(N.SHAPE)],
  ['a model', () => R.allowModelBody(NEW, 'm'.repeat(127))],
  ['a model whose name is too long', () => R.allowModelBody(NEW, 'm'.repeat(128))],
  ['a model off the list', () => R.revokeModelBody(NEW)],
  ['a higher floor', () => R.allowTcbBody(FAMILY, higher)],
  ['the same floor', () => R.allowTcbBody(FAMILY, FLOOR)],
  ['a floor of another PCE', () => R.allowTcbBody(FAMILY, strange)],
  ['no floor of its own, where there is none', () => R.revokeTcbBody(FAMILY)],
  ['no floor at all', () => R.revokeTcbBody(Buffer.alloc(6))],
  ['a block', () => R.blockBody(NEW)],
  ['the lift of a block that holds', () => R.unblockBody(N.SHAPE)],
  ['the lift of one that has lapsed', () => R.unblockBody(LAPSED)],
  ['the lift of none', () => R.unblockBody(NEW)],
  ['an offer', (net) => R.offerOwnershipBody(net.stranger.address)],
  ['an order back that does not wait', () => R.cancelOrderBody(NEW)],
  ['an order out that does not wait', () => R.executeOrderBody(NEW)],
])('what is said of %s is what the contract does', async (_, bodyOf) => {
  const net = await sealed();
  const body = bodyOf(net);
  const said = explain(decodeOrder(body), await standingOf(net));
  const exit = N.firstExit(net, await N.send(net, net.owner, net.registry, body));
  const refusals = said.against.map((reason) => Number(/\((\d+)\)/.exec(reason)![1]));
  expect(exit).toBe(refusals[0] ?? 0);
  const { orders } = await standingOf(net);
  expect(orders.some(({ hash }) => hash.equals(body.hash()))).toBe(said.waits && exit === 0);
});

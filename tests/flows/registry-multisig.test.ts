import { Cell, type Address } from '@ton/core';
import type { SendMessageResult } from '@ton/sandbox';
import {
  approveBody,
  MULTISIG_GETTERS,
  newOrderBody,
  orderCell,
  parseMultisig,
  parseMultisigOrder,
  sendAction,
  type MultisigAction,
} from '../../src/governance/multisig';
import { sha256 } from '../../src/protocol/hash';
import {
  acceptOwnershipBody,
  allowImageBody,
  cancelOrderBody,
  executeOrderBody,
  loadOrders,
  offerOwnershipBody,
  parseImages,
  REGISTRY_GETTERS,
  revokeImageBody,
  sealBody,
  TIMELOCK_SECONDS,
} from '../../wrappers/Registry';
import { multisigInit } from '../support/multisig';
import * as N from '../support/network';

const IMAGE = sha256(Buffer.from('proposed image'));
const OTHER = sha256(Buffer.from('another image'));
const VALUE = N.COIN / 20n;

/** Two of three decide; the stranger may only propose. */
interface Owned {
  net: N.Network;
  multisig: Address;
  signers: N.Network['owner'][];
}

async function deployMultisig(): Promise<Owned> {
  const net = await N.createNetwork();
  const signers = [net.provider, net.operator, net.guardian];
  const { address, init } = await multisigInit({
    threshold: 2,
    signers: signers.map((signer) => signer.address),
    proposers: [net.stranger.address],
  });
  await N.send(net, net.stranger, address, Cell.EMPTY, N.COIN, init);
  return { net, multisig: address, signers };
}

const orders = (net: N.Network, bodies: readonly Cell[]): MultisigAction[] =>
  bodies.map((body) => sendAction(net.registry, VALUE, body));

/** The next order of the multisig, proposed by its first signer; gives where it is. */
async function propose(
  { net, multisig, signers }: Owned,
  actions: readonly MultisigAction[],
): Promise<Address> {
  const { nextSeqno } = parseMultisig(await N.get(net, multisig, MULTISIG_GETTERS.multisig));
  const seqno = [{ type: 'int', value: nextSeqno! } as const];
  const address = (await N.get(net, multisig, MULTISIG_GETTERS.orderAddress, seqno)).readAddress();
  const expiresAtUnix = net.chain.now! + N.DAY;
  const body = newOrderBody({ by: { role: 'signer', index: 0 }, expiresAtUnix, order: orderCell(actions) });
  const result = await N.send(net, signers[0]!, multisig, body, N.COIN / 10n);
  expect(N.firstExit(net, result)).toBe(0);
  return address;
}

const approve = ({ net, signers }: Owned, order: Address, index: number): Promise<SendMessageResult> =>
  N.send(net, signers[index]!, order, approveBody(index), N.COIN / 10n);

/** Proposed and approved as often as is needed: the messages of the last approval. */
async function decide(owned: Owned, ...bodies: Cell[]): Promise<SendMessageResult> {
  const order = await propose(owned, orders(owned.net, bodies));
  return approve(owned, order, 1);
}

/** Between multisig and registry alone, with names. */
function atRegistry({ net, multisig }: Owned, result: SendMessageResult): string[] {
  return N.story(net, result)
    .map((line) => line.replaceAll(multisig.toRawString(), 'multisig'))
    .filter((line) => line.includes('registry'));
}

async function multisigOwner(): Promise<Owned> {
  const owned = await deployMultisig();
  await N.send(owned.net, owned.net.owner, owned.net.registry, offerOwnershipBody(owned.multisig));
  await decide(owned, acceptOwnershipBody());
  return owned;
}

const images = async (net: N.Network): Promise<string[]> =>
  parseImages(await N.get(net, net.registry, REGISTRY_GETTERS.images)).map(({ imageId }) =>
    imageId.toString('hex'),
  );
const queue = async (net: N.Network): Promise<Buffer[]> =>
  loadOrders(await N.get(net, net.registry, REGISTRY_GETTERS.orders)).map(({ hash }) => hash);

test('multisig takes the registry over in two steps, the second of them its own order', async () => {
  const owned = await deployMultisig();
  const { net, multisig } = owned;
  await N.send(net, net.owner, net.registry, offerOwnershipBody(multisig));
  const accept = await decide(owned, acceptOwnershipBody());
  expect(atRegistry(owned, accept)).toEqual([
    'multisig -> registry: AcceptOwnership 0',
    'registry -> multisig: Excesses 0',
  ]);
  expect((await N.readRegistry(net)).owner).toBe(multisig.toRawString());
  expect(N.firstExit(net, await N.send(net, net.owner, net.registry, sealBody()))).toBe(1000);
});

test('one approval of the two that are needed changes nothing', async () => {
  const owned = await multisigOwner();
  const order = await propose(owned, orders(owned.net, [allowImageBody(IMAGE, N.IMAGE_EXPIRES_AT)]));
  expect(await images(owned.net)).not.toContain(IMAGE.toString('hex'));
  const state = parseMultisigOrder(await N.get(owned.net, order, MULTISIG_GETTERS.order));
  expect(state).toMatchObject({ threshold: 2, executed: false, approvals: [0] });
});

test("multisig's order waits out the timelock, and then anybody carries it out", async () => {
  const owned = await multisigOwner();
  const { net } = owned;
  await decide(owned, sealBody());
  const body = allowImageBody(IMAGE, N.IMAGE_EXPIRES_AT);
  const queued = await decide(owned, body);
  expect(atRegistry(owned, queued)).toEqual([
    'multisig -> registry: AllowImage 0',
    'registry -> multisig: Excesses 0',
  ]);
  expect(await queue(net)).toEqual([body.hash()]);

  net.chain.now! += TIMELOCK_SECONDS - 1;
  const execute = () => N.send(net, net.routerOperator, net.registry, executeOrderBody(body.hash()));
  expect(N.firstExit(net, await execute())).toBe(1020);
  net.chain.now! += 1;
  expect(N.firstExit(net, await execute())).toBe(0);
  expect(await images(net)).toContain(IMAGE.toString('hex'));
  expect(await queue(net)).toEqual([]);
});

test('multisig takes an order back by another one', async () => {
  const owned = await multisigOwner();
  const { net } = owned;
  const body = allowImageBody(IMAGE, N.IMAGE_EXPIRES_AT);
  await decide(owned, sealBody());
  await decide(owned, body);
  const cancelled = await decide(owned, cancelOrderBody(body.hash()));
  expect(atRegistry(owned, cancelled)[0]).toBe('multisig -> registry: CancelOrder 0');
  expect(await queue(net)).toEqual([]);
  net.chain.now! += TIMELOCK_SECONDS;
  expect(N.firstExit(net, await N.send(net, net.stranger, net.registry, executeOrderBody(body.hash())))).toBe(
    1021,
  );
});

test('several orders of one proposal are carried out one after another', async () => {
  const owned = await multisigOwner();
  const bodies = [
    allowImageBody(IMAGE, N.IMAGE_EXPIRES_AT),
    allowImageBody(OTHER, N.IMAGE_EXPIRES_AT),
    revokeImageBody(N.IMAGE_ID),
  ];
  await decide(owned, ...bodies);
  expect((await images(owned.net)).sort()).toEqual([IMAGE, OTHER].map((id) => id.toString('hex')).sort());
});

test('a member whom the multisig removed cannot approve, and what was proposed before is void', async () => {
  const owned = await multisigOwner();
  const { net, multisig, signers } = owned;
  const old = await propose(owned, orders(net, [allowImageBody(IMAGE, N.IMAGE_EXPIRES_AT)]));
  const members: MultisigAction = {
    type: 'members',
    threshold: 2,
    signers: signers.slice(0, 2).map(({ address }) => address),
    proposers: [],
  };
  await approve(owned, await propose(owned, [members]), 1);
  const state = parseMultisig(await N.get(net, multisig, MULTISIG_GETTERS.multisig));
  expect(state).toMatchObject({ threshold: 2, proposers: [] });
  expect(state.signers).toHaveLength(2);
  await approve(owned, old, 1);
  expect(await images(net)).not.toContain(IMAGE.toString('hex'));
});

import { beginCell, type Address, type Cell } from '@ton/core';
import type { SendMessageResult } from '@ton/sandbox';
import { sha256 } from '../../src/protocol/hash';
import {
  acceptOwnershipBody,
  allowImageBody,
  allowModelBody,
  allowShapeBody,
  allowTcbBody,
  BLOCKED_FOR_GOOD,
  blockBody,
  cancelOrderBody,
  executeOrderBody,
  GUARDIAN_BLOCK_SECONDS,
  offerOwnershipBody,
  parseRegistryEvent,
  revokeImageBody,
  revokeTcbBody,
  sealBody,
  setGuardianBody,
  TIMELOCK_SECONDS,
  unblockBody,
} from '../../wrappers/Registry';
import { publishBody, retireBody, routerInit } from '../../wrappers/Router';
import { unstakeBody } from '../../wrappers/Worker';
import { ANY_FAMILY, FLOOR } from '../support/attestation';
import * as N from '../support/network';

const SUBJECT = sha256(Buffer.from('subject'));

const order = (net: N.Network, body: Cell, from = net.owner) => N.send(net, from, net.registry, body);

/** What a registry told everybody, in order. */
function told(registry: Address, { externals }: SendMessageResult) {
  return externals
    .filter(({ info }) => info.src.equals(registry))
    .map(({ body }) => {
      const event = parseRegistryEvent(body);
      if (event && 'body' in event) return N.plain({ ...event, body: event.body.hash() });
      return N.plain(event);
    });
}

/** What is told of an order: its name, its hash, and the hash of its body, which is the same. */
const of = (kind: string, body: Cell, $$type: string, more: object = {}) => ({
  ...more,
  kind,
  hash: body.hash().toString('hex'),
  body: body.hash().toString('hex'),
  order: expect.objectContaining({ $$type }) as unknown,
});

test('an owner who changes hands and seals is told each time, and sealing a second time is not', async () => {
  const net = await N.createNetwork();
  const { registry, stranger } = net;
  expect(told(registry, await order(net, offerOwnershipBody(stranger.address)))).toEqual([
    { kind: 'OwnershipOffered', newOwner: N.plain(stranger.address) },
  ]);
  expect(told(registry, await order(net, acceptOwnershipBody(), stranger))).toEqual([
    { kind: 'OwnershipAccepted', owner: N.plain(stranger.address) },
  ]);
  expect(told(registry, await order(net, sealBody(), stranger))).toEqual([{ kind: 'Sealed' }]);
  expect(told(registry, await order(net, sealBody(), stranger))).toEqual([]);
});

test('an order that waits is told when it is queued, taken back and carried out', async () => {
  const net = await N.createNetwork();
  await order(net, sealBody());
  const { registry } = net;
  const body = allowShapeBody(SUBJECT);
  const queued = () => of('OrderQueued', body, 'AllowShape', { dueAt: net.chain.now! + TIMELOCK_SECONDS });
  expect(told(registry, await order(net, body))).toEqual([queued()]);
  expect(told(registry, await order(net, cancelOrderBody(body.hash())))).toEqual([
    of('OrderCancelled', body, 'AllowShape'),
  ]);
  expect(told(registry, await order(net, body))).toEqual([queued()]);
  net.chain.now! += TIMELOCK_SECONDS;
  expect(told(registry, await order(net, executeOrderBody(body.hash()), net.stranger))).toEqual([
    of('OrderCarriedOut', body, 'AllowShape'),
  ]);
});

const orders: [string, (net: N.Network) => Cell][] = [
  ['SetGuardian', (net) => setGuardianBody(net.stranger.address)],
  ['AllowImage', () => allowImageBody(SUBJECT, N.IMAGE_EXPIRES_AT)],
  ['RevokeImage', () => revokeImageBody(N.IMAGE_ID)],
  ['AllowModel', () => allowModelBody(SUBJECT, 'm'.repeat(127))],
  ['AllowTcb', () => allowTcbBody(Buffer.alloc(6, 7), FLOOR)],
  ['RevokeTcb', () => revokeTcbBody(ANY_FAMILY)],
  ['Unblock', () => unblockBody(SUBJECT)],
];
test.each(orders)('an order that acts at once is told with what it says: %s', async (name, body) => {
  const net = await N.createNetwork();
  expect(told(net.registry, await order(net, body(net)))).toEqual([of('OrderCarriedOut', body(net), name)]);
});

test('a block is told with whose it is and how long it holds, and a lift that it takes back', async () => {
  const net = await N.createNetwork();
  await order(net, sealBody());
  const subject = SUBJECT.toString('hex');
  expect(told(net.registry, await order(net, blockBody(SUBJECT), net.guardian))).toEqual([
    {
      kind: 'Blocked',
      subject,
      blockedUntil: net.chain.now! + GUARDIAN_BLOCK_SECONDS,
      by: N.plain(net.guardian.address),
    },
  ]);
  await order(net, unblockBody(SUBJECT));
  expect(told(net.registry, await order(net, blockBody(SUBJECT)))).toEqual([
    of('OrderCancelled', unblockBody(SUBJECT), 'Unblock'),
    { kind: 'Blocked', subject, blockedUntil: BLOCKED_FOR_GOOD, by: N.plain(net.owner.address) },
  ]);
});

test('workers and routers that enter or leave the directory are told, and nothing else that passes', async () => {
  const net = await N.createNetwork();
  const { registry } = net;
  const worker = N.plain(net.worker);
  const router = N.plain(net.router);
  expect(told(registry, await N.stake(net))).toEqual([{ kind: 'WorkerEntered', worker }]);
  expect(told(registry, await N.stake(net, N.COIN))).toEqual([]);
  const image = N.statement(net);
  expect(told(registry, await N.announce(net, image))).toEqual([]);
  expect(told(registry, await N.admit(net, image))).toEqual([]);
  const leaves = () => N.send(net, net.provider, net.worker, unstakeBody());
  expect(told(registry, await leaves())).toEqual([{ kind: 'WorkerDropped', worker }]);

  const init = await routerInit(registry, net.routerOperator.address);
  const publish = () =>
    N.send(
      net,
      net.routerOperator,
      net.router,
      publishBody('https://r.example', 9, N.COIN),
      2n * N.COIN,
      init,
    );
  expect(told(registry, await publish())).toEqual([{ kind: 'RouterEntered', router }]);
  expect(told(registry, await publish())).toEqual([]);
  const retired = await N.send(net, net.routerOperator, net.router, retireBody());
  expect(told(registry, retired)).toEqual([{ kind: 'RouterDropped', router }]);
});

test('whoever asks for a change pays for telling it, and the registry keeps its balance to the nanoton', async () => {
  const net = await N.createNetwork();
  const balance = async () => (await N.readRegistry(net)).balanceNano;
  await order(net, sealBody());
  const start = await balance();
  const body = allowModelBody(SUBJECT, 'm'.repeat(127));
  await order(net, body);
  await order(net, blockBody(SUBJECT), net.guardian);
  await order(net, offerOwnershipBody(net.stranger.address));
  net.chain.now! += 1;
  expect(await balance()).toBe(start);
  await order(net, cancelOrderBody(body.hash()));
  await order(net, acceptOwnershipBody(), net.stranger);
  expect(await balance()).toBe(start);
});

test('what is no event of a registry is read as none', () => {
  expect(parseRegistryEvent(beginCell().endCell())).toBeNull();
  expect(parseRegistryEvent(allowShapeBody(SUBJECT))).toBeNull();
});

import { beginCell, Dictionary, type Cell } from '@ton/core';
import type { SendMessageResult } from '@ton/sandbox';
import * as binding from '../../build/RegistrySimulated/RegistrySimulated_Registry';
import * as router from '../../build/Router/Router_Router';
import * as worker from '../../build/Worker/Worker_Worker';
import { sha256 } from '../../src/protocol/hash';
import { modelsRoot } from '../../src/protocol/statement';
import {
  allowModelBody,
  executeOrderBody,
  MAX_LISTED_ROUTERS,
  MAX_LISTED_WORKERS,
  refusalArguments,
  REGISTRY_GETTERS,
  sealBody,
  TIMELOCK_SECONDS,
} from '../../wrappers/Registry';
import { publishBody, retireBody, routerInit } from '../../wrappers/Router';
import { slashBody, unstakeBody } from '../../wrappers/Worker';
import { measuredCell, tcbCell } from '../support/attestation';
import { gasUsed } from '../support/chain';
import { contradiction } from '../support/contradiction';
import { expectGas } from '../support/gasSnapshot';
import * as N from '../support/network';
import { changeGovernance, changeRegistry } from '../support/registryData';

/** Gas of a transaction of a message chain on an account; the first one, unless some are skipped. */
function gasOn(account: { toString(): string }, result: SendMessageResult, skip = 0): number {
  const own = result.transactions.filter((tx) => tx.inMessage?.info.dest?.toString() === account.toString());
  return gasUsed(own[skip]!);
}

const slash = (net: N.Network): Promise<SendMessageResult> =>
  N.send(net, net.stranger, net.worker, slashBody(N.workerKey(), ...contradiction(N.workerKeys())));

/** One of everything that passes through the Registry. */
async function measure(net: N.Network) {
  const workerStaked = gasOn(net.registry, await N.stake(net));
  const image = N.statement(net);
  const announced = gasOn(net.registry, await N.announce(net, image));
  const admitted = await N.admit(net, image);
  const quoteVerified = gasOn(net.registry, admitted);
  const workerAdmitted = gasOn(net.registry, admitted, 1);
  const said = N.quoteOf(net, image, { imageId: Buffer.alloc(32) });
  const quoteRefused = gasOn(net.registry, await N.attest(net, said));
  const slotRefused = gasOn(net.registry, await N.refuseSlot(net));
  const workerLeft = gasOn(net.registry, await N.send(net, net.provider, net.worker, unstakeBody()));
  const init = await routerInit(net.registry, net.routerOperator.address);
  const body = publishBody('https://router.example/v1', 200, N.COIN);
  const published = await N.send(net, net.routerOperator, net.router, body, 2n * N.COIN, init);
  const retired = await N.send(net, net.routerOperator, net.router, retireBody());
  const name = 'm'.repeat(100);
  await N.send(net, net.owner, net.registry, sealBody());
  const orders = await measureOrder(net, allowModelBody(N.SHAPE, name));
  await N.stake(net, 0n);
  return {
    workerStaked,
    announced,
    quoteVerified,
    quoteRefused,
    workerAdmitted,
    slotRefused,
    workerLeft,
    workerSlashed: gasOn(net.registry, await slash(net)),
    routerListed: gasOn(net.registry, published),
    routerRetired: gasOn(net.registry, retired),
    ...orders,
    routerPublish: gasOn(net.router, published),
    routerRetire: gasOn(net.router, retired),
  };
}

/** Fills both directories up to one free place, straight in the account's state. */
async function fillDirectories(net: N.Network): Promise<void> {
  const fill = (kind: string, count: number) => {
    const listed = Dictionary.empty(Dictionary.Keys.BigUint(256), Dictionary.Values.Bool());
    for (let n = 0; n < count; n++) {
      listed.set(BigInt(`0x${sha256(Buffer.from(`${kind} ${n}`)).toString('hex')}`), true);
    }
    return listed;
  };
  await changeRegistry(net, (data) => ({
    ...data,
    directory: {
      $$type: 'Directory',
      workers: fill('worker', MAX_LISTED_WORKERS - 1),
      routers: fill('router', MAX_LISTED_ROUTERS - 1),
      workerCount: BigInt(MAX_LISTED_WORKERS - 1),
      routerCount: BigInt(MAX_LISTED_ROUTERS - 1),
    },
  }));
}

/** Those of owner and guardian, and those by proof. */
const MOST_BLOCKS = Number(binding.MAX_BLOCKS + binding.MAX_PROVEN_BLOCKS);

/** And every list of the owner, but for places that the network's own image, shape, model and machine need. */
async function fillRules(net: N.Network, models: readonly Buffer[]): Promise<void> {
  const key = Dictionary.Keys.BigUint(256);
  const hash = (kind: string, n: number) =>
    BigInt(`0x${sha256(Buffer.from(`${kind} ${n}`)).toString('hex')}`);
  await changeRegistry(net, (data) => {
    const { images, shapes, floors, blocks } = data.rules;
    const image = images.values()[0]!;
    const floor = floors.values()[0]!;
    const named = Dictionary.empty(key, Dictionary.Values.Cell());
    for (const model of models) named.set(BigInt(`0x${model.toString('hex')}`), beginCell().endCell());
    for (let n = 0; named.size < 512; n++) named.set(hash('model', n), beginCell().endCell());
    for (let n = 0; images.size < 64; n++) images.set(hash('image', n), image);
    for (let n = 0; shapes.size < 256; n++) shapes.set(hash('shape', n), true);
    for (let n = 0; floors.size < 256; n++) floors.set(hash('floor', n) >> 208n, floor);
    for (let n = 0; blocks.size < MOST_BLOCKS - 1; n++) blocks.set(hash('block', n), 1);
    const counts = {
      ownerBlockCount: binding.MAX_BLOCKS - binding.MAX_GUARDIAN_BLOCKS,
      guardianBlockCount: binding.MAX_GUARDIAN_BLOCKS,
      provenBlockCount: binding.MAX_PROVEN_BLOCKS - 1n,
    };
    return { ...data, rules: { ...data.rules, models: named, ...counts } };
  });
}

/** Seals the registry, and leaves one place in its queue. */
async function fillQueue(net: N.Network): Promise<void> {
  const waiting = Dictionary.empty(Dictionary.Keys.BigUint(256), binding.dictValueParserPendingOrder());
  for (let n = 1; waiting.size < Number(binding.MAX_ORDERS) - 1; n++) {
    const body = allowModelBody(sha256(Buffer.from(`queued ${n}`)), 'm'.repeat(127));
    const pending = { $$type: 'PendingOrder' as const, dueAt: BigInt(net.chain.now!), body };
    waiting.set(BigInt(`0x${body.hash().toString('hex')}`), pending);
  }
  await changeGovernance(net, (governance) => ({
    ...governance,
    orders: { $$type: 'OrderBook', sealed: true, waiting, count: binding.MAX_ORDERS - 1n },
  }));
}

/** An order that takes the last place of the queue, and is carried out. */
async function measureOrder(net: N.Network, body: Cell) {
  const queuedOrder = gasOn(net.registry, await N.send(net, net.owner, net.registry, body));
  net.chain.now! += TIMELOCK_SECONDS;
  const executed = await N.send(net, net.stranger, net.registry, executeOrderBody(body.hash()));
  expect(N.firstExit(net, executed)).toBe(0);
  return { queuedOrder, executedOrder: gasOn(net.registry, executed) };
}

/** What the getters consume; a public endpoint gives a get-method a million. */
async function measureGetters(net: N.Network): Promise<Record<string, number>> {
  const { refusal, refusalOfModels: _, ...plain } = REGISTRY_GETTERS;
  const measured: Record<string, number> = {};
  for (const [name, method] of Object.entries(plain)) {
    measured[name] = Number((await net.chain.runGetMethod(net.registry, method)).gasUsed);
  }
  const said = N.quoteOf(net, N.statement(net));
  const args = refusalArguments({
    measured: measuredCell(said),
    tcb: tcbCell(said),
    worker: net.worker,
    platform: net.platform,
  });
  measured['refusal'] = Number((await net.chain.runGetMethod(net.registry, refusal, args)).gasUsed);
  return measured;
}

test('with every list full, a statement of sixteen models and a quote stay below their bounds', async () => {
  const net = await N.createNetwork();
  const models = Array.from({ length: 16 }, (_, n) => sha256(Buffer.from(`own model ${n}`)));
  await N.stake(net);
  await fillDirectories(net);
  await changeRegistry(net, (data) => {
    const { workers } = data.directory;
    workers.set(BigInt(`0x${net.worker.hash.toString('hex')}`), true);
    return data;
  });
  await fillRules(net, models);
  const image = N.statement(net, { modelsRoot: modelsRoot(models) });
  const announced = await N.announce(net, image, models);
  const admitted = await N.admit(net, image);
  const denied = await N.refuseSlot(net);
  const measured = {
    announced: gasOn(net.registry, announced),
    announceOfSixteenModels: gasOn(net.worker, announced),
    quoteVerified: gasOn(net.registry, admitted),
    workerAdmitted: gasOn(net.registry, admitted, 1),
    slotRefused: gasOn(net.registry, denied),
    workerSlashed: gasOn(net.registry, await slash(net)),
  };
  const { ownerBlocks, guardianBlocks, provenBlocks } = (await N.readRegistry(net)).counts;
  expect(ownerBlocks + guardianBlocks + provenBlocks).toBe(MOST_BLOCKS);
  expect((await N.readWorker(net)).quoteSeqno).toBeGreaterThan(0);
  expectGas('registry-rules-full', measured);
  expect(measured.announced).toBeLessThanOrEqual(Number(worker.GAS_REGISTRY_ANNOUNCED));
  expect(measured.quoteVerified).toBeLessThanOrEqual(Number(worker.GAS_REGISTRY_QUOTE_VERIFIED));
  expect(measured.workerAdmitted).toBeLessThanOrEqual(Number(worker.GAS_REGISTRY_WORKER_ADMITTED));
  expect(measured.workerSlashed).toBeLessThanOrEqual(Number(worker.GAS_REGISTRY_WORKER_SLASHED));
  expect(measured.slotRefused).toBeLessThanOrEqual(Number(worker.GAS_REGISTRY_SLOT_REFUSED));
  await ordersStayBelowTheirBound(net);
});

/** Where every list and the queue is full; and no getter comes near the million that a public endpoint gives it. */
async function ordersStayBelowTheirBound(net: N.Network): Promise<void> {
  await fillQueue(net);
  const getters = await measureGetters(net);
  expect(Object.values(getters).every((gas) => gas > 0 && gas < 50_000)).toBe(true);
  // The model is on the list: its name changes, and no place is needed.
  const model = sha256(Buffer.from('model 7'));
  const orders = await measureOrder(net, allowModelBody(model, 'm'.repeat(127)));
  expectGas('registry-orders-full', { ...orders, ...getters });
  expect(orders.queuedOrder).toBeLessThanOrEqual(Number(binding.GAS_REGISTRY_ORDER));
  expect(orders.executedOrder).toBeLessThanOrEqual(Number(binding.GAS_REGISTRY_ORDER));
}

test('what a young registry consumes', async () => {
  const measured = await measure(await N.createNetwork());
  expectGas('registry', measured);
  expect(measured.announced).toBeLessThanOrEqual(Number(worker.GAS_REGISTRY_ANNOUNCED));
  expect(Math.max(measured.routerPublish, measured.routerRetire)).toBeLessThanOrEqual(
    Number(router.GAS_ROUTER),
  );
});

test('a registry with one place left stays below its bounds, and then takes no more', async () => {
  const net = await N.createNetwork();
  await fillDirectories(net);
  const workerStaked = gasOn(net.registry, await N.stake(net));

  const late = await N.withProvider(net, net.stranger);
  expect(N.story(late, await N.stake(late)).slice(1)).toEqual([
    'worker -> registry: WorkerStaked 1012',
    'registry -> worker: bounced:WorkerStaked 0',
  ]);

  const workerLeft = gasOn(net.registry, await N.send(net, net.provider, net.worker, unstakeBody()));
  const body = publishBody('https://router.example/v1', 200, N.COIN);
  const init = await routerInit(net.registry, net.routerOperator.address);
  const published = await N.send(net, net.routerOperator, net.router, body, 2n * N.COIN, init);
  const routerListed = gasOn(net.registry, published);
  const retired = await N.send(net, net.routerOperator, net.router, retireBody());
  const routerRetired = gasOn(net.registry, retired);
  expectGas('registry-full', { workerStaked, workerLeft, routerListed, routerRetired });
  expect(workerStaked).toBeLessThanOrEqual(Number(worker.GAS_REGISTRY_WORKER_STAKED));
  expect(workerLeft).toBeLessThanOrEqual(Number(worker.GAS_REGISTRY_WORKER_LEFT));
  expect(routerListed).toBeLessThanOrEqual(Number(router.GAS_REGISTRY_ROUTER_LISTED));
  expect(routerRetired).toBeLessThanOrEqual(Number(router.GAS_REGISTRY_ROUTER_RETIRED));
});

import { beginCell } from '@ton/core';
import * as binding from '../../build/Registry/Registry_Registry';
import { modelsCell } from '../../src/protocol/statement';
import { REGISTRY_GETTERS, sealBody } from '../../wrappers/Registry';
import { workerAddress } from '../../wrappers/Worker';
import { routerAddress } from '../../wrappers/Router';
import * as N from '../support/network';

const message = (store: Parameters<ReturnType<typeof beginCell>['store']>[0]) =>
  beginCell().store(store).endCell();

test('registry hears genuine workers only', async () => {
  const net = await N.createActiveWorker();
  const provider = net.provider.address;
  const index = BigInt(N.INDEX);
  const reports = [
    message(binding.storeWorkerStaked({ $$type: 'WorkerStaked', provider, index, stake: 99n * N.COIN })),
    message(binding.storeWorkerLeft({ $$type: 'WorkerLeft', provider, index })),
    message(
      binding.storeStatementAnnounced({
        $$type: 'StatementAnnounced',
        statementDigest: 1n,
        provider,
        index,
        responseTo: net.stranger.address,
        models: modelsCell([N.MODEL]),
      }),
    ),
  ];
  for (const sender of [net.stranger, net.provider, net.operator, net.owner]) {
    for (const body of reports) {
      expect(N.firstExit(net, await N.send(net, sender, net.registry, body))).toBe(1003);
    }
  }
  expect(await N.listedWorkers(net)).toEqual([N.plain(net.worker)]);
});

test('registry hears a genuine worker for itself only', async () => {
  const net = await N.createActiveWorker();
  const body = message(
    binding.storeWorkerLeft({
      $$type: 'WorkerLeft',
      provider: net.provider.address,
      index: BigInt(N.INDEX + 1),
    }),
  );
  expect(N.firstExit(net, await N.send(net, net.worker, net.registry, body))).toBe(1003);
});

test('a worker is listed once, however often it stakes, and leaves once', async () => {
  const net = await N.createActiveWorker();
  await N.stake(net, 0n);
  await N.stake(net, 0n);
  expect((await N.readRegistry(net)).counts.workers).toBe(1);
  const left = message(
    binding.storeWorkerLeft({ $$type: 'WorkerLeft', provider: net.provider.address, index: BigInt(N.INDEX) }),
  );
  for (let n = 0; n < 2; n++) await N.send(net, net.worker, net.registry, left);
  expect((await N.readRegistry(net)).counts.workers).toBe(0);
});

test('registry keeps the rent of a listing and not one nanoton of anything else', async () => {
  const net = await N.createNetwork();
  const start = (await N.readRegistry(net)).balanceNano;
  await N.stake(net);
  expect((await N.readRegistry(net)).balanceNano - start).toBe(2_000_000n);
  await N.stake(net, 0n);
  await N.announce(net);
  await N.admit(net, N.statement(net));
  expect((await N.readRegistry(net)).balanceNano - start).toBe(2_000_000n);
});

test('registry refuses what it does not know, and takes rent and excesses', async () => {
  const net = await N.createNetwork();
  const exit = async (body: ReturnType<typeof message>) =>
    N.firstExit(net, await N.send(net, net.stranger, net.registry, body));
  // From anybody but the owner, it is nobody's order.
  expect(await exit(beginCell().storeUint(0x12345678, 32).endCell())).toBe(1000);
  expect(await exit(beginCell().endCell())).toBe(0);
  expect(await exit(beginCell().storeUint(0xd53276db, 32).endCell())).toBe(0);
});

test('registry knows the addresses of its children', async () => {
  const net = await N.createNetwork();
  const owner = beginCell().storeAddress(net.stranger.address).endCell();
  const worker = await N.get(net, net.registry, 'get_worker_address', [
    { type: 'slice', cell: owner },
    { type: 'int', value: 65_535n },
  ]);
  expect(N.plain(worker.readAddress())).toBe(
    N.plain(await workerAddress(net.registry, net.stranger.address, 65_535)),
  );
  const router = await N.get(net, net.registry, 'get_router_address', [{ type: 'slice', cell: owner }]);
  expect(N.plain(router.readAddress())).toBe(
    N.plain(await routerAddress(net.registry, net.stranger.address)),
  );
  expect((await N.get(net, net.registry, REGISTRY_GETTERS.admissionValue)).readBigNumber()).toBeGreaterThan(
    0n,
  );
});

test('orders fill the reserve of the registry and then come back', async () => {
  const net = await N.createNetwork();
  expect((await N.readRegistry(net)).balanceNano).toBe(100_000_000n);
  await N.setBalance(net, net.registry, 0n);
  expect(N.story(net, await N.send(net, net.owner, net.registry, sealBody(), N.COIN / 20n))).toEqual([
    'owner -> registry: Seal 0',
    'registry -> owner: Excesses 0',
  ]);
  const { balanceNano } = await N.readRegistry(net);
  expect(balanceNano).toBeGreaterThan(N.COIN / 25n);
  await N.send(net, net.owner, net.registry, sealBody());
  expect((await N.readRegistry(net)).balanceNano).toBe(100_000_000n);
});

test('a registry in arrears still serves: whoever asks pays the rent that is due', async () => {
  const net = await N.createNetwork();
  await N.setBalance(net, net.registry, 0n);
  net.chain.now! += 365 * N.DAY;
  expect(N.story(net, await N.stake(net)).at(-1)).toBe('worker -> provider: Excesses 0');
});

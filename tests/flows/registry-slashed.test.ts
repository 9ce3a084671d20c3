import { beginCell, type Cell } from '@ton/core';
import * as binding from '../../build/Registry/Registry_Registry';
import { sha256 } from '../../src/protocol/hash';
import {
  BLOCKED_BY_PROOF,
  BLOCKED_FOR_GOOD,
  blockBody,
  parseBlocks,
  REGISTRY_GETTERS,
  sealBody,
  unblockBody,
} from '../../wrappers/Registry';
import { balanceOf } from '../support/chain';
import * as N from '../support/network';
import { changeRegistry } from '../support/registryData';

const MACHINE = sha256(Buffer.from('a slashed machine'));
const RENT = 2_000_000n;
const MAX_BLOCKS = binding.MAX_BLOCKS - binding.MAX_GUARDIAN_BLOCKS;
const MAX_PROVEN = binding.MAX_PROVEN_BLOCKS;
const TOLD = ['worker -> registry: WorkerSlashed 0', 'registry -> stranger: Excesses 0'];

function slashedBody(net: N.Network, platform = MACHINE, index = N.INDEX): Cell {
  return beginCell()
    .store(
      binding.storeWorkerSlashed({
        $$type: 'WorkerSlashed',
        provider: net.provider.address,
        index: BigInt(index),
        platform: BigInt(`0x${platform.toString('hex')}`),
        responseTo: net.stranger.address,
      }),
    )
    .endCell();
}

/** As the genuine Worker would. */
const report = (net: N.Network, platform = MACHINE) =>
  N.send(net, net.worker, net.registry, slashedBody(net, platform));
const order = async (net: N.Network, body: Cell, from = net.owner) =>
  N.firstExit(net, await N.send(net, from, net.registry, body));

async function blockOf(net: N.Network, subject = MACHINE): Promise<number | undefined> {
  const blocks = parseBlocks(await N.get(net, net.registry, REGISTRY_GETTERS.blocks));
  return blocks.find(({ hash }) => hash.equals(subject))?.at;
}
async function count(net: N.Network): Promise<number> {
  const { ownerBlocks, guardianBlocks, provenBlocks } = (await N.readRegistry(net)).counts;
  return ownerBlocks + guardianBlocks + provenBlocks;
}
/** Says how many blocks there are of the owner, and by proof. */
const pretend = (net: N.Network, ofOwner: bigint, proven: bigint) =>
  changeRegistry(net, (data) => ({
    ...data,
    rules: { ...data.rules, ownerBlockCount: ofOwner, provenBlockCount: proven },
  }));

test('registry hears of a slash from that worker alone', async () => {
  const net = await N.createActiveWorker();
  for (const sender of [net.stranger, net.provider, net.operator, net.owner, net.guardian])
    expect(await order(net, slashedBody(net), sender)).toBe(1003);
  const other = await N.send(net, net.worker, net.registry, slashedBody(net, MACHINE, N.INDEX + 1));
  expect(N.firstExit(net, other)).toBe(1003);
  expect(await N.listedWorkers(net)).toEqual([N.plain(net.worker)]);
  expect(await blockOf(net)).toBeUndefined();
});

test('told twice, it blocks once and keeps the rent of one entry', async () => {
  const net = await N.createActiveWorker();
  const before = await balanceOf(net.chain, net.registry);
  for (let n = 0; n < 2; n++) expect(N.story(net, await report(net))).toEqual(TOLD);
  expect((await balanceOf(net.chain, net.registry)) - before).toBe(RENT);
  expect(await blockOf(net)).toBe(BLOCKED_BY_PROOF);
  expect(await N.readRegistry(net)).toMatchObject({ counts: { workers: 0, provenBlocks: 1 } });
});

describe('no full list holds a slash up', () => {
  test("the owner's blocks leave the places of proofs alone, and proofs leave the owner's", async () => {
    const net = await N.createActiveWorker();
    await pretend(net, MAX_BLOCKS, MAX_PROVEN - 1n);
    expect(await order(net, blockBody(N.SHAPE))).toBe(1012);
    expect(N.story(net, await report(net))).toEqual(TOLD);
    expect(await blockOf(net)).toBe(BLOCKED_BY_PROOF);
    await pretend(net, MAX_BLOCKS - 1n, MAX_PROVEN);
    expect(await order(net, blockBody(N.SHAPE))).toBe(0);
  });

  test('beyond the last place of proofs nothing more is blocked, and the worker is dropped all the same', async () => {
    const net = await N.createActiveWorker();
    await pretend(net, 0n, MAX_PROVEN);
    const before = await balanceOf(net.chain, net.registry);
    expect(N.story(net, await report(net))).toEqual(TOLD);
    expect(await blockOf(net)).toBeUndefined();
    expect(await balanceOf(net.chain, net.registry)).toBe(before);
    expect(await N.listedWorkers(net)).toEqual([]);
    // Lifting a block by proof gives its place back.
    await pretend(net, 0n, MAX_PROVEN - 1n);
    await report(net);
    expect(await order(net, unblockBody(MACHINE))).toBe(0);
    await report(net, N.SHAPE);
    expect(await blockOf(net, N.SHAPE)).toBe(BLOCKED_BY_PROOF);
  });
});

describe('a machine that somebody blocked before', () => {
  test("the guardian's block lapses no more", async () => {
    const net = await N.createActiveWorker();
    expect(await order(net, blockBody(MACHINE), net.guardian)).toBe(0);
    await report(net);
    expect(await blockOf(net)).toBe(BLOCKED_BY_PROOF);
    expect((await N.readRegistry(net)).counts).toMatchObject({ guardianBlocks: 0, provenBlocks: 1 });
  });

  test("the owner's block stays his, and his block of a proven one changes nothing", async () => {
    const net = await N.createActiveWorker();
    expect(await order(net, blockBody(MACHINE))).toBe(0);
    await report(net);
    expect(await blockOf(net)).toBe(BLOCKED_FOR_GOOD);
    await report(net, N.SHAPE);
    expect(await order(net, blockBody(N.SHAPE))).toBe(0);
    expect(await order(net, blockBody(N.SHAPE), net.guardian)).toBe(1022);
    expect(await blockOf(net, N.SHAPE)).toBe(BLOCKED_BY_PROOF);
    expect(await count(net)).toBe(2);
  });
});

test('the owner alone lifts a block by proof, and once sealed only after the timelock', async () => {
  const net = await N.createActiveWorker();
  await report(net);
  expect(await order(net, unblockBody(MACHINE), net.guardian)).toBe(1000);
  await order(net, sealBody());
  expect(await order(net, unblockBody(MACHINE))).toBe(0);
  expect(await blockOf(net)).toBe(BLOCKED_BY_PROOF);
  expect((await N.readRegistry(net)).counts.orders).toBe(1);
});

test('a lifted block gives its place back to the list that it was counted in', async () => {
  const net = await N.createActiveWorker();
  await report(net);
  await order(net, blockBody(N.SHAPE));
  await order(net, unblockBody(MACHINE));
  expect(await order(net, unblockBody(MACHINE))).toBe(0);
  expect(await count(net)).toBe(1);
  await order(net, unblockBody(N.SHAPE));
  expect(await count(net)).toBe(0);
});

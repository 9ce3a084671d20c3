import { Dictionary, type Cell } from '@ton/core';
import * as binding from '../../build/RegistrySimulated/RegistrySimulated_Registry';
import { sha256 } from '../../src/protocol/hash';
import {
  BLOCKED_FOR_GOOD,
  blockBody,
  executeOrderBody,
  GUARDIAN_BLOCK_SECONDS,
  parseBlocks,
  REGISTRY_GETTERS,
  sealBody,
  TIMELOCK_SECONDS,
  unblockBody,
} from '../../wrappers/Registry';
import * as N from '../support/network';
import { changeRegistry } from '../support/registryData';

const SUBJECT = sha256(Buffer.from('subject'));
const MAX_GUARDIAN_BLOCKS = Number(binding.MAX_GUARDIAN_BLOCKS);
const MAX_OWNER_BLOCKS = Number(binding.MAX_BLOCKS) - MAX_GUARDIAN_BLOCKS;

const order = (net: N.Network, body: Cell, from = net.owner) => N.send(net, from, net.registry, body);
const exitOf = async (net: N.Network, body: Cell, from = net.owner) =>
  N.firstExit(net, await order(net, body, from));

async function blocks(net: N.Network) {
  return N.plain(parseBlocks(await N.get(net, net.registry, REGISTRY_GETTERS.blocks)));
}

/** The owner's, the guardian's. */
async function blockCounts(net: N.Network): Promise<number[]> {
  const { counts } = await N.readRegistry(net);
  return [counts.ownerBlocks, counts.guardianBlocks];
}

const blockOf = (whose: string, n: number) => sha256(Buffer.from(`${whose} ${n}`));

/** As many blocks of the owner and of the guardian, straight in the account's state. */
async function fillBlocks(net: N.Network, ofOwner: number, ofGuardian: number): Promise<void> {
  const blocked = Dictionary.empty(Dictionary.Keys.BigUint(256), Dictionary.Values.Uint(32));
  const block = (subject: Buffer, until: number) =>
    blocked.set(BigInt(`0x${subject.toString('hex')}`), until);
  for (let n = 0; n < ofOwner; n++) block(blockOf('owner', n), BLOCKED_FOR_GOOD);
  for (let n = 0; n < ofGuardian; n++) block(blockOf('guardian', n), net.chain.now! + GUARDIAN_BLOCK_SECONDS);
  await changeRegistry(net, (data) => ({
    ...data,
    rules: {
      ...data.rules,
      blocks: blocked,
      ownerBlockCount: BigInt(ofOwner),
      guardianBlockCount: BigInt(ofGuardian),
    },
  }));
}

describe('the guardian', () => {
  test('only blocks, for a week to the second, and not again', async () => {
    const net = await N.createActiveWorker();
    expect(await exitOf(net, blockBody(N.IMAGE_ID), net.stranger)).toBe(1002);
    expect(await exitOf(net, blockBody(N.IMAGE_ID), net.guardian)).toBe(0);
    const until = net.chain.now! + GUARDIAN_BLOCK_SECONDS;
    expect(await blocks(net)).toEqual([{ hash: N.IMAGE_ID.toString('hex'), at: until, by: 'guardian' }]);
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
    expect(await blockCounts(net)).toEqual([0, 0]);
  });

  test('may block anew what the owner has cleared', async () => {
    const net = await N.createNetwork();
    await order(net, blockBody(SUBJECT), net.guardian);
    await order(net, unblockBody(SUBJECT));
    expect(await exitOf(net, blockBody(SUBJECT), net.guardian)).toBe(0);
  });

  test('has his share of the list, and lapsed blocks keep their places until the owner forgets them', async () => {
    const net = await N.createNetwork();
    await fillBlocks(net, 0, MAX_GUARDIAN_BLOCKS - 1);
    expect(await exitOf(net, blockBody(SUBJECT), net.guardian)).toBe(0);
    expect(await exitOf(net, blockBody(N.SHAPE), net.guardian)).toBe(1012);
    expect(await blockCounts(net)).toEqual([0, MAX_GUARDIAN_BLOCKS]);
    await order(net, sealBody());
    net.chain.now! += GUARDIAN_BLOCK_SECONDS + 1;
    expect(await exitOf(net, blockBody(N.SHAPE), net.guardian)).toBe(1012);
    // At once, although the registry is sealed: a block that has lapsed holds nobody.
    await order(net, unblockBody(SUBJECT));
    expect(await exitOf(net, blockBody(N.SHAPE), net.guardian)).toBe(0);
    expect(await blockCounts(net)).toEqual([0, MAX_GUARDIAN_BLOCKS]);
  });

  test('cannot shut out the owner, who has all other places', async () => {
    const net = await N.createNetwork();
    await fillBlocks(net, MAX_OWNER_BLOCKS - 1, MAX_GUARDIAN_BLOCKS);
    expect(await exitOf(net, blockBody(SUBJECT))).toBe(0);
    expect(await blockCounts(net)).toEqual([MAX_OWNER_BLOCKS, MAX_GUARDIAN_BLOCKS]);
    expect(await exitOf(net, blockBody(N.SHAPE))).toBe(1012);
    // What is blocked for good already takes no other place.
    expect(await exitOf(net, blockBody(SUBJECT))).toBe(0);
    expect(await blockCounts(net)).toEqual([MAX_OWNER_BLOCKS, MAX_GUARDIAN_BLOCKS]);
  });

  test('is not shut out by the owner, and his place is free when the owner confirms', async () => {
    const net = await N.createNetwork();
    await fillBlocks(net, MAX_OWNER_BLOCKS, MAX_GUARDIAN_BLOCKS - 1);
    expect(await exitOf(net, blockBody(SUBJECT), net.guardian)).toBe(0);
    // There is no place of the owner's for it.
    expect(await exitOf(net, blockBody(SUBJECT))).toBe(1012);
    await order(net, unblockBody(blockOf('owner', 0)));
    expect(await exitOf(net, blockBody(SUBJECT))).toBe(0);
    expect(await blockCounts(net)).toEqual([MAX_OWNER_BLOCKS, MAX_GUARDIAN_BLOCKS - 1]);
    expect(await exitOf(net, blockBody(N.SHAPE), net.guardian)).toBe(0);
  });
});

test('a block outlives every lift that was ordered before it', async () => {
  const net = await N.createNetwork();
  await order(net, sealBody());
  const lift = unblockBody(SUBJECT);
  await order(net, blockBody(SUBJECT), net.guardian);
  expect(await exitOf(net, lift)).toBe(0);
  expect((await N.readRegistry(net)).counts.orders).toBe(1);
  await order(net, blockBody(SUBJECT));
  expect((await N.readRegistry(net)).counts.orders).toBe(0);
  net.chain.now! += TIMELOCK_SECONDS;
  expect(await exitOf(net, executeOrderBody(lift.hash()))).toBe(1021);
  expect(await blocks(net)).toEqual([{ hash: SUBJECT.toString('hex'), at: BLOCKED_FOR_GOOD, by: 'owner' }]);
});

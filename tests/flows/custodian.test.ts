import { toNano, type Address, type Cell } from '@ton/core';
import { internal } from '@ton/sandbox';
import { keyPairFromSeed } from '../../src/protocol/ed25519';
import { sha256 } from '../../src/protocol/hash';
import { lineId } from '../../src/protocol/line';
import { modelsRoot, StatementRole, statementImage } from '../../src/protocol/statement';
import {
  allocateBody,
  allocateExternalBody,
  closeBody,
  openBody,
  pruneBody,
  setSignerBody,
  settleBody,
  withdrawBody,
} from '../../wrappers/Escrow';
import {
  announceBody,
  claimBody,
  delistRecipientBody,
  feeToOf,
  GET_WORKER,
  listRecipientBody,
  parseWorker,
  pullFeeBody,
  setOperatorBody,
  stakeBody,
  unstakeBody,
  withdrawStakeBody,
} from '../../wrappers/Worker';
import { confirmation } from '../support/admittedWorker';
import { balanceOf, TEST_NETWORK_ID } from '../support/chain';
import * as E from '../support/escrow';
import { plain } from '../support/network';

// What went wrong with the money of networks whose proxy holds it, played against these contracts. The router here is the
// stranger of the world: its wallet is the fee recipient of a line, and it settles for its workers.

const CAP = toNano('2');

async function worldWithRouter() {
  const world = await E.createEscrowWorld();
  const router = world.stranger;
  const line = E.lineTo(world, { feeBps: 200, feeTo: feeToOf(router.address) });
  await E.allocateByClient(world, [E.opening(world, line, CAP)], CAP);
  await tell(world, world.worker.provider.address, listRecipientBody(feeToOf(router.address), 200));
  return { world, router, line };
}

function tell(world: E.EscrowWorld, from: Address, body: Cell, to: Address = world.worker.address) {
  return world.chain.sendMessage(internal({ from, to, value: toNano('1'), bounce: true, body }));
}

/** The world's registry is a plain wallet that says what a Registry would. */
async function admitKey(world: E.EscrowWorld, receiptKey: Buffer): Promise<void> {
  const { registry, worker } = world;
  const now = world.chain.now!;
  const image = statementImage({
    role: StatementRole.Worker,
    networkId: TEST_NETWORK_ID,
    registry: registry.address.hash,
    worker: worker.address.hash,
    receiptKey,
    hpkeKey: Buffer.alloc(32, 7),
    kemId: 0x20,
    kdfId: 1,
    aeadId: 2,
    notBefore: now,
    notAfter: now + E.DAY,
    modelsRoot: modelsRoot([]),
    gpuEvidenceHash: Buffer.alloc(32),
    hostTier: 0,
  });
  await tell(world, worker.provider.address, announceBody(image, []));
  for (const body of confirmation(world.chain, registry.address, image)) {
    await tell(world, registry.address, body);
  }
}

async function workerOf(world: E.EscrowWorld) {
  return plain(parseWorker((await world.chain.runGetMethod(world.worker.address, GET_WORKER)).stackReader));
}

async function booksOf(world: E.EscrowWorld) {
  const escrow = await E.readEscrow(world);
  const { balanceNano: _gas, claimableNano: _gifts, ...worker } = await workerOf(world);
  return plain({ escrow, worker, lines: [...(await E.readLines(world))] });
}

test("a router's stolen key moves no client's money, no stake and no earnings, whatever it sends", async () => {
  const { world, router, line } = await worldWithRouter();
  await E.settle(world, [await E.receiptFor(world, line, toNano('1'))]);
  await tell(world, router.address, pullFeeBody());
  const thief = keyPairFromSeed(sha256(Buffer.from('a stolen key')));
  const forged = await E.receiptFor(world, line, CAP, {}, thief);
  const raise = [E.raising(line, toNano('5'))];
  const signed = await E.signedAllocation(world, raise, toNano('5'), {}, thief);
  const before = await booksOf(world);
  const escrowBefore = await balanceOf(world.chain, world.escrow);
  const workerBefore = await balanceOf(world.chain, world.worker.address);

  const { publicKey } = thief;
  for (const body of [
    openBody({ signer: publicKey, signerBudgetNano: toNano('9'), closeDelaySeconds: 24 * E.HOUR }),
    setSignerBody(publicKey, toNano('9')),
    withdrawBody(0n),
    allocateBody(raise, toNano('5')),
    closeBody([lineId(line)]),
    pruneBody([lineId(line)]),
    settleBody([forged]),
  ]) {
    await E.send(world, { from: router.address, value: toNano('1'), body });
  }
  expect(await E.tryExternal(world, allocateExternalBody(signed))).not.toBe(0);
  for (const body of [
    stakeBody(0n, router.address),
    setOperatorBody(router.address),
    listRecipientBody(feeToOf(router.address), 5_000),
    delistRecipientBody(feeToOf(router.address)),
    announceBody(Buffer.alloc(217), []),
    claimBody(),
    unstakeBody(),
    withdrawStakeBody(),
    pullFeeBody(),
  ]) {
    await tell(world, router.address, body);
  }

  expect(await booksOf(world)).toEqual(before);
  expect(await balanceOf(world.chain, world.escrow)).toBeGreaterThanOrEqual(escrowBefore);
  expect(await balanceOf(world.chain, world.worker.address)).toBeGreaterThanOrEqual(workerBefore);
});

test('a refund depends on no stake: the client gets his money back when the worker has nothing left', async () => {
  const { world } = await worldWithRouter();
  const { provider } = world.worker;
  await tell(world, provider.address, unstakeBody());
  world.chain.now! += E.DAY;
  await tell(world, provider.address, withdrawStakeBody());
  expect((await workerOf(world)).stakeNano).toBe(0n);
  const { freeNano } = await E.readEscrow(world);
  const wallet = await balanceOf(world.chain, world.client.address);
  await E.send(world, { from: world.client.address, value: toNano('1'), body: withdrawBody(0n) });
  const gained = (await balanceOf(world.chain, world.client.address)) - wallet;
  expect(gained).toBeGreaterThan(freeNano + toNano('0.99'));
});

test('a payout that is refused consumes no receipt: the same one pays in full later', async () => {
  const { world } = await worldWithRouter();
  const keys = keyPairFromSeed(sha256(Buffer.from('not admitted yet')));
  const line = E.lineTo(world, { workerKey: keys.publicKey, salt: 1 });
  await E.allocateByClient(world, [E.opening(world, line, CAP)], CAP);
  const receipt = await E.receiptFor(world, line, toNano('1'), {}, keys);
  await E.settle(world, [receipt]);
  expect((await E.readLine(world, line))?.paidNano).toBe(0n);
  expect((await workerOf(world)).earningsNano).toBe(0n);

  await admitKey(world, keys.publicKey);
  await E.settle(world, [receipt]);
  expect((await E.readLine(world, line))?.paidNano).toBe(toNano('1'));
  expect((await workerOf(world)).earningsNano).toBe(toNano('1'));
});

test('one signed receipt drains one line, never a pool', async () => {
  const { world, line } = await worldWithRouter();
  const { freeNano } = await E.readEscrow(world);
  const greedy = await E.receiptFor(world, line, 2n ** 64n - 1n);
  await E.settle(world, [greedy, greedy]);
  await E.settle(world, [greedy]);
  expect(await E.readLine(world, line)).toMatchObject({ capNano: CAP, paidNano: CAP });
  expect((await E.readEscrow(world)).freeNano).toBeGreaterThanOrEqual(freeNano - toNano('0.001'));
});

test('what one client cannot pay is not taken from another', async () => {
  const { world, line } = await worldWithRouter();
  const other = await E.secondEscrow(world);
  const before = plain(await E.readEscrow(other));
  const receipt = await E.receiptFor(world, line, CAP);
  await E.settle(other, [receipt]);
  expect(plain(await E.readEscrow(other))).toMatchObject({
    freeNano: before.freeNano,
    lockedNano: before.lockedNano,
  });
  await E.settle(world, [receipt]);
  expect((await E.readLine(world, line))?.paidNano).toBe(CAP);
});

test('a router that goes away takes nothing along: its share is its own, the rest stays where it was', async () => {
  const { world, router, line } = await worldWithRouter();
  await E.settle(world, [await E.receiptFor(world, line, toNano('1'))]);
  const before = await booksOf(world);
  await tell(world, world.worker.provider.address, delistRecipientBody(feeToOf(router.address)));
  await tell(world, router.address, pullFeeBody());
  const after = await booksOf(world);
  expect(after.escrow).toEqual(before.escrow);
  expect(after.lines).toEqual(before.lines);
  expect(after.worker).toMatchObject({ earningsNano: toNano('0.98'), owedNano: 0n });
  const wallet = await balanceOf(world.chain, world.client.address);
  await E.send(world, { from: world.client.address, value: toNano('1'), body: withdrawBody(0n) });
  expect(await balanceOf(world.chain, world.client.address)).toBeGreaterThan(wallet + toNano('7'));
});

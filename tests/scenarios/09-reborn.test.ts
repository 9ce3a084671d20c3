import { toNano } from '@ton/core';
import { allocateExternalBody, openBody } from '../../wrappers/Escrow';
import { GET_WORKER, parseWorker, stakeBody, workerInit } from '../../wrappers/Worker';
import { admitKey, createAdmittedWorker, tellWorker } from '../support/admittedWorker';
import * as E from '../support/escrow';
import { stateHash } from '../support/escrowState';
import { freeze, wipe } from '../support/frozen';
import { expectSound, openLines, withdraw } from '../support/lines';
import { storageFee } from '../support/money';

// Scenario 9: an escrow and a Worker are emptied, frozen, deleted and deployed again. What was signed before pays nothing
// a second time.

const ONE = toNano('1');
const PAID = toNano('0.4');

/** A line on which 0.4 coins were paid, the receipts of then, and an allocation that was never sent. */
async function paidLine() {
  const { world, lines } = await openLines(1, ONE);
  const line = lines[0]!;
  const old = [await E.receiptFor(world, line, PAID), await E.receiptFor(world, line, ONE)] as const;
  await E.settle(world, [old[0]]);
  const allocation = allocateExternalBody(await E.signedAllocation(world, [E.raising(line, 2n * ONE)], ONE));
  return { world, line, old, allocation };
}

function open(world: E.EscrowWorld) {
  const { signer, client } = world;
  const order = { signer: signer.publicKey, signerBudgetNano: 10n * ONE, closeDelaySeconds: 36 * E.HOUR };
  return E.send(world, { from: client.address, value: 5n * ONE, init: true, body: openBody(order) });
}

test('an escrow that its client emptied is the same one when he fills it again: a paid receipt pays nothing', async () => {
  const { world, line, old } = await paidLine();
  await withdraw(world);
  const ledger = await stateHash(world);
  await E.send(world, { from: world.client.address, value: 5n * ONE });
  const before = await E.escrowBalance(world);
  await E.settle(world, [old[0]]);
  expect([await stateHash(world), await E.escrowBalance(world)]).toEqual([ledger, before]);
  await E.settle(world, [old[1]]);
  expect(await E.readLine(world, line)).toMatchObject({ paidNano: ONE });
  expect(await E.escrowBalance(world)).toBe(before - (ONE - PAID));
});

test('an escrow that was frozen thaws with its ledger: a paid receipt pays nothing, the rest of the claim is paid', async () => {
  const { world, line, old } = await paidLine();
  const ledger = await stateHash(world);
  const state = await freeze(world.chain, world.escrow);
  // Frozen, it takes nothing that does not bring its state: the whole value of a settle comes back.
  expect(E.steps(world, await E.settle(world, [old[0]]))).toContain('escrow -> stranger bounced:Settle 0');
  await world.client.send({ to: world.escrow, value: 5n * ONE, init: state });
  expect(await stateHash(world)).toBe(ledger);
  await expectSound(world);
  const before = await E.escrowBalance(world);
  await E.settle(world, [old[0]]);
  expect([await stateHash(world), await E.escrowBalance(world)]).toEqual([ledger, before]);
  await E.settle(world, [old[1]]);
  expect(await E.readLine(world, line)).toMatchObject({ paidNano: ONE });
});

test('an escrow that was deleted and deployed again has another birth: old receipts and allocations are refused', async () => {
  const { world, line, old, allocation } = await paidLine();
  const { domain, born } = await E.readEscrow(world);
  await wipe(world.chain, world.escrow);
  await open(world);
  const now = await E.readEscrow(world);
  expect(now.born).toBeGreaterThan(born);
  expect(now.domain).not.toEqual(domain);
  expect(await E.exitOfExternal(world, allocation)).toBe(1214);
  // The very same line, open again.
  await E.allocateByClient(world, [E.opening(world, line, ONE)], ONE);
  const [ledger, balance] = [await stateHash(world), await E.escrowBalance(world)];
  for (const receipt of old) {
    expect(E.escrowExit(world, await E.settle(world, [receipt]))).toBe(1220);
  }
  expect([await stateHash(world), await E.escrowBalance(world)]).toEqual([ledger, balance]);
  await E.settle(world, [await E.receiptFor(world, line, PAID)]);
  expect(await E.escrowBalance(world)).toBe(balance - PAID);
});

test('a Worker that was frozen thaws with its keys and earnings, and takes payouts again', async () => {
  const { world, line, old } = await paidLine();
  const { chain, worker } = world;
  const read = async () => parseWorker((await chain.runGetMethod(worker.address, GET_WORKER)).stackReader);
  const state = await freeze(chain, worker.address);
  await E.settle(world, [old[1]]);
  expect(await E.readLine(world, line)).toMatchObject({ paidNano: PAID });
  await world.stranger.send({ to: worker.address, value: 3n * ONE, init: state });
  expect((await read()).earningsNano).toBe(PAID);
  await E.settle(world, old);
  expect((await read()).earningsNano).toBe(ONE);
});

test('a Worker that was deleted and deployed again knows no key of before: payouts come back until it is admitted anew', async () => {
  const { world, line, old } = await paidLine();
  const { chain, registry, worker } = world;
  const read = async () => parseWorker((await chain.runGetMethod(worker.address, GET_WORKER)).stackReader);
  await wipe(chain, worker.address);
  const init = await workerInit(registry.address, worker.provider.address, worker.index);
  await tellWorker(chain, worker, worker.provider.address, stakeBody(ONE, worker.provider.address), init);
  expect(await read()).toMatchObject({ earningsNano: 0n });
  const [ledger, balance] = [await stateHash(world), await E.escrowBalance(world)];
  const { transactions } = await E.settle(world, [old[1]]);
  expect(await stateHash(world)).toBe(ledger);
  expect(await E.escrowBalance(world)).toBeGreaterThanOrEqual(balance - storageFee(transactions[0]!));

  await createAdmittedWorker(chain, registry, 'first');
  await admitKey(chain, registry.address, worker, worker.keys.publicKey);
  await E.settle(world, old);
  expect(await E.readLine(world, line)).toMatchObject({ paidNano: ONE });
  expect((await read()).earningsNano).toBe(ONE - PAID);
});

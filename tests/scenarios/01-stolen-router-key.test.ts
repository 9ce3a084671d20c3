import { beginCell, toNano, type Address, type Cell, type ContractABI } from '@ton/core';
import { Escrow } from '../../wrappers/Escrow';
import * as binding from '../../build/Worker/Worker_Worker';
import { keyPairFromSeed, sign } from '../../src/protocol/ed25519';
import { sha256 } from '../../src/protocol/hash';
import { lineId } from '../../src/protocol/line';
import {
  hpkeCertificateLayout,
  receiptLayout,
  ticketLayout,
  type Receipt,
  type Signed,
} from '../../src/protocol/signed';
import {
  allocateBody,
  allocateExternalBody,
  closeBody,
  openBody,
  pruneBody,
  setSignerBody,
  settleBody,
  topUpBody,
  withdrawBody,
} from '../../wrappers/Escrow';
import * as W from '../../wrappers/Worker';
import { confirmation, tellWorker } from '../support/admittedWorker';
import { slotDeniedBody } from '../support/attestation';
import { balanceOf } from '../support/chain';
import * as E from '../support/escrow';
import { stateHash } from '../support/escrowState';

// Scenario 1: the thief of a router's key has its wallet, and an Ed25519 key of his own. He sends every message that the
// contracts know, and signs everything that anybody signs. That a router's own prompt runs nowhere is a matter of the
// worker: tests/unit/worker/links.test.ts and admission.test.ts.

const ONE = toNano('1');
const CAP = 2n * ONE;
const thief = keyPairFromSeed(sha256(Buffer.from('a stolen key')));

async function worldWithRouter() {
  const world = await E.createEscrowWorld();
  const router = world.stranger.address;
  const feeTo = W.feeToOf(router);
  const line = E.lineTo(world, { feeBps: 200, feeTo });
  await E.allocateByClient(world, [E.opening(world, line, CAP)], CAP);
  const { chain, worker } = world;
  await tellWorker(chain, worker, worker.provider.address, W.listRecipientBody(feeTo, 200));
  await E.settle(world, [await E.receiptFor(world, line, ONE)]);
  await tellWorker(chain, worker, router, W.pullFeeBody());
  return { world, router, line };
}

/** Names of all messages that a contract has a receiver for. */
function messagesOf(contract: { readonly abi: ContractABI }): string[] {
  const messages = contract.abi.receivers!.map(({ message }) => message as { type?: string });
  return [...new Set(messages.flatMap(({ type }) => type ?? []))].sort();
}

async function workerHash(world: E.EscrowWorld): Promise<string> {
  const { accountState } = await world.chain.getContract(world.worker.address);
  if (accountState?.type !== 'active') throw new Error('no Worker');
  return accountState.state.data!.hash().toString('hex');
}

test('the thief sends every message that an escrow knows: no money leaves, no line and no signer changes', async () => {
  const { world, router, line } = await worldWithRouter();
  const raise = [E.raising(line, 5n * ONE)];
  const { publicKey } = thief;
  const bodies: Record<string, Cell> = {
    Open: openBody({ signer: publicKey, signerBudgetNano: 9n * ONE, closeDelaySeconds: 24 * E.HOUR }),
    TopUp: topUpBody(),
    AllocateByClient: allocateBody(raise, 5n * ONE),
    Settle: settleBody([await E.receiptFor(world, line, CAP, {}, thief)]),
    Close: closeBody([lineId(line)]),
    Prune: pruneBody([lineId(line)]),
    Withdraw: withdrawBody(0n),
    SetSigner: setSignerBody(publicKey, 9n * ONE),
  };
  expect(Object.keys(bodies).sort()).toEqual(messagesOf(Escrow.fromAddress(world.escrow)));
  const [ledger, balance] = [await stateHash(world), await E.escrowBalance(world)];
  for (const body of Object.values(bodies)) await E.send(world, { from: router, value: ONE, body });
  expect(await stateHash(world)).toBe(ledger);
  expect(await E.escrowBalance(world)).toBeGreaterThanOrEqual(balance);
});

test('the thief signs everything that a client or a worker signs: nothing of it counts', async () => {
  const { world, router, line } = await worldWithRouter();
  const { domain } = await E.readEscrow(world);
  const [ledger, balance] = [await stateHash(world), await E.escrowBalance(world)];
  for (const entry of [E.raising(line, 5n * ONE), E.opening(world, E.lineTo(world, { salt: 1 }), ONE)]) {
    const signed = await E.signedAllocation(world, [entry], 5n * ONE, {}, thief);
    expect(await E.exitOfExternal(world, allocateExternalBody(signed))).toBe(1214);
  }
  const receipt = await E.receiptFor(world, line, CAP, {}, thief);
  const ticket = sign(
    ticketLayout.hash({
      ...{ domain, lineId: lineId(line), jobId: Buffer.alloc(16), requestHash: Buffer.alloc(32) },
      ...{ maxFee: ONE, issuedAt: world.chain.now!, notAfter: world.chain.now! + 600 },
    }),
    thief,
  );
  const certificate = sign(
    hpkeCertificateLayout.hash({
      ...{ domain, hpkeKey: Buffer.alloc(32), statementHash: Buffer.alloc(32) },
      ...{ notBefore: world.chain.now!, notAfter: world.chain.now! + E.DAY },
    }),
    thief,
  );
  for (const signature of [receipt.signature, ticket, certificate]) {
    const message = { from: router, value: ONE, body: settleBody([{ ...receipt, signature }]) };
    expect(await E.trySend(world, message)).toBe(1220);
    await E.send(world, message);
  }
  expect([await stateHash(world), await E.escrowBalance(world)]).toEqual([ledger, balance]);
});

function forged(total: bigint): Signed<Receipt> {
  const fields = {
    domain: Buffer.alloc(32, 5),
    lineId: Buffer.alloc(20),
    jobs: 1n,
    jobsRoot: Buffer.alloc(32),
  };
  const value: Receipt = { ...fields, total, issuedAt: 1, flags: 0 };
  return { value, signature: sign(receiptLayout.hash(value), thief) };
}

/** One message of each kind that a Worker has a receiver for, as a thief would send it. */
function toWorker({ world, router }: { world: E.EscrowWorld; router: Address }): Record<string, Cell> {
  const feeTo = W.feeToOf(router);
  const [cleared, attested] = confirmation(world.chain, router, Buffer.alloc(217)) as [Cell, Cell];
  const payout: binding.Payout = {
    ...{ $$type: 'Payout', amount: 5n * ONE, lineId: 0n, feeBps: 5_000n },
    ...{ feeTo: BigInt(`0x${feeTo.toString('hex')}`), keyPrefix: 1n },
  };
  return {
    Payout: beginCell().store(binding.storePayout(payout)).endCell(),
    Stake: W.stakeBody(0n, router),
    TermsGranted: beginCell()
      .store(
        binding.storeTermsGranted({
          ...{ $$type: 'TermsGranted', feeBps: 500n, treasury: router, minStake: 0n, unbondingSeconds: 0n },
        }),
      )
      .endCell(),
    SetOperator: W.setOperatorBody(router),
    ListRecipient: W.listRecipientBody(feeTo, 5_000),
    DelistRecipient: W.delistRecipientBody(feeTo),
    Announce: W.announceBody(Buffer.alloc(217), []),
    StatementCleared: cleared,
    Attested: attested,
    SlotDenied: slotDeniedBody(Buffer.alloc(32, 1), router),
    Claim: W.claimBody(),
    PullFee: W.pullFeeBody(),
    // Two receipts that contradict each other, of a key that this Worker never admitted.
    Slash: W.slashBody(thief.publicKey, forged(ONE), forged(2n * ONE)),
    Unstake: W.unstakeBody(),
    WithdrawStake: W.withdrawStakeBody(),
    Excesses: beginCell().storeUint(W.WORKER_OPCODES.Excesses, 32).endCell(),
  };
}

test('the thief sends every message that a Worker knows: stake, earnings, keys and terms stay as they are', async () => {
  const told = await worldWithRouter();
  const { world, router } = told;
  const bodies = toWorker(told);
  expect(Object.keys(bodies).sort()).toEqual(messagesOf(binding.Worker.fromAddress(world.worker.address)));
  const [state, balance] = [await workerHash(world), await balanceOf(world.chain, world.worker.address)];
  for (const body of Object.values(bodies)) await tellWorker(world.chain, world.worker, router, body);
  expect(await workerHash(world)).toBe(state);
  expect(await balanceOf(world.chain, world.worker.address)).toBeGreaterThanOrEqual(balance);
});

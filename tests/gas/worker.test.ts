import type { SendMessageResult } from '@ton/sandbox';
import * as binding from '../../build/Worker/Worker_Worker';
import { sha256 } from '../../src/protocol/hash';
import {
  claimBody,
  listRecipientBody,
  MAX_FEE_RECIPIENTS,
  MAX_WORKER_KEYS,
  payoutBody,
  pullFeeBody,
  slashBody,
  unstakeBody,
  withdrawStakeBody,
} from '../../wrappers/Worker';
import { blockRoot, recentBlock, setRecentBlocks } from '../support/attestation';
import { gasUsed } from '../support/chain';
import { contradiction } from '../support/contradiction';
import { expectGas } from '../support/gasSnapshot';
import * as N from '../support/network';

/** Gas of the Worker's first transaction in a message chain. */
function workerGas(net: N.Network, result: SendMessageResult, skip = 0): number {
  const own = result.transactions.filter(
    (tx) => tx.inMessage?.info.dest?.toString() === net.worker.toString(),
  );
  return gasUsed(own[skip]!);
}

function feeTo(net: N.Network): Buffer {
  return net.routerOperator.address.hash.subarray(0, 20);
}

async function pay(net: N.Network, feeBps: number, key = N.workerKey()): Promise<SendMessageResult> {
  const body = payoutBody({
    amountNano: N.COIN,
    lineId: Buffer.alloc(20, 1),
    feeBps,
    feeTo: feeTo(net),
    keyPrefix: key.subarray(0, 16),
  });
  return N.send(net, net.stranger, net.worker, body, 2n * N.COIN);
}

const slash = (net: N.Network): Promise<SendMessageResult> =>
  N.send(net, net.stranger, net.worker, slashBody(N.workerKey(), ...contradiction(N.workerKeys())));

const list = (net: N.Network, to: Buffer): Promise<SendMessageResult> =>
  N.send(net, net.provider, net.worker, listRecipientBody(to, 300));

test('what a worker with one key and one router consumes', async () => {
  const net = await N.createNetwork();
  const staked = await N.stake(net);
  const image = N.statement(net);
  const announced = await N.announce(net, image);
  const admitted = await N.admit(net, image);
  const measured = {
    stake: workerGas(net, staked),
    terms: workerGas(net, staked, 1),
    announce: workerGas(net, announced),
    cleared: workerGas(net, announced, 1),
    attested: workerGas(net, admitted),
    payoutWithoutFee: workerGas(net, await pay(net, 0)),
    payoutToUnlistedRouter: workerGas(net, await pay(net, 100)),
    listRecipient: workerGas(net, await list(net, feeTo(net))),
    payoutWithFee: workerGas(net, await pay(net, 100)),
    payoutRefused: workerGas(net, await pay(net, 100, N.workerKey('unknown'))),
    pullFee: workerGas(net, await N.send(net, net.routerOperator, net.worker, pullFeeBody())),
    claim: workerGas(net, await N.send(net, net.provider, net.worker, claimBody())),
    unstake: workerGas(net, await N.send(net, net.provider, net.worker, unstakeBody())),
  };
  net.chain.now! += 15 * N.DAY;
  const withdrawn = await N.send(net, net.provider, net.worker, withdrawStakeBody());
  const withdrawStake = workerGas(net, withdrawn);
  await N.stake(net);
  const slashed = await slash(net);
  const slashRefused = await slash(net);
  expectGas('worker', {
    ...measured,
    withdrawStake,
    slash: workerGas(net, slashed),
    slashRefused: workerGas(net, slashRefused),
  });

  expect(measured.payoutWithFee).toBeLessThanOrEqual(5_500);
  expect(measured.payoutWithoutFee).toBeLessThanOrEqual(5_500);
});

test('a worker with every key and every router listed stays below the bounds that its minimum values are made of', async () => {
  const net = await N.createNetwork();
  await N.stake(net);
  for (let n = 0; n < MAX_WORKER_KEYS; n++) {
    const image = N.statement(net, { receiptKey: n === 0 ? N.workerKey() : sha256(Buffer.from(`key ${n}`)) });
    await N.announce(net, image);
    const admitted = await N.admit(net, image);
    expect(workerGas(net, admitted)).toBeLessThanOrEqual(Number(binding.GAS_WORKER_ATTESTED));
  }
  const denied = workerGas(net, await N.refuseSlot(net));
  const again = N.statement(net);
  const announced = await N.announce(net, again);
  const said = N.quoteOf(net, again, { blockRoot: blockRoot(recentBlock(net.chain) + 100) });
  setRecentBlocks(net.chain, recentBlock(net.chain) + 1_600);
  const attested = await N.attest(net, said);
  expect((await N.readWorker(net)).active).toBe(true);
  for (let n = 1; n < MAX_FEE_RECIPIENTS; n++)
    await list(net, sha256(Buffer.from(`router ${n}`)).subarray(0, 20));
  const listed = workerGas(net, await list(net, feeTo(net)));
  const payoutWithFee = workerGas(net, await pay(net, 100));
  const pulled = workerGas(net, await N.send(net, net.routerOperator, net.worker, pullFeeBody()));
  const claimed = workerGas(net, await N.send(net, net.provider, net.worker, claimBody()));
  const staked = await N.stake(net, 0n);
  const slashed = workerGas(net, await slash(net));
  await N.stake(net);
  net.chain.now! += 15 * N.DAY;
  const purged = workerGas(net, await N.announce(net, N.statement(net, { receiptKey: N.workerKey('new') })));
  expect((await N.readWorker(net)).keys).toHaveLength(MAX_WORKER_KEYS - 4);
  const measured = {
    listRecipient: listed,
    payoutWithFee,
    pullFee: pulled,
    claim: claimed,
    stake: workerGas(net, staked),
    terms: workerGas(net, staked, 1),
    announceThatForgetsKeys: purged,
    cleared: workerGas(net, announced, 1),
    attestedWithTheOldestBlock: workerGas(net, attested),
    slotDenied: denied,
    slash: slashed,
  };
  expectGas('worker-full', measured);
  expect(measured.cleared).toBeLessThanOrEqual(Number(binding.GAS_WORKER_CLEARED));
  expect(measured.attestedWithTheOldestBlock).toBeLessThanOrEqual(Number(binding.GAS_WORKER_ATTESTED));
  expect(measured.slotDenied).toBeLessThanOrEqual(Number(binding.GAS_WORKER_SLOT_DENIED));
  expect(slashed).toBeLessThanOrEqual(Number(binding.GAS_WORKER_SLASH));
  expect(payoutWithFee).toBeLessThanOrEqual(Number(binding.GAS_WORKER_PAYOUT));
  expect(listed).toBeLessThanOrEqual(Number(binding.GAS_WORKER_LIST));
  expect(Math.max(pulled, claimed)).toBeLessThanOrEqual(Number(binding.GAS_WORKER_PLAIN));
  expect(purged).toBeLessThanOrEqual(Number(binding.GAS_WORKER_ANNOUNCE));
  expect(measured.stake).toBeLessThanOrEqual(Number(binding.GAS_WORKER_STAKE));
  expect(measured.terms).toBeLessThanOrEqual(Number(binding.GAS_WORKER_TERMS));
});

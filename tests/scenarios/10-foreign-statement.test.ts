import { beginCell } from '@ton/core';
import { statementDigest } from '../../src/protocol/statement';
import { announceBody, WORKER_OPCODES } from '../../wrappers/Worker';
import { balanceOf } from '../support/chain';
import * as N from '../support/network';
import { heldBy, valueOf } from '../support/money';

// Scenario 10: somebody runs a genuine VM of an allowed image on an allowed machine, whose statement names my Worker
// contract and a key of his own. He has a genuine quote over it, and brings it.

const WORKER_ENDED = 1140;
const stolen = N.workerKey('a stranger');

/** Everything that my Worker remembers. */
async function memory(net: N.Network): Promise<string> {
  const { accountState } = await net.chain.getContract(net.worker);
  if (accountState?.type !== 'active') throw new Error('no Worker');
  return accountState.state.data!.hash().toString('hex');
}

test('a stranger cannot announce a statement for my Worker: the operator alone does', async () => {
  const net = await N.createActiveWorker();
  const [before, balance] = [await memory(net), await balanceOf(net.chain, net.worker)];
  const body = announceBody(N.statement(net, { receiptKey: stolen }), [N.MODEL]);
  for (const from of [net.stranger, net.guardian, net.owner, net.routerOperator, net.registry]) {
    expect(N.firstExit(net, await N.send(net, from, net.worker, body))).toBe(1101);
  }
  expect([await memory(net), await balanceOf(net.chain, net.worker)]).toEqual([before, balance]);
});

test('a genuine quote over a foreign statement that names my Worker is refused, and he who brought it pays', async () => {
  const net = await N.createActiveWorker();
  const foreign = N.statement(net, { receiptKey: stolen });
  const before = await N.readWorker(net);
  const balance = await balanceOf(net.chain, net.worker);
  const stranger = await balanceOf(net.chain, net.stranger.address);
  const result = await N.admit(net, foreign);
  const refusal = result.transactions.at(-1)!.inMessage!;
  expect(N.story(net, result).at(-1)).toBe('worker -> stranger: AdmissionRefused 0');
  const said = refusal.body.beginParse().skip(32);
  expect(said.loadUint(16)).toBe(WORKER_ENDED);
  expect(said.loadAddress().equals(net.worker)).toBe(true);
  expect(said.loadBuffer(32)).toEqual(statementDigest(foreign));

  const after = await N.readWorker(net);
  expect(after).toEqual(before);
  expect(await balanceOf(net.chain, net.worker)).toBe(balance);
  // What is left of his coin came back, and no more than that.
  const back = (await balanceOf(net.chain, net.stranger.address)) - stranger;
  expect(back).toBeLessThan(N.COIN);
  expect(back).toBe(valueOf(result.transactions.at(-1)!) - result.transactions.at(-1)!.totalFees.coins);
});

test('nor while my own statement waits for its quote: mine is confirmed afterwards as if nothing had been', async () => {
  const { net, image } = await N.announcedWorker();
  const foreign = N.statement(net, { receiptKey: stolen });
  await N.admit(net, foreign);
  expect((await N.readWorker(net)).active).toBe(false);
  await N.admit(net, image);
  const worker = await N.readWorker(net);
  expect(worker.active).toBe(true);
  expect(
    JSON.stringify(worker, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
  ).not.toContain(stolen.toString('hex'));
});

test("a payout in the foreign key's name comes back from my Worker with its money", async () => {
  const net = await N.createActiveWorker();
  const before = await N.readWorker(net);

  const body = beginCell()
    .storeUint(WORKER_OPCODES.Payout, 32)
    .storeUint(N.COIN / 2n, 64)
    .storeUint(0, 160 + 16 + 160)
    .storeBuffer(stolen.subarray(0, 16))
    .endCell();
  const held = await heldBy(net.chain, [net.worker]);
  const result = await N.send(net, net.stranger, net.worker, body);
  expect(N.firstExit(net, result)).toBe(1110);
  expect(await heldBy(net.chain, [net.worker])).toBe(held);
  expect(await N.readWorker(net)).toEqual(before);
});

import type { Cell } from '@ton/core';
import type { SendMessageResult } from '@ton/sandbox';
import {
  claimBody,
  delistRecipientBody,
  feeToOf,
  listRecipientBody,
  payoutBody,
  pullFeeBody,
  setOperatorBody,
  slashBody,
  unstakeBody,
  withdrawStakeBody,
} from '../../wrappers/Worker';
import { contradiction } from '../support/contradiction';
import * as N from '../support/network';

// Edges that no other test stands on, found by changing the contract (docs/mutation.md).

/** Every internal message that a Worker sent: to whom, and whether it may come back. */
function sentBy(net: N.Network, result: SendMessageResult): [to: string, bounce: boolean][] {
  const children = new Map([
    [net.registry.toString(), 'registry'],
    [net.worker.toString(), 'worker'],
  ]);
  return result.transactions
    .filter(({ inMessage }) => inMessage!.info.dest?.toString() === net.worker.toString())
    .flatMap(({ outMessages }) => outMessages.values())
    .flatMap(({ info }): [string, boolean][] =>
      info.type === 'internal' ? [[children.get(info.dest.toString()) ?? 'a person', info.bounce]] : [],
    );
}

test('what a Worker sends to people never comes back, and what it reports to its Registry does', async () => {
  const net = await N.createActiveWorker();
  const { provider, routerOperator, worker } = net;
  const feeTo = feeToOf(routerOperator.address);
  const keyPrefix = N.workerKey().subarray(0, 16);
  const payout = payoutBody({
    amountNano: N.COIN,
    lineId: Buffer.alloc(20, 1),
    feeBps: 100,
    feeTo,
    keyPrefix,
  });
  const by = (body: Cell, from = provider): Promise<SendMessageResult> =>
    N.send(net, from, worker, body, 2n * N.COIN);
  const steps: [what: string, result: SendMessageResult][] = [
    ['SetOperator', await by(setOperatorBody(net.operator.address))],
    ['ListRecipient', await by(listRecipientBody(feeTo, 100))],
    ['Payout', await by(payout, net.stranger)],
    ['PullFee', await by(pullFeeBody(), routerOperator)],
    ['DelistRecipient', await by(delistRecipientBody(feeTo))],
    ['Claim', await by(claimBody())],
    ['Announce', await N.announce(net, N.statement(net))],
    ['Unstake', await by(unstakeBody())],
    ['Slash', await by(slashBody(N.workerKey(), ...contradiction(N.workerKeys())), net.stranger)],
    ['Stake', await N.stake(net)],
    ['Unstake again', await by(unstakeBody())],
  ];
  net.chain.now! += 30 * N.DAY;
  steps.push(['WithdrawStake', await by(withdrawStakeBody())]);
  const sent = steps.map(([what, result]) => [what, sentBy(net, result)] as const);
  // Nothing is missing: each command but the Payout was carried out, and answered.
  expect(sent.filter(([, messages]) => messages.length === 0).map(([what]) => what)).toEqual(['Payout']);
  for (const [what, messages] of sent)
    for (const [to, bounce] of messages) expect([what, to, bounce]).toEqual([what, to, to !== 'a person']);
});

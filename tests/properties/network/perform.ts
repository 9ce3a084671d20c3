import { allocateByClient, allocateBySigner, repeatExternal, spendTwice, stealSigner } from './allocations';
import * as chain from './chainSteps';
import * as escrow from './escrowSteps';
import { slash } from './slashStep';
import type { Step } from './steps';
import * as worker from './workerSteps';
import type { World } from './world';

/** Does what the step says. Throws when a rule is broken, or a contract does not do as the model says. */
export async function perform(world: World, step: Step): Promise<unknown> {
  switch (step.do) {
    case 'allocate by signer':
      return allocateBySigner(world, step.escrow, step.entries, step.sum, step.forgery);
    case 'allocate by client':
      return allocateByClient(world, step.escrow, step.entries, step.sum, step.byClient);
    case 'repeat external':
      return repeatExternal(world, step.escrow);
    case 'spend twice':
      return spendTwice(world, step.escrow, [step.first, step.second], step.bySigner);
    case 'steal signer':
      return stealSigner(world, step.escrow, step.line);
    case 'settle':
      return escrow.settle(world, step.escrow, step.receipts, step.value);
    case 'finish':
      return escrow.finish(world, step.escrow, step.line, step.total, step.later);
    case 'close':
      return escrow.close(world, step.escrow, step.lines, step.byClient);
    case 'prune':
      return escrow.prune(world, step.escrow, step.lines);
    case 'withdraw':
      return escrow.withdraw(world, step.escrow, step.amount, step.byClient);
    case 'set signer':
      return escrow.setSigner(world, step.escrow, step.signer, step.budget, step.byClient);
    case 'open':
      return escrow.open(world, step.escrow, step);
    case 'top up':
      return escrow.topUp(world, step.escrow, step.value, step.form);
    case 'bounce after the end':
      return escrow.bounceAfterTheEnd(world, step.escrow, step.line);
    case 'drain':
      return escrow.drain(world, step.escrow, step.balance);
    case 'freeze and thaw':
      return escrow.freezeAndThaw(world, step.escrow);
    case 'leave':
      return escrow.leave(world, step.escrow);
    case 'pay out':
      return worker.payOut(world, step.worker, step);
    case 'claim':
      return worker.claim(world, step.worker, step.byProvider, step.poor);
    case 'pull fee':
      return worker.pullFee(world, step.worker, step.router);
    case 'list':
      return worker.list(world, step.worker, step.router, step.maxBps, step.byProvider);
    case 'delist':
      return worker.delist(world, step.worker, step.router, step.byProvider);
    case 'stake':
      return worker.stake(world, step.worker, step.amount, step.byProvider);
    case 'unstake':
      return worker.unstake(world, step.worker, step.byProvider);
    case 'withdraw stake':
      return worker.withdrawStake(world, step.worker, step.byProvider);
    case 'retire':
      return worker.retire(world, step.worker);
    case 'slash':
      return slash(world, step.worker, step.key, step.proof);
    case 'grant terms':
      return worker.grantTerms(world, step.worker, step.byRegistry);
    case 'revoke':
      return worker.revoke(world, step.worker, step.byRegistry);
    case 'freeze worker':
      return worker.freezeWorker(world, step.worker);
    case 'thaw worker':
      return worker.thawWorker(world, step.worker);
    case 'deliver':
      return chain.arrive(world, step.pick);
    case 'wait':
      return chain.wait(world, step.seconds);
    case 'stop chain':
      return chain.stopChain(world, step.hours);
    case 'govern':
      return chain.govern(world, step);
    case 'foreign message':
      return chain.foreignMessage(world, step.to, step.form);
  }
}

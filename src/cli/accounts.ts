import type { Command } from 'commander';
import type { WorkerState } from '../chain/types';
import { COIN_SYMBOL, formatCoins } from '../protocol/amounts';
import { connect, toJson, withChainFlags, type ChainFlags } from './connect';
import { addEscrowCommand } from './escrow/command';
import { when } from './escrow/text';

/** What anybody may read: escrows, workers, the list of workers. Moving money is done by wallets, see scripts/. */
export function addAccountCommands(cocoon: Command): void {
  addEscrowCommand(cocoon);
  withChainFlags(cocoon.command('workers'))
    .description('every worker that the registry lists')
    .action(async (flags: ChainFlags) => {
      const chain = await connect(flags);
      const states = await Promise.all((await chain.workers()).map((address) => chain.worker(address)));
      const known = states.filter((state) => state !== null);
      print(
        flags.json
          ? toJson(known.map(workerJson))
          : known.map(workerText).join('\n') || 'no workers are listed',
      );
    });
}

function workerJson(state: WorkerState): object {
  return {
    address: state.address.toString(),
    provider: state.provider.toString(),
    index: state.index,
    active: state.active,
    active_until: state.activeUntil,
    stake_nano: state.stakeNano,
    claimable_nano: state.claimableNano,
    keys: state.keys.map((key) => ({
      key: key.workerKey.toString('hex'),
      active_until: key.activeUntil,
      last_settle_by: key.lastSettleBy,
    })),
  };
}

function workerText(state: WorkerState): string {
  const standing = state.active ? `active until ${when(state.activeUntil)}` : 'not active';
  return `${state.address.toString()}  ${standing}, stake ${formatCoins(state.stakeNano)} ${COIN_SYMBOL}, claimable ${formatCoins(state.claimableNano)}`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

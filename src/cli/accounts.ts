import type { Address } from '@ton/core';
import type { Command } from 'commander';
import type { EscrowState, WorkerState } from '../chain/types';
import { COIN_SYMBOL, formatCoins } from '../protocol/amounts';
import { CocoonError } from '../protocol/errors';
import { connect, parseAddress, toJson, withChainFlags, type ChainFlags } from './connect';

/** What anybody may read: escrows, workers, the list of workers. Moving money is done by wallets, see scripts/. */
export function addAccountCommands(cocoon: Command): void {
  withChainFlags(cocoon.command('escrow'))
    .description("an escrow's money and lines, from the finalized chain")
    .argument('<address>', 'of the escrow', parseAddress)
    .action(async (address: Address, flags: ChainFlags) => {
      const state = await (await connect(flags)).escrow(address);
      if (!state)
        throw new CocoonError(
          'escrow_unknown',
          `There is no escrow of this registry at ${address.toString()}.`,
        );
      print(flags.json ? toJson(escrowJson(state)) : escrowText(state));
    });

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

function escrowJson(state: EscrowState): object {
  return {
    address: state.address.toString(),
    client: state.client.toString(),
    balance_nano: state.balanceNano,
    free_nano: state.freeNano,
    locked_nano: state.lockedNano,
    reserve_nano: state.reserveNano,
    signer_budget_nano: state.signerBudgetNano,
    seqno: state.seqno,
    lines: [...state.lines].map(([id, line]) => ({
      id,
      cap_nano: line.capNano,
      paid_nano: line.paidNano,
      settle_by: line.settleBy,
      close_at: line.closeAt,
    })),
    read_at: state.readAtUnix,
  };
}

function escrowText(state: EscrowState): string {
  const rows: [string, string][] = [
    ['escrow', state.address.toString()],
    ['client', state.client.toString({ bounceable: false })],
    [`free to withdraw, ${COIN_SYMBOL}`, formatCoins(state.freeNano)],
    ['locked for workers', formatCoins(state.lockedNano)],
    ['reserve', formatCoins(state.reserveNano)],
    ["signer's budget", formatCoins(state.signerBudgetNano)],
  ];
  const lines = [...state.lines].map(
    ([id, line]) =>
      `  ${id}  ${formatCoins(line.paidNano)} of ${formatCoins(line.capNano)} paid, ` +
      (line.closeAt > 0 ? `closes ${when(line.closeAt)}` : `until ${when(line.settleBy)}`),
  );
  const width = Math.max(...rows.map(([label]) => label.length));
  return [
    ...rows.map(([label, value]) => `${label.padEnd(width)}  ${value}`),
    `lines: ${lines.length}`,
    ...lines,
  ].join('\n');
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

function when(unix: number): string {
  return new Date(unix * 1_000).toISOString().replace('.000', '');
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

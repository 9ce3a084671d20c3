import type { Address } from '@ton/core';
import { prunableLines, pruneCommand, releaseOf } from '../chain/lineEnd';
import type { EscrowState } from '../chain/types';
import { COIN_SYMBOL, formatCoins } from '../protocol/amounts';
import { shareBps, type Costs } from './costs';
import { readDeposit } from './funding';
import { reservedNano, roomNano, spentNano, takesTickets, type HeldLine } from './heldLine';
import { CLIENT_LIMITS } from './limits';
import type { BalanceInfo, CostInfo, LineInfo, MoneyInfo } from './types';

export function balanceInfo(escrow: EscrowState, held: readonly HeldLine[], nowUnix: number): BalanceInfo {
  const { unspentNano, ...deposit } = readDeposit(escrow, held, nowUnix);
  return {
    ...deposit,
    allocatedNano: unspentNano,
    unsettledNano: escrow.lockedNano - unspentNano,
    signerBudgetNano: escrow.signerBudgetNano,
  };
}

export function lineInfos(escrow: EscrowState, held: readonly HeldLine[], nowUnix: number): LineInfo[] {
  const books = new Map(held.map((line) => [line.id, line]));
  return [...escrow.lines].map(([id, entry]) => {
    const line = books.get(id);
    return {
      id,
      worker: line?.line.workerAddress.toString('hex') ?? null,
      router: line?.router ?? null,
      capNano: entry.capNano,
      paidNano: entry.paidNano,
      spentNano: line ? spentNano(line) : entry.paidNano,
      reservedNano: line ? reservedNano(line, nowUnix) : 0n,
      roomNano: line ? roomNano(line, entry, nowUnix) : 0n,
      settleByUnix: entry.settleBy,
      closeAtUnix: entry.closeAt,
      open: line !== undefined && takesTickets(line, entry, nowUnix),
      why: line?.ended ?? null,
      release: releaseOf(entry, nowUnix),
    };
  });
}

export function moneyInfo(
  escrow: EscrowState,
  held: readonly HeldLine[],
  own: { costs: Costs; wallet: Address | null; nowUnix: number },
): MoneyInfo {
  const { costs, wallet, nowUnix } = own;
  const { ids, leftNano } = prunableLines(escrow, escrow.readAtUnix);
  return {
    ...balanceInfo(escrow, held, nowUnix),
    escrow: escrow.address.toString(),
    readAtUnix: escrow.readAtUnix,
    lines: lineInfos(escrow, held, nowUnix),
    cost: { recent: costInfo(costs, CLIENT_LIMITS.costWindowSeconds), total: costInfo(costs, null) },
    prune: {
      lines: ids,
      freesNano: leftNano,
      command: wallet || ids.length === 0 ? null : pruneCommand(escrow),
    },
    wallet: wallet?.toString({ bounceable: false }) ?? null,
  };
}

function costInfo(costs: Costs, seconds: number | null): CostInfo {
  const sum = costs.sum(seconds);
  return { ...sum, shareBps: sum.spentNano === 0n ? null : shareBps(sum) };
}

/** One line for a person: what is there, what it cost, what to do. */
export function moneyLine(money: MoneyInfo): string {
  const { recent } = money.cost;
  const cost = formatCoins(recent.allocations.nano + recent.prunes.nano);
  const share = recent.shareBps === null ? '' : ` (${percent(recent.shareBps)})`;
  const open = money.lines.filter((line) => line.open).length;
  const parts = [
    `${formatCoins(money.freeNano)} ${COIN_SYMBOL} free, ${formatCoins(money.allocatedNano)} on ${open} line${open === 1 ? '' : 's'}`,
    `${cost}${share} for having lines, of ${formatCoins(recent.spentNano)} spent in seven days`,
  ];
  if (money.prune.freesNano > 0n && money.prune.command !== null) {
    parts.push(`${formatCoins(money.prune.freesNano)} more with: ${money.prune.command}`);
  }
  return parts.join('; ');
}

/** 123 -> `1.23%`. */
export function percent(bps: number): string {
  return `${(bps / 100).toFixed(2)}%`;
}

/** For the gateway: amounts are decimal strings in fields that end in `_nano`, times are Unix seconds. */
export function moneyJson(money: MoneyInfo): object {
  return {
    escrow: money.escrow,
    read_at: money.readAtUnix,
    deposit_nano: money.depositNano.toString(),
    free_nano: money.freeNano.toString(),
    allocated_nano: money.allocatedNano.toString(),
    reserved_nano: money.reservedNano.toString(),
    unsettled_nano: money.unsettledNano.toString(),
    signer_budget_nano: money.signerBudgetNano.toString(),
    cost: { recent: costJson(money.cost.recent), total: costJson(money.cost.total) },
    lines: money.lines.map(lineJson),
    prune: {
      lines: money.prune.lines,
      frees_nano: money.prune.freesNano.toString(),
      command: money.prune.command,
    },
    wallet: money.wallet,
  };
}

function costJson({ spentNano, allocations, prunes, shareBps: share }: CostInfo): object {
  return {
    spent_nano: spentNano.toString(),
    allocations: allocations.count,
    allocations_nano: allocations.nano.toString(),
    prunes: prunes.count,
    prunes_nano: prunes.nano.toString(),
    share_bps: share,
  };
}

function lineJson(line: LineInfo): object {
  return {
    id: line.id,
    worker: line.worker,
    router: line.router,
    cap_nano: line.capNano.toString(),
    paid_nano: line.paidNano.toString(),
    spent_nano: line.spentNano.toString(),
    reserved_nano: line.reservedNano.toString(),
    room_nano: line.roomNano.toString(),
    settle_by: line.settleByUnix,
    close_at: line.closeAtUnix,
    open: line.open,
    why: line.why,
    stage: line.release.stage,
    free_from: line.release.fromUnix,
  };
}

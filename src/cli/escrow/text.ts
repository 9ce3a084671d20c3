import { prunableLines, pruneCommand, releaseOf } from '../../chain/lineEnd';
import type { EscrowState, LineEntry } from '../../chain/types';
import { COIN_SYMBOL, formatCoins } from '../../protocol/amounts';
import type { OwnBooks } from './books';

const WHOLE_BPS = 10_000;

export function escrowJson(state: EscrowState, books: OwnBooks | null): object {
  const { ids, leftNano } = prunableLines(state, state.readAtUnix);
  return {
    address: state.address.toString(),
    client: state.client.toString(),
    balance_nano: state.balanceNano,
    free_nano: state.freeNano,
    locked_nano: state.lockedNano,
    reserve_nano: state.reserveNano,
    signer_budget_nano: state.signerBudgetNano,
    seqno: state.seqno,
    ...(books ? { cost: books.cost } : {}),
    lines: [...state.lines].map(([id, line]) => lineJson(id, line, state, books)),
    prune: { lines: ids, frees_nano: leftNano },
    read_at: state.readAtUnix,
  };
}

function lineJson(id: string, line: LineEntry, state: EscrowState, books: OwnBooks | null): object {
  const own = books?.lines.find((known) => known.id === id);
  const { stage, fromUnix } = releaseOf(line, state.readAtUnix);
  return {
    id,
    cap_nano: line.capNano,
    paid_nano: line.paidNano,
    ...(own
      ? { spent_nano: own.spent_nano, reserved_nano: own.reserved_nano, room_nano: own.room_nano }
      : {}),
    ...(own ? { worker: own.worker, why: own.why } : {}),
    settle_by: line.settleBy,
    close_at: line.closeAt,
    stage,
    free_from: fromUnix,
  };
}

export function escrowText(state: EscrowState, books: OwnBooks | null): string {
  const rows: [string, string][] = [
    ['escrow', state.address.toString()],
    ['client', state.client.toString({ bounceable: false })],
    [`free to withdraw, ${COIN_SYMBOL}`, formatCoins(state.freeNano)],
    ['locked for workers', formatCoins(state.lockedNano)],
    ['reserve', formatCoins(state.reserveNano)],
    ["signer's budget", formatCoins(state.signerBudgetNano)],
    ...(books ? costRows(books) : []),
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  return [
    ...rows.map(([label, value]) => `${label.padEnd(width)}  ${value}`),
    `lines: ${state.lines.size}`,
    ...[...state.lines].map(([id, line]) => lineText(id, line, state, books)),
    ...pruneText(state, books),
  ].join('\n');
}

function costRows({ cost }: OwnBooks): [string, string][] {
  const text = ({
    spent_nano,
    allocations,
    allocations_nano,
    prunes,
    prunes_nano,
    share_bps,
  }: OwnBooks['cost']['total']): string =>
    `${formatCoins(spent_nano)} spent; ${formatCoins(allocations_nano)} for ${counted(allocations, 'allocation')}, ` +
    `${formatCoins(prunes_nano)} for ${counted(prunes, 'prune')}` +
    shareText(share_bps);
  return [
    ['in seven days', text(cost.recent)],
    ['since the books began', text(cost.total)],
  ];
}

/** A new escrow has paid for its first line and spent next to nothing: a share of that tells nobody anything. */
function shareText(bps: number | null): string {
  if (bps === null) return '';
  return bps > WHOLE_BPS ? ', more than was spent' : `, ${(bps / 100).toFixed(2)}% of what was spent`;
}

function lineText(id: string, line: LineEntry, state: EscrowState, books: OwnBooks | null): string {
  const own = books?.lines.find((known) => known.id === id);
  const amounts = [
    `cap ${formatCoins(line.capNano)}`,
    `paid ${formatCoins(line.paidNano)}`,
    ...(own?.worker
      ? [
          `known ${formatCoins(own.spent_nano)}`,
          `reserved ${formatCoins(own.reserved_nano)}`,
          `room ${formatCoins(own.room_nano)}`,
        ]
      : []),
  ].join(', ');
  const why = own?.why ? ` (${own.why})` : '';
  return `  ${id}  ${amounts}\n    ${releaseText(line, state)}${why}`;
}

/** What frees the rest of a line, and when. */
function releaseText(line: LineEntry, state: EscrowState): string {
  const { amountNano, fromUnix, stage } = releaseOf(line, state.readAtUnix);
  const rest = formatCoins(amountNano);
  switch (stage) {
    case 'open': {
      const sooner = state.readAtUnix + state.closeDelaySeconds;
      const close = sooner < line.settleBy ? `; closed now, from ${when(sooner)}` : '';
      return `open: ends ${when(line.settleBy)}, then a prune frees up to ${rest}${close}`;
    }
    case 'closing':
      return `closing: ends ${when(fromUnix - 1)}, then a prune frees up to ${rest}`;
    case 'ended':
      return amountNano > 0n
        ? `ended: a prune frees ${rest} now`
        : `ended, nothing left in it: a prune forgets it after ${when(line.settleBy)}`;
  }
}

function pruneText(state: EscrowState, books: OwnBooks | null): string[] {
  const { ids, leftNano } = prunableLines(state, state.readAtUnix);
  if (ids.length === 0) return [];
  const payer = books?.wallet ? `; the wallet ${books.wallet} does it when it is worth it` : '';
  return [
    `a prune of ${counted(ids.length, 'line')} frees ${formatCoins(leftNano)}: ${pruneCommand(state)}${payer}`,
  ];
}

/** "1 line", "2 lines". */
export function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}

export function when(unix: number): string {
  return new Date(unix * 1_000).toISOString().replace('.000', '');
}

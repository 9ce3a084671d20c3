import { COIN_SYMBOL, formatCoins } from '../protocol/amounts';
import type { Claim } from './claims';

/** For programs: amounts as decimal strings of nanotons, times in Unix seconds, bytes in hex. */
export function claimJson(claim: Claim): object {
  return {
    escrow: claim.escrow.toString(),
    worker: claim.worker.toString(),
    line: claim.lineId.toString('hex'),
    state: claim.state,
    final: claim.final,
    total_nano: claim.totalNano.toString(),
    cap_nano: claim.capNano.toString(),
    paid_nano: claim.paidNano.toString(),
    due_nano: claim.dueNano.toString(),
    settle_by: claim.settleBy,
    close_at: claim.closeAt,
    last_second: claim.lastSecond,
    urgent: claim.urgent,
    cost_alone_nano: claim.costAloneNano.toString(),
    cost_in_batch_nano: claim.costInBatchNano.toString(),
    next: claim.next,
  };
}

/** For people: one line per claim, what ends first first. */
export function claimTable(claims: readonly Claim[], nowUnix: number): string {
  if (claims.length === 0) return 'no receipts are held\n';
  const rows = claims.map((claim) => [
    claim.lineId.toString('hex').slice(0, 12),
    formatCoins(claim.totalNano),
    formatCoins(claim.paidNano),
    formatCoins(claim.dueNano),
    `${new Date(claim.lastSecond * 1_000).toISOString().slice(0, 16)}Z`,
    leftText(claim.lastSecond - nowUnix),
    formatCoins(claim.costAloneNano),
    claim.state,
    claim.closeAt > 0 ? `closing; ${claim.next}` : claim.next,
  ]);
  const head = ['line', 'earned', 'paid', 'due', 'last second', 'left', 'cost now', 'state', 'next'];
  return `${columns([head, ...rows])}\n${sumText(claims)}\n`;
}

function sumText(claims: readonly Claim[]): string {
  const sum = (some: readonly Claim[]): string =>
    formatCoins(some.reduce((total, { dueNano }) => total + dueNano, 0n));
  const open = claims.filter(({ state }) => state !== 'lost');
  const lost = claims.filter(({ state }) => state === 'lost');
  return (
    `due ${sum(open)} ${COIN_SYMBOL} on ${open.filter(({ dueNano }) => dueNano > 0n).length} of ${claims.length} lines, ` +
    `${sum(open.filter(({ urgent }) => urgent))} urgent, ${sum(lost)} lost`
  );
}

function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, at) => Math.max(...rows.map((row) => row[at]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function leftText(seconds: number): string {
  if (seconds < 0) return 'over';
  const hours = Math.floor(seconds / 3_600);
  return hours >= 48 ? `${Math.floor(hours / 24)} d` : `${hours} h ${Math.floor((seconds % 3_600) / 60)} min`;
}

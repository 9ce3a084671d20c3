import { COIN_SYMBOL, formatCoins } from '../../protocol/amounts';
import { claimJson, type SettleReport } from '../../settle';
import type { Intake } from '../../settle/intake';
import type { ProviderRound } from '../../settle/provider';

/** One JSON line per round. */
export function roundJson({ intakes, round, claimed, unclaimed }: ProviderRound): object {
  return {
    sources: intakes.map(({ source, stored, known, refused, error }) => ({
      ...{ source, stored, known, refused, error: error === null ? null : textOf(error) },
    })),
    settled: round.settled.map(settledJson),
    claims: round.claims.map(claimJson),
    alarms: round.alarms.length,
    failures: round.failures.map(({ escrow, error }) => ({
      ...{ escrow: escrow?.toString() ?? null, error: textOf(error) },
    })),
    claimed: claimed.map(({ worker, claimableNano, receivedNano }) => ({
      worker: worker.toString(),
      claimable_nano: claimableNano.toString(),
      received_nano: receivedNano.toString(),
    })),
    unclaimed: unclaimed.map(({ worker, error }) => ({ worker: worker.toString(), error: textOf(error) })),
  };
}

/** What a round did, for people: nothing where nothing happened. */
export function roundText({ intakes, round, claimed, unclaimed }: ProviderRound): string {
  const lines = [
    ...intakes.filter(isNews).map(intakeText),
    ...round.settled.map(settledText),
    ...round.failures.map(
      ({ escrow, error }) => `not settled  ${escrow?.toString() ?? 'any escrow'}: ${textOf(error)}`,
    ),
    ...claimed.map(
      ({ worker, claimableNano, receivedNano }) =>
        `claimed      ${coins(claimableNano)} of ${worker.toString()}, ${coins(receivedNano)} received`,
    ),
    ...unclaimed.map(({ worker, error }) => `not claimed  ${worker.toString()}: ${textOf(error)}`),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function isNews({ stored, refused, error }: Intake): boolean {
  return stored > 0 || Object.keys(refused).length > 0 || error !== null;
}

function intakeText({ source, stored, known, refused, error }: Intake): string {
  const refusals = Object.entries(refused).map(([why, count]) => `, ${count} refused (${why})`);
  const trouble = error === null ? '' : `; ${textOf(error)}`;
  return `receipts     ${stored} new, ${known} known${refusals.join('')} from ${source}${trouble}`;
}

function settledText({ escrow, outcome, lines, paidNano, spentNano, note }: SettleReport): string {
  const share =
    paidNano > 0n ? `, ${(Number((spentNano * 1_000_000n) / paidNano) / 10_000).toFixed(2)}%` : '';
  return (
    `settled      ${outcome}: ${coins(paidNano)} on ${lines.length} lines of ${escrow.toString()} ` +
    `for ${coins(spentNano)}${share}${note === '' ? '' : `; ${note}`}`
  );
}

function settledJson({ escrow, outcome, lines, paidNano, spentNano, note }: SettleReport): object {
  return {
    ...{
      escrow: escrow.toString(),
      outcome,
      paid_nano: paidNano.toString(),
      spent_nano: spentNano.toString(),
      note,
    },
    lines: lines.map((line) => ({
      line: line.lineId.toString('hex'),
      due_nano: line.dueNano.toString(),
      paid_nano: line.paidNano.toString(),
      spent_nano: line.spentNano.toString(),
    })),
  };
}

function coins(nanotons: bigint): string {
  return `${formatCoins(nanotons)} ${COIN_SYMBOL}`;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

import { Counter, Gauge, type Registry } from 'prom-client';
import { formatCoins } from '../protocol/amounts';
import { CocoonError } from '../protocol/errors';
import type { SettleReport } from './attempt';
import type { Claim } from './claims';
import type { Round, SettleListener } from './settlement';

/** Numbers for Prometheus. Nothing here names a client or a line. Amounts are nanotons, times Unix seconds. */
export function createSettleMetrics(registry: Registry): SettleListener {
  const registers = [registry];
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name: `cocoon_settle_${name}`, help, labelNames, registers });
  const gauge = (name: string, help: string) => new Gauge({ name: `cocoon_settle_${name}`, help, registers });

  const messages = counter('messages_total', 'Settle messages by how they ended', ['outcome']);
  const paid = counter('paid_nano_total', 'Nanotons that settles of this process paid to Workers');
  const spent = counter('spent_nano_total', 'Nanotons that those settles took out of the wallet');
  const failures = counter('failures_total', 'Escrows not read or not settled, by error code', ['code']);
  const lost = counter('lost_nano_total', 'Nanotons due on lines that ended unpaid');
  const due = gauge('due_nano', 'Nanotons earned and not settled');
  const urgent = gauge('urgent_nano', 'Of these, on lines that are closing or end soon');
  const lines = gauge('lines', 'Lines with something due');
  const deadline = gauge('next_deadline', 'Last second of the line that ends first; 0 for none');
  const alert = gauge('alert', '1 while a line near its end is worth a settle and unpaid');

  const ended = ({ outcome, paidNano, spentNano }: SettleReport): void => {
    messages.inc({ outcome });
    paid.inc(Number(paidNano));
    // Stipends aside a settle never earns; a counter takes nothing negative.
    spent.inc(Math.max(0, Number(spentNano)));
  };
  return {
    settled: ended,
    recovered: ended,
    failed: (_escrow, error) => failures.inc({ code: codeOf(error) }),
    lost: ({ dueNano }) => lost.inc(Number(dueNano)),
    ended({ claims, alarms }) {
      const open = claims.filter(isOpen);
      due.set(sumOf(open));
      urgent.set(sumOf(open.filter((claim) => claim.urgent)));
      lines.set(open.length);
      deadline.set(open[0]?.lastSecond ?? 0);
      alert.set(alarms.length > 0 ? 1 : 0);
    },
  };
}

/** The part of pino that this room uses. */
export interface SettleLog {
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}

/** What happens, in an operator's log. */
export function createSettleLog(log: SettleLog): SettleListener {
  let alarmed = false;
  const tell = (report: SettleReport, text: string): void => {
    const isFine = report.outcome === 'paid' || report.outcome === 'void';
    log[isFine ? 'info' : 'warn'](
      reportFields(report),
      isFine ? text : `${text}; what is still due is tried again`,
    );
  };
  return {
    settled: (report) => tell(report, report.outcome === 'paid' ? 'settled' : 'lines stayed unpaid'),
    recovered: (report) => tell(report, 'found out how an earlier settle ended'),
    failed: (escrow, error) =>
      log.warn(
        { err: error, ...(escrow && { escrow: escrow.toString() }) },
        'a settle failed; it is tried again',
      ),
    lost: (claim) => log.error(claimFields(claim), 'LOST: a line ended with this unpaid'),
    ended({ alarms }) {
      const [first] = alarms;
      if (first) {
        const nano = formatCoins(BigInt(sumOf(alarms)));
        log.error(
          { ...claimFields(first), lines: alarms.length, allDue: nano },
          'ALERT: earnings near their deadline are not settled',
        );
      } else if (alarmed) {
        log.info({}, 'nothing near its deadline is unpaid any more');
      }
      alarmed = first !== undefined;
    },
  };
}

/** Tells several. */
export function allListeners(...listeners: readonly SettleListener[]): SettleListener {
  return {
    settled: (report) => listeners.forEach((one) => one.settled(report)),
    recovered: (report) => listeners.forEach((one) => one.recovered(report)),
    failed: (escrow, error) => listeners.forEach((one) => one.failed(escrow, error)),
    lost: (claim) => listeners.forEach((one) => one.lost(claim)),
    ended: (round: Round) => listeners.forEach((one) => one.ended(round)),
  };
}

function reportFields({ escrow, outcome, lines, paidNano, spentNano, note }: SettleReport): object {
  return {
    ...{ escrow: escrow.toString(), outcome, lines: lines.length },
    ...{ paidNano: paidNano.toString(), spentNano: spentNano.toString() },
    ...(paidNano > 0n && { spentPercent: Number((spentNano * 1_000_000n) / paidNano) / 10_000 }),
    ...(note !== '' && { note }),
  };
}

function claimFields(claim: Claim): object {
  return {
    escrow: claim.escrow.toString(),
    line: claim.lineId.toString('hex'),
    dueNano: claim.dueNano.toString(),
    lastSecond: new Date(claim.lastSecond * 1_000).toISOString(),
    next: claim.next,
  };
}

function isOpen({ dueNano, state }: Claim): boolean {
  return dueNano > 0n && state !== 'lost';
}

function sumOf(claims: readonly Claim[]): number {
  return Number(claims.reduce((sum, { dueNano }) => sum + dueNano, 0n));
}

function codeOf(error: unknown): string {
  return error instanceof CocoonError ? error.code : 'internal';
}

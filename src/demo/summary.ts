import { styleText } from 'node:util';
import { COIN_SYMBOL, formatCoins } from '../protocol/amounts';
import { linkGroups, type DemoEvidence } from './evidence';
import type { Flow, LedgerRow } from './ledger';
import type { DemoResult } from './result';

/** The one readable screen at the end of a run. `color` is false where the output is not a terminal. */
export function summaryText(result: DemoResult, color: boolean): string {
  const paint = (style: 'bold' | 'dim' | 'green' | 'red' | 'cyan', line: string): string =>
    color ? styleText(style, line) : line;
  const { ledger } = result;
  const balanced = ledger.differenceNano === 0n;
  return [
    '',
    paint('bold', `Ledger, in ${COIN_SYMBOL} (from account balances and transactions read from the chain)`),
    ...ledgerTable(ledger.rows).map((line, i) => (i === 0 ? paint('dim', line) : line)),
    paint(
      balanced ? 'green' : 'red',
      `  had + earned - paid - gas - has = ${ledger.differenceNano} nano over ${ledger.transactions} transactions` +
        (balanced ? ': it closes.' : ': money is missing.'),
    ),
    '',
    paint('bold', 'Money flow'),
    ...flowBars(ledger.flows, (bar) => paint('cyan', bar)),
    '',
    paint('bold', 'Refused, as it should be'),
    ...result.refusals.map((refusal) => `  ${refusal.who}: ${refusal.what} -> ${refusal.code}`),
    '',
    paint(
      'bold',
      'Where one answer came from (evidence.json; `cocoon verify` shows each link with its values)',
    ),
    ...evidenceLines(result.evidence, paint),
    '',
    paint(
      'bold',
      `${result.jobsDone} jobs answered, ${result.jobsFailed} failed, ${result.tokens.toLocaleString('en')} tokens; ` +
        `workers were paid ${formatCoins(result.paidNano)} ${COIN_SYMBOL} in ${result.settlements} settlements, providers claimed ` +
        `${formatCoins(result.claimedNano)}; gas ${formatCoins(ledger.gasNano)}; ${result.seconds.toFixed(1)} s`,
    ),
    '',
  ].join('\n');
}

const MARKS = { ok: '✓', failed: '✗', 'not checked': '○' } as const;
const COLOURS = { ok: 'green', failed: 'red', 'not checked': 'dim' } as const;

function evidenceLines(
  { onChain }: DemoEvidence,
  paint: (style: 'green' | 'red' | 'dim' | 'bold', text: string) => string,
): string[] {
  const groups = linkGroups(onChain.links);
  const width = Math.max(...groups.map(({ title }) => title.length));
  return [
    ...groups.map(
      ({ title, state, names }) =>
        `  ${paint(COLOURS[state], MARKS[state])} ${title.padEnd(width)}  ${names.join(' > ')}`,
    ),
    `  ${paint('bold', 'SIMULATED hardware')}: its root vouches for nothing; on a real network the same chain ends at Intel's.`,
  ];
}

function ledgerTable(rows: readonly LedgerRow[]): string[] {
  const header = ['', 'had', 'earned', 'paid', 'gas', 'has'];
  const body = rows.map((row) => [
    row.name,
    ...[row.hadNano, row.earnedNano, row.paidNano, row.gasNano, row.hasNano].map(inFull),
  ]);
  const widths = header.map((_, column) =>
    Math.max(...[header, ...body].map((cells) => cells[column]!.length)),
  );
  return [header, ...body].map(
    (cells) =>
      '  ' +
      cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '),
  );
}

const BAR_CELLS = 32;
const FLOWS_SHOWN = 12;

/** Bars grow with the square root of the amount, so that a payout can be seen beside a stake. */
function flowBars(flows: readonly Flow[], paint: (bar: string) => string): string[] {
  const shown = flows.slice(0, FLOWS_SHOWN);
  const longest = Math.sqrt(Number(shown[0]?.nano ?? 1n));
  const labels = shown.map((flow) => `${flow.from} -> ${flow.to}`);
  const width = Math.max(0, ...labels.map((label) => label.length));
  return shown.map((flow, i) => {
    const cells = Math.max(1, Math.round((Math.sqrt(Number(flow.nano)) / longest) * BAR_CELLS));
    return `  ${labels[i]!.padEnd(width)}  ${paint('█'.repeat(cells))} ${formatCoins(flow.nano)}`;
  });
}

/** All nine digits, so that a column's points stand below each other. */
function inFull(amount: bigint): string {
  const [whole, fraction = ''] = formatCoins(amount).split('.');
  return `${whole}.${fraction.padEnd(9, '0')}`;
}

import { formatCoins } from '../src/protocol/amounts';
import { createMoneyWorld, type MoneyWorld } from './money/world';
import type { Benchmark, Report } from './report';

const JOBS = 1_000_000n;
const JOB_NANO = 1_000_000n;
const JOBS_PER_LINE = [1n, 10n, 100n, 1_000n, 10_000n] as const;
/** The two of them that the table shows; the curve shows all. */
const SHOWN = [100n, 1_000n] as const;
const LEDGERS = [10, 200, 1_000] as const;
const BATCHES = [10, 4, 1] as const;
const BAR = 40;

/** What one line costs each time, in a batch of so many, with a ledger of so many entries. */
interface LineCost {
  ledger: number;
  batch: number;
  openNano: bigint;
  raiseNano: bigint;
  settleNano: bigint;
  pruneNano: bigint;
}

/**
 * The share of their revenue that a million jobs of 0.001 TON cost on chain. Batches are measured, by how much the
 * balances of escrow, Worker and settling wallet fall together; the million is the measured batch times their number.
 */
export const money: Benchmark = {
  name: 'money',
  title: 'What a million jobs of 0.001 TON cost on chain',
  async run({ onRound }) {
    const costs: LineCost[] = [];
    for (const ledger of LEDGERS) {
      const world = await createMoneyWorld();
      for (const batch of BATCHES) {
        costs.push(await measure(world, ledger, batch));
        onRound?.(costs.length, LEDGERS.length * BATCHES.length);
      }
    }
    return reportOf(costs);
  },
};

async function measure(world: MoneyWorld, ledger: number, batch: number): Promise<LineCost> {
  await world.fill(ledger - batch);
  const lines = world.freshLines(batch);
  const each = (nano: bigint): bigint => nano / BigInt(batch);
  const due = JOB_NANO * 100n;
  const openNano = each(await world.open(lines, due));
  await world.settle(lines, due);
  // From here on as it is all the line's life: a raise, the jobs, a settlement.
  const raiseNano = each(await world.raise(lines, 2n * due));
  const settleNano = each(await world.settle(lines, 2n * due));
  const pruneNano = each(await world.prune(lines));
  return { ledger, batch, openNano, raiseNano, settleNano, pruneNano };
}

function reportOf(costs: readonly LineCost[]): Report {
  const rows = costs.map((cost) => [
    `${cost.ledger}, ${cost.batch}`,
    ...[cost.openNano, cost.raiseNano, cost.settleNano, cost.pruneNano].map(micro),
    ...SHOWN.map((jobs) => percent(shareOf(raisedNano(cost), jobs))),
    ...SHOWN.map((jobs) => percent(shareOf(openedNano(cost), jobs))),
  ]);
  const header = [
    'entries, lines at once',
    ...['open', 'raise', 'settle', 'prune'],
    ...SHOWN.map((jobs) => `raised, ${jobs} jobs`),
    ...SHOWN.map((jobs) => `new, ${jobs} jobs`),
  ];
  return { counted: { header, rows }, notes: [curveOf(costs[0]!), ...NOTES] };
}

const NOTES = [
  'The first four columns are micro-TON for one line. "raised": for every so many jobs the line is raised and settled once; "new": it is opened, ' +
    'settled and pruned once, and never used again. Both are shares of the revenue.',
  'Wanted: at most 2% at 100 jobs for each line and settlement, at most 0.2% at 1,000, allocations included. Allocations are paid by the escrow ' +
    '(external, by the signer), settlements and prunes by a v5 wallet whose own transaction counts. What a payout carries for the way back of a refusal ' +
    'stays with the Worker and is no cost. Not in it: claims (one for any number of settlements) and the rent of entries.',
];

/** What everybody pays each time for a line that lives on, and for one that is new each time. */
const raisedNano = ({ raiseNano, settleNano }: LineCost): bigint => raiseNano + settleNano;
const openedNano = ({ openNano, settleNano, pruneNano }: LineCost): bigint =>
  openNano + settleNano + pruneNano;

/** Of the revenue of all jobs, when a line costs so much for every `jobs` of them. */
function shareOf(lineNano: bigint, jobs: bigint): number {
  return Number((JOBS / jobs) * lineNano) / Number(JOBS * JOB_NANO);
}

/** The shares on a logarithmic scale, from 0.01% to 1,000%. */
function curveOf(cost: LineCost): string {
  const bars = JOBS_PER_LINE.flatMap((jobs) =>
    (
      [
        ['raised', raisedNano(cost)],
        ['new', openedNano(cost)],
      ] as const
    ).map(([name, lineNano]) => {
      const share = shareOf(lineNano, jobs);
      const length = Math.round(((Math.log10(share) + 4) / 5) * BAR);
      const coins = formatCoins((JOBS / jobs) * lineNano);
      const label = `${jobs.toLocaleString('en-US').padStart(6)} ${name.padEnd(6)}`;
      return `${label} ${'#'.repeat(Math.max(1, length)).padEnd(BAR)} ${percent(share).padStart(8)}  ${coins} TON`;
    }),
  );
  return [
    '```',
    'jobs per line and settlement, ten lines at once, ten entries; each # is a third more',
    ...bars,
    '```',
  ].join('\n');
}

function micro(nanotons: bigint): string {
  return (Number(nanotons) / 1e3).toFixed(0);
}

function percent(share: number): string {
  const value = share * 100;
  return `${value >= 100 ? value.toFixed(0) : value.toPrecision(3)}%`;
}

import { createBoundedMap, type BoundedMap } from './boundedMap';
import type { RouterLimits } from './limits';

/** What this router measured of one worker key. Kept across links, not across restarts. */
export interface Standing {
  /** Distinct escrows with a stored receipt in the last day. */
  distinctEscrows: number;
  /** Share of completed jobs, averaged over escrows: a seller who buys from himself counts once. */
  successRate: number;
  medianLatencyMs: number | null;
}

export interface Standings {
  completed(worker: string, escrow: string, nowUnix: number): void;
  failed(worker: string, escrow: string, nowUnix: number): void;
  /** Milliseconds from sending a job to the first byte of its reply. */
  latency(worker: string, ms: number): void;
  read(worker: string, nowUnix: number): Standing;
}

interface EscrowTally {
  completed: number;
  failed: number;
  paidAtUnix: number;
}

interface Tally {
  escrows: BoundedMap<string, EscrowTally>;
  latencies: number[];
  next: number;
}

const DAY_SECONDS = 86_400;
const LATENCY_SAMPLES = 64;
/** Old counts fade: at this many jobs of one escrow both of its counts are halved. */
const FADE_JOBS = 256;

export function createStandings(limits: RouterLimits): Standings {
  const tallies = createBoundedMap<string, Tally>(limits.standings);

  const tallyOf = (worker: string): Tally => {
    const known = tallies.get(worker);
    if (known) return known;
    const fresh: Tally = { escrows: createBoundedMap(limits.escrowsPerStanding), latencies: [], next: 0 };
    tallies.set(worker, fresh);
    return fresh;
  };

  const count = (worker: string, escrow: string, change: (tally: EscrowTally) => void): void => {
    const { escrows } = tallyOf(worker);
    const tally = escrows.get(escrow) ?? { completed: 0, failed: 0, paidAtUnix: 0 };
    change(tally);
    if (tally.completed + tally.failed > FADE_JOBS) {
      tally.completed /= 2;
      tally.failed /= 2;
    }
    escrows.set(escrow, tally);
  };

  return {
    completed(worker, escrow, nowUnix) {
      count(worker, escrow, (tally) => {
        tally.completed += 1;
        tally.paidAtUnix = nowUnix;
      });
    },
    failed(worker, escrow) {
      count(worker, escrow, (tally) => {
        tally.failed += 1;
      });
    },
    latency(worker, ms) {
      const tally = tallyOf(worker);
      tally.latencies[tally.next] = ms;
      tally.next = (tally.next + 1) % LATENCY_SAMPLES;
    },
    read(worker, nowUnix) {
      const tally = tallies.get(worker);
      if (!tally) return { distinctEscrows: 0, successRate: 1, medianLatencyMs: null };
      return {
        ...readEscrows([...tally.escrows.values()], nowUnix),
        medianLatencyMs: median(tally.latencies),
      };
    },
  };
}

function readEscrows(
  tallies: EscrowTally[],
  nowUnix: number,
): Pick<Standing, 'distinctEscrows' | 'successRate'> {
  if (tallies.length === 0) return { distinctEscrows: 0, successRate: 1 };
  const rates = tallies.map(({ completed, failed }) => completed / (completed + failed));
  return {
    distinctEscrows: tallies.filter(({ paidAtUnix }) => paidAtUnix > nowUnix - DAY_SECONDS).length,
    successRate: rates.reduce((sum, rate) => sum + rate, 0) / rates.length,
  };
}

function median(samples: readonly number[]): number | null {
  if (samples.length === 0) return null;
  const sorted = [...samples].sort((a, b) => a - b);
  return Math.round(sorted[Math.floor(sorted.length / 2)]!);
}

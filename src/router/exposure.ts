import { createBoundedMap } from './boundedMap';
import type { RouterLimits } from './limits';

/** What runs now: jobs in all, jobs per escrow, and the fees that running jobs of a line may still cost. */
export interface Exposure {
  readonly jobs: number;
  jobsOf(escrow: Buffer): number;
  feesOf(lineKey: string): bigint;
  /** True for a ticket that was let through before: its worker replays the stored reply and bills nothing new. */
  isKnown(ticketHash: Buffer): boolean;
  /** Takes a place; the returned function gives it back, once. */
  take(job: RunningJob): () => void;
}

export interface RunningJob {
  escrow: Buffer;
  lineKey: string;
  ticketHash: Buffer;
  maxFee: bigint;
}

export function createExposure(limits: Pick<RouterLimits, 'rememberedTickets'>): Exposure {
  const known = createBoundedMap<string, true>(limits.rememberedTickets);
  const escrows = new Map<string, number>();
  const fees = new Map<string, bigint>();
  let jobs = 0;

  return {
    get jobs() {
      return jobs;
    },
    jobsOf: (escrow) => escrows.get(keyOf(escrow)) ?? 0,
    feesOf: (line) => fees.get(line) ?? 0n,
    isKnown: (ticketHash) => known.get(keyOf(ticketHash)) === true,
    take({ escrow, lineKey, ticketHash, maxFee }) {
      // A repeated ticket is already counted, or already in the line's total.
      const fee = known.get(keyOf(ticketHash)) ? 0n : maxFee;
      known.set(keyOf(ticketHash), true);
      jobs += 1;
      shift(escrows, keyOf(escrow), 1, 0);
      shift(fees, lineKey, fee, 0n);
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        jobs -= 1;
        shift(escrows, keyOf(escrow), -1, 0);
        shift(fees, lineKey, -fee, 0n);
      };
    },
  };
}

/** Adds to an entry, and removes it at zero, so that the maps hold only what runs. */
function shift<N extends number | bigint>(map: Map<string, N>, key: string, by: N, zero: N): void {
  const value = ((map.get(key) ?? zero) as number) + (by as number);
  if ((value as N) === zero) map.delete(key);
  else map.set(key, value as N);
}

function keyOf(bytes: Buffer): string {
  return bytes.toString('latin1');
}

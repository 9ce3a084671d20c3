import type { Prices } from '../protocol/price';

/** Where a price stands between the provider's floor (0) and ceiling (10,000), in basis points of that way. */
export type PricePosition = number;

export interface PriceBand {
  floor: Prices;
  ceiling: Prices;
}

const TOP = 10_000;
const STEP = 500;
/** Busier than this raises the price, idler than the other lowers it; between them it rests. */
const BUSY = 0.75;
const IDLE = 0.4;

/**
 * One step of the price: up when this worker's own slots were busy, down when they were idle. Only its own
 * idleness moves it, which nobody else can report falsely.
 */
export function nextPosition(position: PricePosition, utilisation: number): PricePosition {
  if (utilisation > BUSY) return Math.min(TOP, position + STEP);
  if (utilisation < IDLE) return Math.max(0, position - STEP);
  return position;
}

export function pricesAt(band: PriceBand, position: PricePosition): Prices {
  const between = (floor: bigint, ceiling: bigint): bigint =>
    floor + ((ceiling - floor) * BigInt(Math.max(0, Math.min(TOP, Math.round(position))))) / BigInt(TOP);
  return {
    promptPrice: between(band.floor.promptPrice, band.ceiling.promptPrice),
    cachedPrice: between(band.floor.cachedPrice, band.ceiling.cachedPrice),
    completionPrice: between(band.floor.completionPrice, band.ceiling.completionPrice),
    audioPrice: between(band.floor.audioPrice, band.ceiling.audioPrice),
  };
}

/** Mean share of busy slots since the last reading, from the times at which jobs started and ended. */
export function createUtilisation(
  slots: number,
  now: () => number,
): { busy(jobs: number): void; read(): number } {
  let jobs = 0;
  let since = now();
  let start = since;
  let area = 0;
  const advance = (): void => {
    const at = now();
    area += jobs * Math.max(0, at - since);
    since = at;
  };
  return {
    busy(count) {
      advance();
      jobs = count;
    },
    read() {
      advance();
      const elapsed = since - start;
      const share = elapsed > 0 ? area / elapsed / slots : jobs / slots;
      start = since;
      area = 0;
      return share;
    },
  };
}

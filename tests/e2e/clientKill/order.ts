import { nano } from '../../../src/protocol/amounts';
import type { ClientPoint } from './faults';

/** What a child is told on its standard input. */
export interface ChildOrder {
  devnetUrl: string;
  apiUrl: string;
  registry: string;
  router: string;
  escrow: string;
  signerSeed: string;
  dataDir: string;
  /** Jobs of each of its two lanes, if it lives that long. */
  jobs: number;
  /** Where it dies; null for a child that lives. */
  point: ClientPoint | null;
  nth: number;
}

/** Caps so small that a line is raised, after an audit, every few jobs. */
export const DRILL_FUNDING = {
  firstCapNano: nano(20_000_000n),
  raiseMinNano: nano(20_000_000n),
  raiseMaxNano: nano(20_000_000n),
  raisesPerDay: 10_000,
};

import type { Carrier } from './carrier';

/** A threshold follows the loudness of its surroundings, but not below this share of the whole sound's. */
const QUIETEST_SHARE = 0.35;
const CLUSTER_ROUNDS = 12;

/** A stretch in which the key was down (`on`) or up, in blocks. */
export interface Run {
  on: boolean;
  from: number;
  length: number;
}

/** Amplitude of the tone, each block averaged (with its phase: noise averages away) over `width` blocks around it. */
export function amplitudes({ re, im }: Carrier, width: number): Float64Array {
  const out = new Float64Array(re.length);
  const half = width >> 1;
  let [sumRe, sumIm] = [0, 0];
  for (let at = -half; at < re.length; at++) {
    const enters = at + half;
    const leaves = enters - width;
    sumRe += (re[enters] ?? 0) - (re[leaves] ?? 0);
    sumIm += (im[enters] ?? 0) - (im[leaves] ?? 0);
    if (at >= 0) out[at] = Math.hypot(sumRe, sumIm) / width;
  }
  return out;
}

/** Where the key was down: above half-way between silence and the loudest of `reach` blocks to each side. */
export function keyRuns(amplitude: Float64Array, reach: number): Run[] {
  const { low, high } = levels(amplitude);
  const loudness = slidingMaximum(amplitude, reach);
  const runs: Run[] = [];
  amplitude.forEach((value, at) => {
    const local = Math.max(loudness[at]!, low + (high - low) * QUIETEST_SHARE);
    const on = value > low + (local - low) / 2;
    const last = runs.at(-1);
    if (last?.on === on) last.length++;
    else runs.push({ on, from: at, length: 1 });
  });
  return runs;
}

/** Means of the quiet and of the loud blocks, parted by the middle between them. */
function levels(amplitude: Float64Array): { low: number; high: number } {
  let [low, high] = [0, amplitude.reduce((most, value) => Math.max(most, value), 0)];
  for (let round = 0; round < CLUSTER_ROUNDS; round++) {
    const middle = (low + high) / 2;
    let [quiet, quietCount, loud, loudCount] = [0, 0, 0, 0];
    for (const value of amplitude) {
      if (value > middle) {
        loud += value;
        loudCount++;
      } else {
        quiet += value;
        quietCount++;
      }
    }
    low = quietCount === 0 ? 0 : quiet / quietCount;
    high = loudCount === 0 ? low : loud / loudCount;
  }
  return { low, high };
}

/** The greatest value of `reach` blocks to each side of every block. */
function slidingMaximum(values: Float64Array, reach: number): Float64Array {
  const out = new Float64Array(values.length);
  /** Places whose values fall from front to back: the front is the greatest in reach. */
  const candidates: number[] = [];
  let front = 0;
  for (let at = 0; at < values.length + reach; at++) {
    if (at < values.length) {
      while (candidates.length > front && values[candidates.at(-1)!]! <= values[at]!) candidates.pop();
      candidates.push(at);
    }
    const place = at - reach;
    if (place < 0) continue;
    while (candidates[front]! < place - reach) front++;
    out[place] = values[candidates[front]!]!;
  }
  return out;
}

/** Without runs shorter than `shortest` blocks: first gaps are filled, then clicks are dropped. */
export function withoutGlitches(runs: readonly Run[], shortest: number): Run[] {
  const filled = merged(
    runs.map((run, at) => (at > 0 && run.length < shortest ? { ...run, on: true } : run)),
  );
  const cleaned = merged(filled.map((run) => (run.length < shortest ? { ...run, on: false } : run)));
  return cleaned;
}

function merged(runs: readonly Run[]): Run[] {
  const out: Run[] = [];
  for (const run of runs) {
    const last = out.at(-1);
    if (last?.on === run.on) last.length += run.length;
    else out.push({ ...run });
  }
  return out;
}

import type { EarParameters } from './parameters';
import { energy, tonePower } from './tones';

/** Blocks of this length are the time grid of everything behind: 2 ms. */
export const BLOCK_MS = 2;
const SEARCH_MS = 50;
/** Two passes: the first one spans the whole band, the second one the best place of the first. */
const COARSE_STEP_HZ = 20;
const FINE_STEP_HZ = 2;

/** The sound around one frequency, block by block. */
export interface Carrier {
  hz: number;
  /** Real and imaginary part of the amplitude at `hz`; a steady tone of amplitude `a` has the length `a`. */
  re: Float64Array;
  im: Float64Array;
  /** Mean square of all that sounds. */
  power: Float64Array;
}

/** Finds the strongest steady tone of the band and takes it out of the rest; null when the sound is too short. */
export async function findCarrier(
  samples: Float32Array,
  { samplesPerSecond: rate, morse }: EarParameters,
  breathe: () => Promise<void>,
): Promise<Carrier | null> {
  const window = (SEARCH_MS * rate) / 1_000;
  const windows = Math.floor(samples.length / window);
  if (windows === 0) return null;
  const salience = async (hz: number): Promise<number> => {
    await breathe();
    let sum = 0;
    // Squared once more: few loud windows count above many with a little noise.
    for (let n = 0; n < windows; n++) sum += tonePower(samples, n * window, window, hz, rate) ** 2;
    return sum;
  };
  const coarse = await best(morse.toneMinHz, morse.toneMaxHz, COARSE_STEP_HZ, salience);
  const hz = await best(coarse - COARSE_STEP_HZ, coarse + COARSE_STEP_HZ, FINE_STEP_HZ, salience);
  return demodulate(samples, hz, rate);
}

async function best(
  fromHz: number,
  toHz: number,
  stepHz: number,
  salience: (hz: number) => Promise<number>,
): Promise<number> {
  let [bestHz, most] = [fromHz, -1];
  for (let hz = fromHz; hz <= toHz; hz += stepHz) {
    const found = await salience(hz);
    if (found > most) [bestHz, most] = [hz, found];
  }
  return bestHz;
}

function demodulate(samples: Float32Array, hz: number, rate: number): Carrier {
  const length = (BLOCK_MS * rate) / 1_000;
  const blocks = Math.floor(samples.length / length);
  const carrier = {
    hz,
    re: new Float64Array(blocks),
    im: new Float64Array(blocks),
    power: new Float64Array(blocks),
  };
  const step = (2 * Math.PI * hz) / rate;
  for (let block = 0; block < blocks; block++) {
    let [re, im] = [0, 0];
    for (let at = block * length; at < (block + 1) * length; at++) {
      re += samples[at]! * Math.cos(step * at);
      im -= samples[at]! * Math.sin(step * at);
    }
    carrier.re[block] = (2 * re) / length;
    carrier.im[block] = (2 * im) / length;
    carrier.power[block] = energy(samples, block * length, length) / length;
  }
  return carrier;
}

import { createRandom } from '../model/random';

/** A sum of this many uniform numbers is close to a bell curve, with additions alone. */
const SUMMANDS = 4;

/**
 * The samples with white noise of this root mean square added; the same noise for the same seed. A sine of amplitude
 * `a` has `a / sqrt(2)`.
 */
export function withNoise(samples: Float32Array, rms: number, seed: number): Float32Array {
  const random = createRandom(seed);
  // A uniform number in -1..1 has the variance 1/3.
  const scale = rms / Math.sqrt(SUMMANDS / 3);
  return samples.map((sample) => {
    let sum = 0;
    for (let n = 0; n < SUMMANDS; n++) sum += random();
    return sample + sum * scale;
  });
}

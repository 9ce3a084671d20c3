/**
 * Power of one frequency in `length` samples from `from` (Goertzel): for a sine of amplitude `a` it is near
 * `(a * length / 2) ** 2`.
 */
export function tonePower(
  samples: Float32Array,
  from: number,
  length: number,
  hz: number,
  rate: number,
): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * hz) / rate);
  let [last, before] = [0, 0];
  for (let at = from; at < from + length; at++) {
    const next = samples[at]! + coefficient * last - before;
    before = last;
    last = next;
  }
  return last * last + before * before - coefficient * last * before;
}

/** Sum of the squares of `length` samples from `from`. */
export function energy(samples: Float32Array, from: number, length: number): number {
  let sum = 0;
  for (let at = from; at < from + length; at++) sum += samples[at]! ** 2;
  return sum;
}

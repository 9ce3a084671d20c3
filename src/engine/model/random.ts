/** Uniform numbers in [-1, 1), the same on every machine: 32-bit integer arithmetic only. */
export type RandomSource = () => number;

/** A counter run through an avalanche mix (Weyl sequence, then two multiply-xorshift rounds). */
export function createRandom(seed: number): RandomSource {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 0x80000000 - 1;
  };
}

/** What the ear works at: telephone quality, enough for the highest DTMF tone of 1,633 Hz. */
export const EAR_RATE = 8_000;

/** The low-pass lets this share of half the new rate through, and reaches so many of its own periods to each side. */
const PASS_SHARE = 0.9;
const HALF_PERIODS = 8;

/**
 * Brings samples from `sampleRate` (8,000 or more per second) to 8,000, part after part: a windowed sinc at each
 * output sample's exact place, so that any ratio of rates works.
 */
export function createDownsampler(sampleRate: number): (part: Float32Array) => Float32Array {
  if (sampleRate === EAR_RATE) return (part) => part;
  const ratio = sampleRate / EAR_RATE;
  const reach = Math.ceil(HALF_PERIODS * ratio);
  const kernels = kernelsFor(sampleRate, ratio, reach);
  let kept: Float32Array = new Float32Array(reach);
  /** Output samples so far, and the input index at which `kept` begins. */
  let [made, keptFrom] = [0, -reach];
  return (part) => {
    const input = new Float32Array(kept.length + part.length);
    input.set(kept);
    input.set(part, kept.length);
    const out: number[] = [];
    for (; ; made++) {
      const first = Math.floor(made * ratio) - reach - keptFrom;
      if (first + 2 * reach + 1 > input.length) break;
      out.push(dot(input, first, kernels[made % kernels.length]!));
    }
    const used = Math.min(input.length, Math.floor(made * ratio) - reach - keptFrom);
    kept = input.slice(used);
    keptFrom += used;
    return Float32Array.from(out);
  };
}

/** One kernel for each place that an output sample can have between two input samples. */
function kernelsFor(sampleRate: number, ratio: number, reach: number): Float64Array[] {
  const phases = EAR_RATE / greatestDivisor(sampleRate, EAR_RATE);
  return Array.from({ length: phases }, (_, phase) => {
    const offset = (phase * ratio) % 1;
    const kernel = Float64Array.from({ length: 2 * reach + 1 }, (_, n) =>
      lowPass(n - reach - offset, ratio, reach),
    );
    const sum = kernel.reduce((total, value) => total + value, 0);
    return kernel.map((value) => value / sum);
  });
}

function lowPass(distance: number, ratio: number, reach: number): number {
  const window = Math.cos((Math.PI * distance) / (2 * (reach + 1)));
  const angle = (Math.PI * distance * PASS_SHARE) / ratio;
  return window * window * (angle === 0 ? 1 : Math.sin(angle) / angle);
}

function dot(input: Float32Array, from: number, kernel: Float64Array): number {
  let sum = 0;
  for (let n = 0; n < kernel.length; n++) sum += input[from + n]! * kernel[n]!;
  return sum;
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

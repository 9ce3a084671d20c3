/** One stretch of a signal: some frequencies at once, or none for silence. */
export interface Stretch {
  ms: number;
  tonesHz: readonly number[];
}

export interface Sound {
  /** Samples per second, default 16,000. */
  sampleRate?: number;
  /** Peak of the signal, up to 1; default 0.5. */
  amplitude?: number;
  /** Silence before and after, default 120 ms. */
  marginMs?: number;
}

/** A key that opens at once clicks; this is how long its edges take. */
const EDGE_MS = 4;

/** Samples in -1..1 of one stretch after the other, tones shared evenly and with soft edges. */
export function keyed(stretches: readonly Stretch[], sound: Sound = {}): Float32Array {
  const { sampleRate = 16_000, amplitude = 0.5, marginMs = 120 } = sound;
  const margin = { ms: marginMs, tonesHz: [] };
  let endMs = 0;
  const parts = [margin, ...stretches, margin].map(({ ms, tonesHz }) => {
    // Rounded where the stretch lies, not by its length: errors do not add up.
    const begin = Math.round((endMs * sampleRate) / 1_000);
    endMs += ms;
    const end = Math.round((endMs * sampleRate) / 1_000);
    return tone(end - begin, tonesHz, sampleRate, amplitude);
  });
  return joined(parts);
}

function tone(
  length: number,
  tonesHz: readonly number[],
  sampleRate: number,
  amplitude: number,
): Float32Array {
  const samples = new Float32Array(length);
  const edge = Math.min(Math.round((EDGE_MS * sampleRate) / 1_000), length >> 1);
  for (const hz of tonesHz) {
    const step = (2 * Math.PI * hz) / sampleRate;
    for (let at = 0; at < length; at++) {
      const inside = Math.min(at + 1, length - at);
      const gain = inside >= edge ? 1 : (1 - Math.cos((Math.PI * inside) / edge)) / 2;
      samples[at]! += (Math.sin(step * at) * gain * amplitude) / tonesHz.length;
    }
  }
  return samples;
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const samples = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    samples.set(part, at);
    at += part.length;
  }
  return samples;
}

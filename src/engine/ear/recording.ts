/** A sound file whose frame is read and checked, not yet decoded. */
export interface Recording {
  /** Of one channel, exact. */
  durationMs: number;
  /** Samples per second of what `parts` gives, 8,000 to 48,000. */
  sampleRate: number;
  /** The samples in -1..1, all channels mixed to one, in parts of a few seconds. Throws ApiError for a broken file. */
  parts(): AsyncIterable<Float32Array> | Iterable<Float32Array>;
}

/** The mean of all channels, as speech recognisers take it. */
export function mixed(channels: readonly Float32Array[]): Float32Array {
  const [first, ...others] = channels;
  if (others.length === 0) return first!;
  return first!.map((sample, at) => {
    let sum = sample;
    for (const other of others) sum += other[at]!;
    return sum / channels.length;
  });
}

/** Sample formats of a WAV file: integers of that many bits, or 32-bit floats. */
export type WavFormat = 'pcm8' | 'pcm16' | 'pcm24' | 'pcm32' | 'float32';

const FORMAT_PCM = 1;
const FORMAT_FLOAT = 3;
const BITS: Record<WavFormat, number> = { pcm8: 8, pcm16: 16, pcm24: 24, pcm32: 32, float32: 32 };

/** A WAV file (RIFF) of channels of equal length, samples in -1..1; what is beyond is clipped. */
export function encodeWav(
  channels: readonly Float32Array[],
  sampleRate: number,
  format: WavFormat = 'pcm16',
): Buffer {
  const bytesPerSample = BITS[format] / 8;
  const frameBytes = bytesPerSample * channels.length;
  const dataBytes = frameBytes * channels[0]!.length;
  // A chunk of odd size is followed by a byte that does not count.
  const out = Buffer.alloc(44 + dataBytes + (dataBytes % 2));
  out.write('RIFF', 0, 'latin1');
  out.writeUInt32LE(out.length - 8, 4);
  out.write('WAVEfmt ', 8, 'latin1');
  out.writeUInt32LE(16, 16);
  out.writeUInt16LE(format === 'float32' ? FORMAT_FLOAT : FORMAT_PCM, 20);
  out.writeUInt16LE(channels.length, 22);
  out.writeUInt32LE(sampleRate, 24);
  out.writeUInt32LE(sampleRate * frameBytes, 28);
  out.writeUInt16LE(frameBytes, 32);
  out.writeUInt16LE(BITS[format], 34);
  out.write('data', 36, 'latin1');
  out.writeUInt32LE(dataBytes, 40);
  channels.forEach((samples, channel) => {
    samples.forEach((sample, frame) => {
      writeSample(out, 44 + frame * frameBytes + channel * bytesPerSample, sample, format);
    });
  });
  return out;
}

function writeSample(out: Buffer, at: number, sample: number, format: WavFormat): void {
  if (format === 'float32') return void out.writeFloatLE(sample, at);
  const peak = 2 ** (BITS[format] - 1) - 1;
  const value = Math.round(Math.max(-1, Math.min(1, sample)) * peak);
  // Eight bits are unsigned around 128, all others signed.
  if (format === 'pcm8') out.writeUInt8(value + 128, at);
  else out.writeIntLE(value, at, BITS[format] / 8);
}

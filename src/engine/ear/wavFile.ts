import { brokenAudio, unsupportedAudio } from './audioError';
import type { Recording } from './recording';

const FORMAT_PCM = 1;
const FORMAT_FLOAT = 3;
/** The real format stands in the first two bytes of a GUID further back. */
const FORMAT_EXTENSIBLE = 0xfffe;
const SUB_FORMAT_AT = 24;
export const SAMPLE_RATE_MIN = 8_000;
const SAMPLE_RATE_MAX = 48_000;
const CHANNELS_MAX = 2;
const PART_FRAMES = 1 << 16;

interface WavLayout {
  channels: number;
  sampleRate: number;
  bytesPerSample: number;
  float: boolean;
  data: Buffer;
}

export function isWav(file: Buffer): boolean {
  return file.toString('latin1', 0, 4) === 'RIFF' && file.toString('latin1', 8, 12) === 'WAVE';
}

/** Reads a WAV file (RIFF); throws ApiError 400 for what is broken or not taken. */
export function openWav(file: Buffer): Recording {
  const { channels, sampleRate, bytesPerSample, float, data } = readLayout(file);
  const frames = data.length / (bytesPerSample * channels);
  return {
    durationMs: (frames * 1_000) / sampleRate,
    sampleRate,
    *parts() {
      const read = sampleReader(data, bytesPerSample, float);
      for (let from = 0; from < frames; from += PART_FRAMES) {
        const part = new Float32Array(Math.min(PART_FRAMES, frames - from));
        for (let frame = 0; frame < part.length; frame++) {
          let sum = 0;
          for (let n = 0; n < channels; n++) sum += read((from + frame) * channels + n);
          part[frame] = sum / channels;
        }
        yield part;
      }
    },
  };
}

function readLayout(file: Buffer): WavLayout {
  let format: Omit<WavLayout, 'data'> | null = null;
  for (let at = 12; at + 8 <= file.length;) {
    const name = file.toString('latin1', at, at + 4);
    const size = file.readUInt32LE(at + 4);
    const body = file.subarray(at + 8, at + 8 + size);
    if (body.length < size) throw brokenAudio(`its "${name}" chunk ends before its announced size.`);
    if (name === 'fmt ') format = readFormat(body);
    if (name === 'data') {
      if (!format) throw brokenAudio('it has samples before their format.');
      if (size === 0 || size % (format.bytesPerSample * format.channels) !== 0) {
        throw brokenAudio(`${size} bytes are no whole number of samples.`);
      }
      return { ...format, data: body };
    }
    at += 8 + size + (size % 2);
  }
  throw brokenAudio('it has no samples.');
}

function readFormat(body: Buffer): Omit<WavLayout, 'data'> {
  if (body.length < 16) throw brokenAudio('its format is cut off.');
  const written = body.readUInt16LE(0);
  const extensible = written === FORMAT_EXTENSIBLE && body.length >= SUB_FORMAT_AT + 2;
  const format = extensible ? body.readUInt16LE(SUB_FORMAT_AT) : written;
  const [channels, sampleRate, frameBytes, bits] = [
    body.readUInt16LE(2),
    body.readUInt32LE(4),
    body.readUInt16LE(12),
    body.readUInt16LE(14),
  ];
  const float = format === FORMAT_FLOAT;
  const known = float ? bits === 32 : format === FORMAT_PCM && [8, 16, 24, 32].includes(bits);
  if (!known) throw unsupportedAudio(`A WAV file of format ${format} with ${bits} bits is not taken.`);
  if (channels < 1 || channels > CHANNELS_MAX) throw unsupportedAudio(`${channels} channels are not taken.`);
  if (sampleRate < SAMPLE_RATE_MIN || sampleRate > SAMPLE_RATE_MAX) {
    throw unsupportedAudio(`${sampleRate} samples per second are not taken, only 8,000 to 48,000.`);
  }
  if (frameBytes !== (bits / 8) * channels) throw brokenAudio('its format contradicts itself.');
  return { channels, sampleRate, bytesPerSample: bits / 8, float };
}

function sampleReader(data: Buffer, bytesPerSample: number, float: boolean): (index: number) => number {
  if (float) {
    return (index) => {
      const value = data.readFloatLE(index * 4);
      return Number.isFinite(value) ? Math.max(-1, Math.min(1, value)) : 0;
    };
  }
  // Eight bits are unsigned around 128, all others signed.
  if (bytesPerSample === 1) return (index) => (data[index]! - 128) / 128;
  const peak = 2 ** (bytesPerSample * 8 - 1);
  return (index) => data.readIntLE(index * bytesPerSample, bytesPerSample) / peak;
}

import { setImmediate } from 'node:timers/promises';
import { createDownsampler, EAR_RATE } from './downsample';
import { audioTooLong, unsupportedAudio } from './audioError';
import { hearDtmf } from './dtmfEar';
import { NOTHING, type Heard } from './heard';
import { hearMorse } from './morseEar';
import { isOgg } from './oggPackets';
import { openOggOpus } from './opusFile';
import { EAR_PARAMETERS } from './parameters';
import type { Recording } from './recording';
import { isWav, openWav } from './wavFile';

/** Half of what 16 bits can tell from silence. */
const INAUDIBLE = 2 ** -16;

/** The frame of a sound file of either kind. Throws ApiError 400 for what is broken, too long or of another kind. */
export function openRecording(file: Buffer, maxSeconds: number): Recording {
  const recording = openAny(file);
  if (recording.durationMs > maxSeconds * 1_000) throw audioTooLong(recording.durationMs / 1_000, maxSeconds);
  return recording;
}

function openAny(file: Buffer): Recording {
  if (isWav(file)) return openWav(file);
  if (isOgg(file)) return openOggOpus(file);
  throw unsupportedAudio('This is neither a WAV nor an OGG file.');
}

/**
 * The digits of a telephone keypad or, if there are none, the Morse code of a recording; no words when it has neither.
 * Lets other requests run meanwhile, and throws the signal's reason when it aborts.
 */
export async function hear(recording: Recording, signal: AbortSignal): Promise<Heard> {
  const breathe = async (): Promise<void> => {
    await setImmediate();
    signal.throwIfAborted();
  };
  const samples = await gather(recording, breathe);
  if (samples.every((sample) => Math.abs(sample) < INAUDIBLE)) return NOTHING;
  const digits = await hearDtmf(samples, EAR_PARAMETERS, breathe);
  return digits.words.length > 0 ? digits : await hearMorse(samples, EAR_PARAMETERS, breathe);
}

/** The whole recording at the ear's rate. */
async function gather(recording: Recording, breathe: () => Promise<void>): Promise<Float32Array> {
  const downsample = createDownsampler(recording.sampleRate);
  const samples = new Float32Array(Math.ceil((recording.durationMs * EAR_RATE) / 1_000));
  let length = 0;
  for await (const part of recording.parts()) {
    const fewer = downsample(part);
    // A decoder may give a few samples more than the file announces.
    const taken = fewer.subarray(0, samples.length - length);
    samples.set(taken, length);
    length += taken.length;
    await breathe();
  }
  return samples.subarray(0, length);
}

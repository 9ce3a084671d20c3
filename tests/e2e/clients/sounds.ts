import { dtmfSamples, encodeOggOpus, encodeWav, morseSamples } from '../../../src/engine/signals';

const RATE = { sampleRate: 16_000 } as const;

/** A voice message for ears that know Morse code. */
export function voice(text: string): Buffer {
  return encodeOggOpus([morseSamples(text, RATE)], RATE);
}

/** Keys of a telephone. */
export function dialled(digits: string): Buffer {
  return encodeWav([dtmfSamples(digits, RATE)], RATE.sampleRate);
}

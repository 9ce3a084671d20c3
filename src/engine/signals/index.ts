/** Signals that the development engine can hear, to make voice messages whose text is known. */
export { dtmfSamples } from './dtmf';
export { morseSamples } from './morse';
export { withNoise } from './noise';
export { encodeOggOpus, type OpusFile } from './oggOpus';
export { encodeWav, type WavFormat } from './wav';

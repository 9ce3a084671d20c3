import fc from 'fast-check';
import { hear, openRecording } from '../../../../src/engine/ear/ear';
import {
  dtmfSamples,
  encodeOggOpus,
  encodeWav,
  morseSamples,
  withNoise,
  type OpusFile,
  type WavFormat,
} from '../../../../src/engine/signals';

const never = new AbortController().signal;
const LETTERS = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789?/'];
const KEYS = [...'0123456789ABCD*#'];
const OPUS_RATES: OpusFile['sampleRate'][] = [8_000, 12_000, 16_000, 24_000, 48_000];
/** The signal has an amplitude of 0.4; this noise is 9 dB below its power in a telephone's band. */
const AMPLITUDE = 0.4;
const NOISE_RMS = 0.1;

async function textOf(file: Buffer): Promise<string> {
  const { words } = await hear(openRecording(file, 60), never);
  return words.map(({ text }) => text).join(' ');
}

/** The noise of a wider band has more power: the band that the ear listens to gets the same. */
function noisy(samples: Float32Array, sampleRate: number, seed: number): Float32Array {
  return withNoise(samples, NOISE_RMS * Math.sqrt(sampleRate / 8_000), seed);
}

/** Begins with a letter of both marks: else nobody could tell the speed. */
const messages = fc
  .array(fc.array(fc.constantFrom(...LETTERS), { minLength: 1, maxLength: 4 }), {
    minLength: 1,
    maxLength: 2,
  })
  .map((words) => `R${words.map((letters) => letters.join('')).join(' ')}`);
const run = { seed: 20_261_125, numRuns: 6 };

describe('the ear', () => {
  it('hears any Morse text at any speed and pitch in a noisy voice message', async () => {
    await fc.assert(
      fc.asyncProperty(
        messages,
        fc.double({ min: 5, max: 40, noNaN: true }),
        fc.double({ min: 400, max: 1_000, noNaN: true }),
        fc.constantFrom(...OPUS_RATES),
        fc.nat(),
        async (text, wordsPerMinute, toneHz, sampleRate, seed) => {
          const sound = { wordsPerMinute, toneHz, sampleRate, amplitude: AMPLITUDE };
          const samples = noisy(morseSamples(text, sound), sampleRate, seed);
          expect(await textOf(encodeOggOpus([samples], { sampleRate }))).toBe(text);
        },
      ),
      run,
    );
  });

  it('hears any digits of a telephone in a noisy voice message', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...KEYS), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 50, max: 150 }),
        fc.integer({ min: 50, max: 150 }),
        fc.constantFrom(...OPUS_RATES),
        fc.nat(),
        async (digits, toneMs, gapMs, sampleRate, seed) => {
          const text = digits.join('');
          const samples = dtmfSamples(text, { toneMs, gapMs, sampleRate, amplitude: AMPLITUDE });
          expect(await textOf(encodeOggOpus([noisy(samples, sampleRate, seed)], { sampleRate }))).toBe(text);
        },
      ),
      run,
    );
  });

  it.each([8_000, 11_025, 22_050, 32_000, 44_100, 48_000])(
    'hears a WAV of %d samples per second',
    async (rate) => {
      const morse = morseSamples('CQ DX', { sampleRate: rate });
      expect(await textOf(encodeWav([morse], rate))).toBe('CQ DX');
      expect(await textOf(encodeWav([dtmfSamples('159D', { sampleRate: rate })], rate))).toBe('159D');
    },
  );

  it.each<WavFormat>(['pcm8', 'pcm16', 'pcm24', 'pcm32', 'float32'])(
    'hears stereo WAV as %s',
    async (format) => {
      const left = morseSamples('QRL?', { sampleRate: 16_000 });
      const right = new Float32Array(left.length);
      expect(await textOf(encodeWav([left, right], 16_000, format))).toBe('QRL?');
    },
  );

  it('hears a stereo voice message', async () => {
    const left = morseSamples('LEFT', { sampleRate: 48_000 });
    const file = encodeOggOpus([left, left], { sampleRate: 48_000, bitrate: 24_000 });
    expect(await textOf(file)).toBe('LEFT');
  });

  it('follows a tone that fades to half and comes back', async () => {
    const samples = morseSamples('FADING AND BACK', { sampleRate: 8_000 });
    const faded = samples.map((sample, at) => sample * (0.75 + 0.25 * Math.cos((2 * Math.PI * at) / 24_000)));
    expect(await textOf(encodeWav([faded], 8_000))).toBe('FADING AND BACK');
  });

  it('knows the limits of what can be known: equal marks and gaps are dits', async () => {
    const wav = (text: string): Buffer => encodeWav([morseSamples(text, { sampleRate: 8_000 })], 8_000);
    expect(await textOf(wav('TT'))).toBe('I');
    expect(await textOf(wav('EE'))).toBe('EE');
  });

  it('hears nothing in silence, noise, a lasting tone or a sound that is too short', async () => {
    const second = new Float32Array(8_000);
    const hum = second.map((_, at) => Math.sin((2 * Math.PI * 440 * at) / 8_000) / 2);
    const low = withNoise(new Float32Array(24_000), 0.2, 5);
    for (let at = 1; at < low.length; at++) low[at] = low[at]! * 0.1 + low[at - 1]! * 0.9;
    for (const samples of [second, withNoise(second, 0.2, 3), low, hum, second.subarray(0, 1)]) {
      expect(await textOf(encodeWav([samples], 8_000))).toBe('');
    }
  });

  it('marks a letter without a meaning among others', async () => {
    // "......" is none; "SOS" around it is.
    const sos = morseSamples('SOS', { sampleRate: 8_000, marginMs: 0 });
    const dots = morseSamples('H', { sampleRate: 8_000, marginMs: 0 });
    const gap = (dits: number): Float32Array => new Float32Array(dits * 480);
    const parts = [gap(2), sos, gap(3), dots, gap(1), dots, gap(3), sos, gap(2)];
    const samples = Float32Array.from(parts.flatMap((part) => [...part]));
    expect(await textOf(encodeWav([samples], 8_000))).toBe('SOS\ufffdSOS');
  });

  it('says when a word sounded', async () => {
    const samples = morseSamples('ONE TWO', { sampleRate: 8_000, wordsPerMinute: 20, marginMs: 500 });
    const { words } = await hear(openRecording(encodeWav([samples], 8_000), 60), never);
    const lengthMs = (samples.length / 8_000) * 1_000;
    expect(words[0]!.startMs / 10).toBeCloseTo(50, -1);
    expect(words[1]!.endMs / 10).toBeCloseTo((lengthMs - 500) / 10, -1);
    expect((words[1]!.startMs - words[0]!.endMs) / 10).toBeCloseTo(42, -1);
  });

  it('stops in the middle when nobody waits any more', async () => {
    const samples = morseSamples('PARIS '.repeat(20).trim(), { sampleRate: 8_000 });
    const gone = new AbortController();
    const hearing = hear(openRecording(encodeWav([samples], 8_000), 120), gone.signal);
    setImmediate(() => gone.abort(new Error('gone')));
    await expect(hearing).rejects.toThrow('gone');
  });
});

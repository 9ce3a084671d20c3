import { NOTHING, type Heard, type Word } from './heard';
import type { EarParameters } from './parameters';
import { energy, tonePower } from './tones';

interface Frame {
  /** Null where no two tones stand out. */
  key: string | null;
  /** Power of the two tones. */
  power: number;
}

interface Digit {
  key: string;
  firstFrame: number;
  lastFrame: number;
}

const FRAMES_PER_BREATH = 1_000;

/** Hears the digits of a telephone keypad; a longer pause is a space. */
export async function hearDtmf(
  samples: Float32Array,
  { samplesPerSecond: rate, dtmf }: EarParameters,
  breathe: () => Promise<void>,
): Promise<Heard> {
  const frames: Frame[] = [];
  for (let from = 0; from + dtmf.frameSamples <= samples.length; from += dtmf.hopSamples) {
    frames.push(readFrame(samples, from, rate, dtmf));
    if (frames.length % FRAMES_PER_BREATH === 0) await breathe();
  }
  const loudest = frames.reduce((most, { key, power }) => (key === null ? most : Math.max(most, power)), 0);
  const keys = frames.map(({ key, power }) => (power >= loudest * dtmf.levelMin ? key : null));
  const digits = digitsOf(keys, dtmf);
  if (digits.length === 0) return NOTHING;
  const msPerFrame = (dtmf.hopSamples * 1_000) / rate;
  const frameMs = (dtmf.frameSamples * 1_000) / rate;
  return { words: wordsOf(digits, msPerFrame, frameMs, dtmf.pauseMs), misfit: 0 };
}

function readFrame(samples: Float32Array, from: number, rate: number, dtmf: EarParameters['dtmf']): Frame {
  const length = dtmf.frameSamples;
  const rows = dtmf.rowsHz.map((hz) => tonePower(samples, from, length, hz, rate));
  const columns = dtmf.columnsHz.map((hz) => tonePower(samples, from, length, hz, rate));
  const row = strongest(rows);
  const column = strongest(columns);
  const [low, high] = [rows[row]!, columns[column]!];
  const power = low + high;
  const leads = (group: readonly number[], best: number): boolean =>
    group.every((other, index) => index === best || group[best]! >= other * dtmf.leadMin);
  const clear =
    // A sine of energy E in the frame has the power E * length / 2.
    power >= dtmf.toneShareMin * energy(samples, from, length) * (length / 2) &&
    Math.max(low, high) <= Math.min(low, high) * dtmf.twistMax &&
    leads(rows, row) &&
    leads(columns, column);
  return { key: clear && power > 0 ? dtmf.keypad[row]![column]! : null, power };
}

function strongest(powers: readonly number[]): number {
  return powers.indexOf(Math.max(...powers));
}

/** Runs of one key; a frame that fails amid a digit does not make two of it. */
function digitsOf(keys: readonly (string | null)[], dtmf: EarParameters['dtmf']): Digit[] {
  const runs: (Digit & { frames: number })[] = [];
  keys.forEach((key, frame) => {
    if (key === null) return;
    const last = runs.at(-1);
    if (last?.key === key && frame - last.lastFrame <= dtmf.gapFrames) {
      last.lastFrame = frame;
      last.frames++;
    } else runs.push({ key, firstFrame: frame, lastFrame: frame, frames: 1 });
  });
  return runs.filter(({ frames }) => frames >= dtmf.digitFrames);
}

function wordsOf(digits: readonly Digit[], msPerFrame: number, frameMs: number, pauseMs: number): Word[] {
  const words: Word[] = [];
  for (const { key, firstFrame, lastFrame } of digits) {
    const [startMs, endMs] = [firstFrame * msPerFrame, lastFrame * msPerFrame + frameMs];
    const word = words.at(-1);
    if (word && startMs - word.endMs < pauseMs) {
      word.text += key;
      word.endMs = endMs;
    } else words.push({ text: key, startMs, endMs });
  }
  return words;
}

import { DAH_DITS, LETTER_GAP_DITS, WORD_GAP_DITS } from '../signals/morseCode';
import { BLOCK_MS, findCarrier, type Carrier } from './carrier';
import { amplitudes, keyRuns, withoutGlitches, type Run } from './envelope';
import { NOTHING, type Heard, type Word } from './heard';
import type { EarParameters } from './parameters';

/** Each guess of the dit is this much longer than the one before. */
const GUESS_STEP = 1.06;
/** Averaging over this share of a dit keeps its edges apart and noise low. */
const AVERAGE_SHARE = 0.6;
const GLITCH_SHARE = 0.4;
/** The threshold follows the loudness within this many dits. */
const LOUDNESS_REACH_DITS = 14;
/** The amplitude that readings must explain is averaged over 16 ms: less than any dit. */
const REFERENCE_BLOCKS = 8;
/** How much the fit of the lengths counts beside the share of the amplitude that a reading explains. */
const MISFIT_WEIGHT = 3;
/** What one odd length can add to the misfit. */
const ODD_MAX = 0.5;
/** Of two readings that fit alike, the one with marks or gaps of one dit wins. */
const NO_DIT_PENALTY = 0.02;
const UNKNOWN_PENALTY = 0.1;
/** Stands for a letter that has no meaning. */
const UNKNOWN = '\ufffd';

interface Reading extends Heard {
  cost: number;
  toneShare: number;
  unknownShare: number;
}

/**
 * Hears Morse code of one tone at any speed of the parameters. The dit's length is guessed over the whole range; the
 * guess whose reading explains the amplitude best, with marks and gaps closest to whole dits, wins if it is close enough.
 */
export async function hearMorse(
  samples: Float32Array,
  parameters: EarParameters,
  breathe: () => Promise<void>,
): Promise<Heard> {
  const { morse } = parameters;
  const carrier = await findCarrier(samples, parameters, breathe);
  if (!carrier) return NOTHING;
  const reference = amplitudes(carrier, REFERENCE_BLOCKS);
  let best: Reading | null = null;
  for (let ditMs: number = morse.ditMinMs; ditMs <= morse.ditMaxMs; ditMs *= GUESS_STEP) {
    await breathe();
    const reading = read(carrier, reference, ditMs / BLOCK_MS, morse);
    if (reading && (!best || reading.cost < best.cost)) best = reading;
  }
  const plausible =
    best &&
    best.misfit <= morse.misfitMax &&
    best.toneShare >= morse.toneShareMin &&
    best.unknownShare <= morse.unknownShareMax;
  return plausible ? { words: best!.words, misfit: best!.misfit } : NOTHING;
}

/** Reads the sound as if a dit had `dit` blocks; null when nothing sounds. */
function read(
  carrier: Carrier,
  reference: Float64Array,
  dit: number,
  morse: EarParameters['morse'],
): Reading | null {
  const width = Math.max(1, Math.round(dit * AVERAGE_SHARE));
  const amplitude = amplitudes(carrier, width);
  const rough = keyRuns(amplitude, Math.round(dit * LOUDNESS_REACH_DITS));
  const runs = trimmed(withoutGlitches(rough, dit * GLITCH_SHARE));
  if (runs.length === 0) return null;
  const exact = refined(runs, dit);
  const { misfit, hasDits } = fit(runs, exact);
  const words = wordsOf(runs, exact, morse.code);
  const letters = words.map(({ text }) => text).join('');
  const share = (letters.split(UNKNOWN).length - 1) / letters.length;
  if (exact * BLOCK_MS < morse.ditMinMs || exact * BLOCK_MS > morse.ditMaxMs) return null;
  return {
    words,
    misfit,
    cost:
      1 -
      explained(reference, runs) +
      misfit * MISFIT_WEIGHT +
      (hasDits ? 0 : NO_DIT_PENALTY) +
      share * UNKNOWN_PENALTY,
    toneShare: toneShare(carrier, amplitude, runs),
    unknownShare: share,
  };
}

function trimmed(runs: readonly Run[]): Run[] {
  const first = runs.findIndex(({ on }) => on);
  const last = runs.findLastIndex(({ on }) => on);
  return first < 0 ? [] : runs.slice(first, last + 1);
}

/** How many dits a run is meant to have. */
function ideal({ on, length }: Run, dit: number): number {
  const dits = length / dit;
  // The borders are where the ratios to both sides are equal.
  if (dits < Math.sqrt(DAH_DITS)) return 1;
  if (on) return DAH_DITS;
  if (dits < Math.sqrt(LETTER_GAP_DITS * WORD_GAP_DITS)) return LETTER_GAP_DITS;
  // A pause may be of any length.
  return Math.max(WORD_GAP_DITS, dits);
}

/** The dit's length of which the guess is closest: all that is meant to be dits and dahs, by their number of dits. */
function refined(runs: readonly Run[], dit: number): number {
  let [blocks, dits] = [0, 0];
  for (const run of runs) {
    const count = ideal(run, dit);
    if (count > WORD_GAP_DITS) continue;
    blocks += run.length;
    dits += count;
  }
  return blocks / dits;
}

function fit(runs: readonly Run[], dit: number): { misfit: number; hasDits: boolean } {
  let sum = 0;
  let hasDits = false;
  for (const run of runs) {
    const count = ideal(run, dit);
    hasDits ||= count === 1;
    sum += Math.min(ODD_MAX, Math.log(run.length / (dit * count)) ** 2);
  }
  return { misfit: sum / runs.length, hasDits };
}

/** Squared correlation of the amplitude with "key down": 1 if the reading explains all of it. */
function explained(amplitude: Float64Array, runs: readonly Run[]): number {
  let [sum, squares, down, downSum] = [0, 0, 0, 0];
  for (const value of amplitude) {
    sum += value;
    squares += value * value;
  }
  for (const { on, from, length } of runs) {
    if (!on) continue;
    down += length;
    for (let at = from; at < from + length; at++) downSum += amplitude[at]!;
  }
  const count = amplitude.length;
  const covariance = downSum - (down * sum) / count;
  const variances = (squares - (sum * sum) / count) * (down - (down * down) / count);
  return variances === 0 ? 0 : covariance ** 2 / variances;
}

/** Share of the tone in the power of all that sounds while the key is down. */
function toneShare({ power }: Carrier, amplitude: Float64Array, runs: readonly Run[]): number {
  let [tone, all] = [0, 0];
  for (const { on, from, length } of runs) {
    if (!on) continue;
    for (let at = from; at < from + length; at++) {
      tone += amplitude[at]! ** 2 / 2;
      all += power[at]!;
    }
  }
  return all === 0 ? 0 : tone / all;
}

function wordsOf(runs: readonly Run[], dit: number, code: Readonly<Record<string, string>>): Word[] {
  const meaning = new Map(Object.entries(code).map(([letter, marks]) => [marks, letter]));
  const words: Word[] = [];
  let marks = '';
  const endLetter = (): void => {
    words.at(-1)!.text += meaning.get(marks) ?? UNKNOWN;
    marks = '';
  };
  for (const run of runs) {
    const dits = ideal(run, dit);
    if (run.on) {
      const startMs = run.from * BLOCK_MS;
      if (words.length === 0) words.push({ text: '', startMs, endMs: 0 });
      if (words.at(-1)!.text === '' && marks === '') words.at(-1)!.startMs = startMs;
      marks += dits === 1 ? '.' : '-';
      words.at(-1)!.endMs = (run.from + run.length) * BLOCK_MS;
    } else if (dits > 1) {
      endLetter();
      if (dits >= WORD_GAP_DITS) words.push({ text: '', startMs: 0, endMs: 0 });
    }
  }
  endLetter();
  return words;
}

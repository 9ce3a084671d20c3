import { keyed, type Sound, type Stretch } from './keying';
import {
  DAH_DITS,
  DIT_MS_AT_ONE_WORD_PER_MINUTE,
  LETTER_GAP_DITS,
  MORSE_CODE,
  WORD_GAP_DITS,
} from './morseCode';

export interface MorseSound extends Sound {
  /** Default 20; the listener follows 5 to 40. */
  wordsPerMinute?: number;
  /** Default 600; the listener hears 400 to 1,000. */
  toneHz?: number;
}

/**
 * A text as Morse code, samples in -1..1. Letters of either case; words stand between single spaces. Throws for a
 * character without a code.
 *
 * A listener who does not know the speed needs a letter that has both a dit and a dah: "TT" is an "I" at a third of
 * the speed.
 */
export function morseSamples(text: string, sound: MorseSound = {}): Float32Array {
  const { wordsPerMinute = 20, toneHz = 600 } = sound;
  const ditMs = DIT_MS_AT_ONE_WORD_PER_MINUTE / wordsPerMinute;
  const stretches: Stretch[] = [];
  const silence = (dits: number): void => void stretches.push({ ms: dits * ditMs, tonesHz: [] });
  const letters = text.toUpperCase();
  for (const [index, letter] of [...letters].entries()) {
    if (letter === ' ') {
      silence(WORD_GAP_DITS);
      continue;
    }
    if (index > 0 && letters[index - 1] !== ' ') silence(LETTER_GAP_DITS);
    [...codeOf(letter)].forEach((mark, place) => {
      if (place > 0) silence(1);
      stretches.push({ ms: (mark === '-' ? DAH_DITS : 1) * ditMs, tonesHz: [toneHz] });
    });
  }
  return keyed(stretches, sound);
}

function codeOf(letter: string): string {
  if (Object.hasOwn(MORSE_CODE, letter)) return MORSE_CODE[letter]!;
  throw new RangeError(`There is no Morse code for ${JSON.stringify(letter)}.`);
}

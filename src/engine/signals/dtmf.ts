import { keyed, type Sound, type Stretch } from './keying';

/** The keypad of ITU-T Q.23: a digit sounds with the frequency of its row and that of its column. */
export const DTMF_ROWS_HZ = [697, 770, 852, 941] as const;
export const DTMF_COLUMNS_HZ = [1209, 1336, 1477, 1633] as const;
export const DTMF_KEYPAD = ['123A', '456B', '789C', '*0#D'] as const;

export interface DtmfSound extends Sound {
  /** Length of a digit, default 80 ms; the listener wants 50. */
  toneMs?: number;
  /** Silence between digits, default 80 ms; the listener wants 50. */
  gapMs?: number;
  /** Silence that a space stands for, default 700 ms; the listener writes a space from 400. */
  pauseMs?: number;
}

/** Digits (0-9, A-D, * and #) as the tones of a telephone, samples in -1..1. Throws for anything else but spaces. */
export function dtmfSamples(digits: string, sound: DtmfSound = {}): Float32Array {
  const { toneMs = 80, gapMs = 80, pauseMs = 700 } = sound;
  const stretches = [...digits.toUpperCase()].flatMap((digit): Stretch[] => {
    if (digit === ' ') return [{ ms: pauseMs, tonesHz: [] }];
    return [
      { ms: toneMs, tonesHz: tonesOf(digit) },
      { ms: gapMs, tonesHz: [] },
    ];
  });
  return keyed(stretches, sound);
}

function tonesOf(digit: string): number[] {
  const row = DTMF_KEYPAD.findIndex((keys) => keys.includes(digit));
  if (row < 0) throw new RangeError(`There is no key ${JSON.stringify(digit)} on the keypad.`);
  return [DTMF_ROWS_HZ[row]!, DTMF_COLUMNS_HZ[DTMF_KEYPAD[row]!.indexOf(digit)]!];
}

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { writeOnce, type ModelFile } from '../model/modelFile';
import { DTMF_COLUMNS_HZ, DTMF_KEYPAD, DTMF_ROWS_HZ } from '../signals/dtmf';
import { MORSE_CODE } from '../signals/morseCode';
import { EAR_RATE } from './downsample';

/** All that the ear knows: what weights are to a model. The hash of these is the model's hash. */
export const EAR_PARAMETERS = {
  format: 'cocoon tiny-ear 1',
  samplesPerSecond: EAR_RATE,
  morse: {
    toneMinHz: 400,
    toneMaxHz: 1_000,
    /** 40 words a minute have dits of 30 ms, 5 have 240; some room for hands and noise. */
    ditMinMs: 27,
    ditMaxMs: 265,
    /** The tone must hold this share of the sound's power while it sounds: white noise never does. */
    toneShareMin: 0.12,
    /** Mean square of the logarithms of (length / ideal length), above which it is no Morse code. */
    misfitMax: 0.09,
    /** Share of letters without a meaning, above which it is no Morse code. */
    unknownShareMax: 0.34,
    code: MORSE_CODE,
  },
  dtmf: {
    rowsHz: DTMF_ROWS_HZ,
    columnsHz: DTMF_COLUMNS_HZ,
    keypad: DTMF_KEYPAD,
    frameSamples: 205,
    hopSamples: 80,
    /** The two tones together must hold this share of a frame's power. */
    toneShareMin: 0.45,
    /** The stronger tone has at most this many times the power of the weaker one. */
    twistMax: 8,
    /** And this many times the power of the next frequency of its group. */
    leadMin: 6,
    /** A frame counts when it has this share of the power of the loudest one. */
    levelMin: 0.1,
    /** Frames that a digit sounds for at least, and that a silence between two digits lasts. */
    digitFrames: 3,
    gapFrames: 2,
    /** A silence of this length is a space. */
    pauseMs: 400,
  },
} as const;
export type EarParameters = typeof EAR_PARAMETERS;

/** Writes the parameters into `dir`, unless the same bytes are there, and says where they are. */
export async function earFile(dir: string): Promise<ModelFile> {
  const bytes = Buffer.from(`${JSON.stringify(EAR_PARAMETERS, null, 2)}\n`);
  const path = join(dir, 'tiny-ear.json');
  await writeOnce(path, bytes);
  return { path, sha256: createHash('sha256').update(bytes).digest('hex') };
}

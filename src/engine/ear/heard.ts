/** A word and when it sounded. */
export interface Word {
  text: string;
  startMs: number;
  endMs: number;
}

export interface Heard {
  words: Word[];
  /** How far the sound is from an ideal signal of its words: 0 is ideal. */
  misfit: number;
}

export const NOTHING: Heard = { words: [], misfit: 0 };

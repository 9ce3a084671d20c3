/**
 * What the tiny model "knows". Each token has a kind, and the weights make the kind of the last token favour certain
 * kinds next. So random weights write well-formed nonsense instead of byte soup.
 */
export const KINDS = [
  'open',
  'firstDeterminer',
  'determiner',
  'subjectAdjective',
  'subject',
  'verb',
  'objectDeterminer',
  'objectAdjective',
  'object',
  'preposition',
  'conjunction',
  'comma',
  'stop',
  'cafeStem',
  'cafeLead',
  'cafeEnd',
  'gap',
  'wave1',
  'wave2',
  'wave3',
  'wave4',
  'end',
] as const;
export type Kind = (typeof KINDS)[number];

/** Words that begin with a space are whole words; the tokenizer's mark for it is added in `vocabulary.ts`. */
export const WORDS: Partial<Record<Kind, readonly string[]>> = {
  firstDeterminer: [' The', ' Every', ' One', ' Our', ' This'],
  determiner: [' every', ' our', ' this', ' each', ' that'],
  subjectAdjective: [' quiet', ' old', ' young', ' clever', ' patient', ' brave'],
  subject: [
    ' heron',
    ' miller',
    ' pilot',
    ' sailor',
    ' keeper',
    ' child',
    ' fox',
    ' clerk',
    ' river',
    ' poet',
  ],
  verb: [
    ' holds',
    ' finds',
    ' brings',
    ' keeps',
    ' paints',
    ' mends',
    ' counts',
    ' lifts',
    ' opens',
    ' reads',
  ],
  objectDeterminer: [' the', ' a', ' her', ' his', ' your'],
  objectAdjective: [' small', ' bright', ' green', ' heavy', ' silver', ' warm'],
  object: [' lantern', ' letter', ' map', ' bell', ' coin', ' ledger', ' key', ' garden', ' boat', ' tower'],
  cafeStem: [' caf'],
  preposition: [' near', ' under', ' behind', ' beside'],
  conjunction: [' and', ' while', ' because', ' so'],
  comma: [','],
  stop: ['.', '!'],
};

/**
 * Bytes with a kind of their own. "café" and the wave (U+1F30A) are written byte by byte, so characters that span
 * tokens occur in ordinary output.
 */
export const SPELLED_BYTES: ReadonlyMap<number, Kind> = new Map<number, Kind>([
  [0xc3, 'cafeLead'],
  [0xa9, 'cafeEnd'],
  [0xf0, 'wave1'],
  [0x9f, 'wave2'],
  [0x8c, 'wave3'],
  [0x8a, 'wave4'],
]);

/** Logits that a kind adds to the kinds that may follow it; everything absent is pushed far down. */
export const FOLLOWS: Record<Kind, Partial<Record<Kind, number>>> = {
  open: { firstDeterminer: 6 },
  firstDeterminer: { subjectAdjective: 4, subject: 4 },
  determiner: { subjectAdjective: 4, subject: 4 },
  subjectAdjective: { subject: 5, subjectAdjective: 2 },
  subject: { verb: 6 },
  verb: { objectDeterminer: 6 },
  objectDeterminer: { objectAdjective: 4, object: 4, cafeStem: 4 },
  objectAdjective: { object: 5, cafeStem: 5 },
  object: { stop: 6, comma: 5, preposition: 4 },
  preposition: { objectDeterminer: 6 },
  conjunction: { determiner: 6 },
  comma: { conjunction: 6 },
  stop: { firstDeterminer: 5, end: 5, gap: 5.5 },
  cafeStem: { cafeLead: 8 },
  cafeLead: { cafeEnd: 8 },
  cafeEnd: { stop: 6, comma: 5, preposition: 4 },
  gap: { wave1: 8 },
  wave1: { wave2: 8 },
  wave2: { wave3: 8 },
  wave3: { wave4: 8 },
  wave4: { firstDeterminer: 5, end: 5 },
  end: { firstDeterminer: 6 },
};

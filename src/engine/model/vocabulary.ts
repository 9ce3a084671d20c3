import { SPELLED_BYTES, WORDS, type Kind } from './grammar';

/** Values of `tokenizer.ggml.token_type`. */
export enum TokenType {
  Normal = 1,
  Unknown = 2,
  Control = 3,
  Byte = 6,
}

export interface VocabularyToken {
  text: string;
  score: number;
  type: TokenType;
  kind: Kind;
}

/** SentencePiece writes a space as this mark. */
const SPACE_MARK = '\u2581';
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

export const UNKNOWN_ID = 0;
export const BEGIN_ID = 1;
export const END_ID = 2;

/**
 * A SentencePiece-style vocabulary with byte fallback, so any text can be tokenized. For each word all its prefixes
 * are pieces as well: pairs are merged from the left, and a word written by the model reads back as the same token.
 */
export function createVocabulary(): VocabularyToken[] {
  const tokens: VocabularyToken[] = [
    { text: '<unk>', score: 0, type: TokenType.Unknown, kind: 'open' },
    { text: '<s>', score: 0, type: TokenType.Control, kind: 'open' },
    { text: '</s>', score: 0, type: TokenType.Control, kind: 'end' },
  ];
  for (let byte = 0; byte < 256; byte++) {
    const text = `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
    tokens.push({ text, score: 0, type: TokenType.Byte, kind: SPELLED_BYTES.get(byte) ?? 'open' });
  }
  const kinds = wordKinds();
  const pieces = new Set([SPACE_MARK, ...LETTERS, ...[...kinds.keys()].flatMap(prefixes)]);
  let score = 0;
  for (const text of pieces) {
    tokens.push({ text, score: --score, type: TokenType.Normal, kind: kinds.get(text) ?? 'open' });
  }
  return tokens;
}

function wordKinds(): Map<string, Kind> {
  const kinds = new Map<string, Kind>([[SPACE_MARK, 'gap']]);
  for (const [kind, words] of Object.entries(WORDS)) {
    for (const word of words) kinds.set(word.replace(' ', SPACE_MARK), kind as Kind);
  }
  return kinds;
}

function prefixes(word: string): string[] {
  return Array.from(word, (_, index) => word.slice(0, index + 1));
}

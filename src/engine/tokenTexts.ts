/** How a token reads alone. Part of a character has bytes, but no text of its own. */
export interface TokenText {
  text: string;
  bytes: readonly number[];
}

const BYTE_TOKEN = /^<0x([0-9A-F]{2})>$/;

/** Texts of single tokens, each made once. A byte token outside ASCII reads `bytes:\xc3`, as at OpenAI. */
export function createTokenTexts(
  detokenize: (token: number) => string,
  nameOf: (token: number) => string | undefined,
): (token: number) => TokenText {
  const known = new Map<number, TokenText>();
  return (token) => {
    const present = known.get(token);
    if (present) return present;
    const made = textOf(detokenize(token), BYTE_TOKEN.exec(nameOf(token) ?? ''));
    known.set(token, made);
    return made;
  };
}

function textOf(text: string, byteToken: RegExpExecArray | null): TokenText {
  if (!byteToken) return { text, bytes: [...Buffer.from(text)] };
  const byte = Number.parseInt(byteToken[1]!, 16);
  const alone = byte < 0x80 ? String.fromCharCode(byte) : `bytes:\\x${byteToken[1]!.toLowerCase()}`;
  return { text: alone, bytes: [byte] };
}

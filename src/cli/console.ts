/** Where a command writes, and whether colours reach somebody's eyes there. A test passes one that collects. */
export interface Console {
  write(text: string): void;
  colours: boolean;
}

/** Lines never get longer, so that a table survives a mail and a log. */
export const COLUMNS = 100;

const CODES = { green: 32, yellow: 33, red: 31, dim: 2, bold: 1 } as const;
export type Paint = keyof typeof CODES;

/** Standard output: coloured on a terminal, unless NO_COLOR is set (https://no-color.org). */
export function standardOutput(): Console {
  return {
    write: (text) => void process.stdout.write(text),
    colours: Boolean(process.stdout.isTTY) && !process.env.NO_COLOR,
  };
}

export function paint(to: Console, how: Paint, text: string): string {
  return to.colours ? `\u001b[${CODES[how]}m${text}\u001b[0m` : text;
}

/**
 * Breaks a text into lines of at most `width` characters, between words where there are any. A word that is longer,
 * such as a hash, is cut.
 */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [''];
  for (const word of text.split(/\s+/).flatMap((part) => pieces(part, width))) {
    const line = lines[lines.length - 1]!;
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Wrapped lines, each but the first after `indent` spaces. */
export function hang(text: string, indent: number): string {
  return wrap(text, COLUMNS - indent).join(`\n${' '.repeat(indent)}`);
}

/** A word that is too long falls into equal parts, of whole bytes where it is hex. */
function pieces(word: string, width: number): string[] {
  if (word.length <= width) return [word];
  const size = 2 * Math.ceil(word.length / Math.ceil(word.length / (width - (width % 2))) / 2);
  const found: string[] = [];
  for (let at = 0; at < word.length; at += size) found.push(word.slice(at, at + size));
  return found;
}

/** Rows of a label and a value, the values under one another and wrapped. */
export function labelled(rows: readonly (readonly [label: string, value: string])[], indent = 2): string {
  const width = Math.max(0, ...rows.map(([label]) => label.length));
  return rows
    .map(([label, value]) =>
      `${' '.repeat(indent)}${label.padEnd(width)}  ${hang(value, indent + width + 2)}`.trimEnd(),
    )
    .join('\n');
}

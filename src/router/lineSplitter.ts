import { StringDecoder } from 'node:string_decoder';

/** A data listener that calls `onLine` for each line, and `onOverflow` once when a line exceeds `maxBytes`. */
export function splitLines(
  maxBytes: number,
  onLine: (line: string) => void,
  onOverflow: () => void,
): (chunk: Buffer) => void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let overflown = false;
  return (chunk) => {
    if (overflown) return;
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop()!;
    for (const line of lines) if (line !== '') onLine(line);
    if (rest.length <= maxBytes) return;
    overflown = true;
    rest = '';
    onOverflow();
  };
}

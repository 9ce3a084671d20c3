import type { Readable } from 'node:stream';

/** The whole of a stream. Rejects when it is longer than `maxBytes`, takes longer than `timeoutMs`, or is cut. */
export function collect(stream: Readable, maxBytes: number, timeoutMs: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    const timer = setTimeout(() => fail(new Error(`no end within ${timeoutMs} ms`)), timeoutMs);
    const fail = (cause: Error): void => {
      clearTimeout(timer);
      reject(cause);
      stream.destroy();
    };
    stream.on('data', (part: Buffer) => {
      size += part.length;
      if (size > maxBytes) fail(new Error(`more than ${maxBytes} bytes`));
      else parts.push(part);
    });
    stream.once('end', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(parts));
    });
    stream.once('error', fail);
    stream.once('close', () => fail(new Error('the stream was cut')));
  });
}

import { CocoonError } from '../protocol/errors';
import { CLIENT_LIMITS } from './limits';

const END = /\r\n\r\n|\n\n|\r\r/;

/** Cuts a byte stream into server-sent events, whatever its line ends are. An event is returned as its data lines, joined. */
export function createEventSplitter(): { push(bytes: Buffer): string[]; rest(): string } {
  // A character may be cut in two: decoding as a stream keeps its first half.
  const decoder = new TextDecoder('utf-8');
  let waiting = '';
  /** The last characters of what waits, in which an end may have begun. */
  let tail = '';
  return {
    push(bytes) {
      const text = decoder.decode(bytes, { stream: true });
      waiting += text;
      if (waiting.length > CLIENT_LIMITS.sseEventBytes) {
        throw new CocoonError('worker_failed', 'The worker sent an event that is too long.');
      }
      const events: string[] = [];
      // A long event in tiny pieces is not searched from its beginning for each of them.
      const mayEnd = END.test(tail + text);
      for (let end = mayEnd ? END.exec(waiting) : null; end; end = END.exec(waiting)) {
        const data = dataOf(waiting.slice(0, end.index));
        if (data !== null) events.push(data);
        waiting = waiting.slice(end.index + end[0].length);
      }
      tail = (mayEnd ? waiting : tail + text).slice(-3);
      return events;
    },
    rest: () => waiting.trim(),
  };
}

function dataOf(event: string): string | null {
  const lines = event
    .split(/\r\n|\n|\r/)
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice(5).replace(/^ /, ''));
  return lines.length > 0 ? lines.join('\n') : null;
}

/** `name` only where a client waits for it: the official `openai` loops over chat chunks break at named events. */
export function encodeEvent(data: string, name?: string): Buffer {
  const event = name === undefined ? '' : `event: ${name}\n`;
  return Buffer.from(`${event}data: ${data.replaceAll('\n', '\ndata: ')}\n\n`);
}

/** A comment: clients that know nothing of it skip it. */
export function encodeComment(text: string): Buffer {
  return Buffer.from(`: ${text}\n\n`);
}

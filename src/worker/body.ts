import type { Readable } from 'node:stream';
import type { Timers } from '../channel';
import { CocoonError } from '../protocol/errors';
import { WORKER_LIMITS } from './limits';
import { after } from './timers';

/**
 * Reads whole bodies, bounded in size and time, and in number and bytes over all that arrive at once. Throws CocoonError
 * `body_too_large`, `request_timeout`, `worker_busy`, or `invalid_request` for a body that was cut.
 */
export type BodyReader = (stream: Readable, maxBytes: number) => Promise<Buffer>;

export function createBodyReader(
  timers: Timers,
  limits: { bodies: number; bytes: number } = {
    bodies: WORKER_LIMITS.pendingBodies,
    bytes: WORKER_LIMITS.pendingBodyBytes,
  },
): BodyReader {
  let bodies = 0;
  let bytes = 0;

  return (stream, maxBytes) =>
    new Promise((resolve, reject) => {
      const parts: Buffer[] = [];
      let size = 0;
      let settled = false;
      const settle = (act: () => void): void => {
        if (settled) return;
        settled = true;
        cancel();
        bodies -= 1;
        bytes -= size;
        act();
      };
      const fail = (error: CocoonError): void => settle(() => reject(error));
      const cancel = after(timers, WORKER_LIMITS.bodyTimeoutMs, () =>
        fail(new CocoonError('request_timeout', 'The body took too long to arrive.')),
      );
      bodies += 1;
      if (bodies > limits.bodies) fail(new CocoonError('worker_busy', 'Too many jobs are arriving at once.'));

      stream.on('data', (part: Buffer) => {
        if (settled) return;
        size += part.length;
        bytes += part.length;
        parts.push(part);
        if (size > maxBytes) fail(new CocoonError('body_too_large', `A body has at most ${maxBytes} bytes.`));
        else if (bytes > limits.bytes) fail(new CocoonError('worker_busy', 'Too much is arriving at once.'));
      });
      stream.on('end', () => settle(() => resolve(Buffer.concat(parts))));
      // A sender that went away in mid-body: `end` does not come.
      stream.on('close', () => fail(new CocoonError('invalid_request', 'The body was cut before its end.')));
    });
}

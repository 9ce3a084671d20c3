import type { Readable } from 'node:stream';
import type { Timers } from '../channel';
import { CocoonError } from '../protocol/errors';
import { WORKER_LIMITS } from './limits';
import { after } from './timers';

/** The whole body, bounded in size and time. Throws CocoonError `body_too_large` or `request_timeout`. */
export function readBody(stream: Readable, maxBytes: number, timers: Timers): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    const settle = (act: () => void): void => {
      cancel();
      stream.removeAllListeners('data');
      act();
    };
    const cancel = after(timers, WORKER_LIMITS.bodyTimeoutMs, () =>
      settle(() => reject(new CocoonError('request_timeout', 'The body took too long to arrive.'))),
    );
    stream.on('data', (bytes: Buffer) => {
      size += bytes.length;
      if (size <= maxBytes) parts.push(bytes);
      else settle(() => reject(new CocoonError('body_too_large', `At most ${maxBytes} bytes.`)));
    });
    stream.on('end', () => settle(() => resolve(Buffer.concat(parts))));
    // A sender that went away mid-body: `end` does not come.
    stream.on('close', () =>
      settle(() => reject(new CocoonError('invalid_request', 'The body was cut before its end.'))),
    );
  });
}

import type { IncomingMessage } from 'node:http';
import { CocoonError } from '../../protocol/errors';
import type { GatewayLimits } from './types';

/** Bytes of requests that are held in memory, over all of them. */
export interface Uploads {
  /**
   * The body byte for byte, read no faster than it is taken; null when the request has none. The stream fails with
   * CocoonError `body_too_large` at the first byte beyond the limit, and `rate_limited` when all uploads together are
   * more than memory should hold; what the head says of the length is judged at once.
   */
  bodyOf(request: IncomingMessage): ReadableStream<Uint8Array> | null;
  /** That request is done with. */
  release(request: IncomingMessage): void;
}

export function createUploads(limits: Pick<GatewayLimits, 'bodyBytes' | 'uploadBytes'>): Uploads {
  const held = new Map<IncomingMessage, number>();
  let total = 0;

  const take = (request: IncomingMessage, bytes: number): void => {
    const size = (held.get(request) ?? 0) + bytes;
    if (size > limits.bodyBytes) throw tooLarge(limits.bodyBytes);
    if (total + bytes > limits.uploadBytes) {
      throw new CocoonError('rate_limited', 'Too much is being uploaded at once.');
    }
    held.set(request, size);
    total += bytes;
  };

  return {
    bodyOf(request) {
      const length = Number(request.headers['content-length'] ?? 0);
      if (length > limits.bodyBytes) throw tooLarge(limits.bodyBytes);
      if (length === 0 && request.headers['transfer-encoding'] === undefined) return null;
      return streamOf(request, (bytes) => take(request, bytes));
    },
    release(request) {
      total -= held.get(request) ?? 0;
      held.delete(request);
    },
  };
}

/** Each piece as it came; `take` throws when it is one too many. Leaving the stream leaves the connection as it is. */
function streamOf(request: IncomingMessage, take: (bytes: number) => void): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        // Before the listener, which would else let it flow at once.
        request.pause();
        const read = (part: Buffer): void => {
          request.pause();
          try {
            take(part.length);
            controller.enqueue(new Uint8Array(part));
          } catch (error) {
            request.off('data', read);
            controller.error(error);
          }
        };
        request.on('data', read);
        request.once('end', () => attempt(() => controller.close()));
        request.once('close', () => attempt(() => controller.error(new Error('the sender hung up'))));
      },
      pull: () => void request.resume(),
    },
    { highWaterMark: 0 },
  );
}

/** A stream that has ended, or that nobody reads any more, takes no more news. */
function attempt(tell: () => void): void {
  try {
    tell();
  } catch {
    // It has had its last word.
  }
}

function tooLarge(mostBytes: number): CocoonError {
  return new CocoonError('body_too_large', `A request takes at most ${mostBytes} bytes.`);
}

/**
 * Reads and drops what a refused sender still sends: most programs look at the answer only when they have sent all,
 * and a connection that is closed before takes the answer with it. False when it was more, or took longer, than it
 * may.
 */
export function drainUpload(
  request: IncomingMessage,
  { refusedBytes, refusedMs }: Pick<GatewayLimits, 'refusedBytes' | 'refusedMs'>,
): Promise<boolean> {
  if (request.complete || request.destroyed) return Promise.resolve(request.complete);
  return new Promise((resolve) => {
    let left = refusedBytes;
    const done = (): void => {
      clearTimeout(timer);
      request.off('data', count).pause();
      resolve(request.complete);
    };
    const count = (part: Buffer): void => {
      left -= part.length;
      if (left < 0) done();
    };
    const timer = setTimeout(done, refusedMs);
    request.removeAllListeners('data').on('data', count).once('end', done).once('close', done).resume();
  });
}

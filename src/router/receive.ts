import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { CocoonError } from '../protocol/errors';
import { LIMITS } from '../protocol/limits';
import { ENVELOPE_HEAD_BYTES, decodeEnvelope, type JobEnvelope } from '../protocol/wire';
import type { RouterLimits } from './limits';

/** Bytes of bodies in memory, over all requests. */
export interface BodyMemory {
  take(bytes: number): boolean;
  give(bytes: number): void;
  readonly held: number;
}

export function createBodyMemory(limitBytes: number): BodyMemory {
  let held = 0;
  return {
    take(bytes) {
      if (held + bytes > limitBytes) return false;
      held += bytes;
      return true;
    },
    give(bytes) {
      held -= bytes;
    },
    get held() {
      return held;
    },
  };
}

export interface ReceivedBody {
  parts: Buffer[];
  bytes: number;
  /** SHA-256 of everything behind the envelope's head. */
  ciphertextHash: Buffer;
}

export interface BodyReceiver {
  /** Reads until the envelope's head is there, then stops reading. */
  head(): Promise<Omit<JobEnvelope, 'ciphertext'>>;
  /** Reads the rest. */
  rest(): Promise<ReceivedBody>;
  /** Stops the clocks and gives the memory back. To be called once, whatever happened. */
  release(): void;
}

const MAX_BYTES = ENVELOPE_HEAD_BYTES + LIMITS.requestMaxBytes;

/**
 * Reads a job's body in two steps, so that a job whose head is refused costs its sender's bandwidth and not our
 * memory. Bounded in bytes, in silence and in time: all failures are CocoonErrors.
 */
export function receiveBody(
  request: IncomingMessage,
  limits: RouterLimits,
  memory: BodyMemory,
): BodyReceiver {
  const parts: Buffer[] = [];
  const hash = createHash('sha256');
  let bytes = 0;
  let hashed = ENVELOPE_HEAD_BYTES;
  let ended = false;
  let failure: CocoonError | null = null;
  /** Looks whether what somebody waits for has come. */
  let wake: () => void = () => undefined;

  const fail = (error: CocoonError): void => {
    failure ??= error;
    request.pause();
    wake();
  };
  const slow = (): void => fail(new CocoonError('request_timeout', 'The body came too slowly.'));
  const total = setTimeout(slow, limits.bodyTimeoutMs);
  const idle = setTimeout(slow, limits.bodyIdleTimeoutMs);

  const take = (part: Buffer): void => {
    idle.refresh();
    if (failure) return;
    if (bytes + part.length > MAX_BYTES) {
      return fail(
        new CocoonError(
          'body_too_large',
          `A job takes at most ${LIMITS.requestMaxBytes} bytes of ciphertext.`,
        ),
      );
    }
    if (!memory.take(part.length))
      return fail(new CocoonError('rate_limited', 'Too many bodies are being received.'));
    parts.push(part);
    bytes += part.length;
    // The head is hashed by nobody: start at its end, wherever in the parts that is.
    if (bytes > hashed) {
      hash.update(part.subarray(Math.max(0, part.length - (bytes - hashed))));
      hashed = bytes;
    }
    wake();
  };
  const finish = (): void => {
    ended = true;
    wake();
  };
  const cut = (): void => {
    if (!ended) fail(new CocoonError('invalid_request', 'The request was cut.'));
  };

  request.on('data', take);
  request.once('end', finish);
  request.once('error', cut);
  request.once('close', cut);

  const until = (condition: () => boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      wake = () => {
        if (failure) reject(failure);
        else if (condition()) resolve();
      };
      wake();
    });

  return {
    async head() {
      await until(() => ended || bytes > ENVELOPE_HEAD_BYTES);
      request.pause();
      return decodeEnvelope(parts.length === 1 ? parts[0]! : Buffer.concat(parts));
    },
    async rest() {
      request.resume();
      await until(() => ended);
      return { parts, bytes, ciphertextHash: hash.digest() };
    },
    release() {
      clearTimeout(total);
      clearTimeout(idle);
      request.off('data', take);
      memory.give(bytes);
      bytes = 0;
      parts.length = 0;
    },
  };
}

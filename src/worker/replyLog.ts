import { encodeFrame, FrameKind } from '../protocol/wire';
import { WORKER_LIMITS } from './limits';

/**
 * The frames of one reply, kept so that a repeated ticket gets the same bytes. Any number of readers follow it; the
 * job is held back when the fastest of them lags, and is told when the last one has left. Sealed bytes only.
 */
export interface ReplyLog {
  /** `textBytes`: how much of what the model wrote is out with this frame. */
  append(kind: FrameKind, payload: Uint8Array, textBytes?: number): void;
  end(): void;
  /** Resolves when the engine may go on: some reader is close behind, or none is left. */
  room(): Promise<void>;
  /** Text bytes of all that was appended. */
  appendedText(): number;
  /** Text bytes of what reached a reader. */
  deliveredText(): number;
  read(): ReplyReader;
  /** Aborted when the last reader left before the end. */
  readonly abandoned: AbortSignal;
  bytes(): number;
}

export interface ReplyReader {
  /** The next frame, null at the end or after `leave`. Waits; a second wait at once is a mistake of the caller. */
  next(): Promise<Buffer | null>;
  /** The frame given last went out. */
  taken(): void;
  leave(): void;
}

export function createReplyLog(): ReplyLog {
  const frames: Buffer[] = [];
  /** Text bytes up to and including each frame. */
  const sums: number[] = [];
  const offsets: number[] = [];
  let size = 0;
  let ended = false;
  let deliveredFrames = 0;
  const readers = new Set<{ at: number; wake: () => void }>();
  const abandonment = new AbortController();
  let wakeProducer: (() => void) | null = null;

  const lag = (): number => {
    const furthest = Math.max(0, ...[...readers].map(({ at }) => at));
    return size - (offsets[furthest] ?? size);
  };
  const release = (): void => {
    if (wakeProducer && (readers.size === 0 || lag() < WORKER_LIMITS.readerLagBytes)) {
      wakeProducer();
      wakeProducer = null;
    }
  };

  return {
    append(kind, payload, textBytes = 0) {
      const frame = encodeFrame(kind, payload);
      offsets.push(size);
      frames.push(frame);
      size += frame.length;
      sums.push((sums.at(-1) ?? 0) + textBytes);
      for (const reader of readers) reader.wake();
    },
    end() {
      ended = true;
      for (const reader of readers) reader.wake();
    },
    room() {
      if (readers.size === 0 || lag() < WORKER_LIMITS.readerLagBytes) return Promise.resolve();
      return new Promise((resolve) => {
        wakeProducer = resolve;
      });
    },
    appendedText: () => sums.at(-1) ?? 0,
    deliveredText: () => sums[deliveredFrames - 1] ?? 0,
    abandoned: abandonment.signal,
    bytes: () => size,
    read() {
      const reader = { at: 0, left: false, wake: (): void => undefined };
      readers.add(reader);
      return {
        next() {
          const frame = frames[reader.at];
          if (reader.left) return Promise.resolve(null);
          if (frame) return Promise.resolve(frame);
          if (ended) return Promise.resolve(null);
          return new Promise((resolve) => {
            reader.wake = () => {
              const came = frames[reader.at];
              if (!came && !ended && !reader.left) return;
              reader.wake = () => undefined;
              resolve(reader.left ? null : (came ?? null));
            };
          });
        },
        taken() {
          reader.at += 1;
          deliveredFrames = Math.max(deliveredFrames, reader.at);
          release();
        },
        leave() {
          if (!readers.delete(reader)) return;
          reader.left = true;
          reader.wake();
          if (readers.size === 0 && !ended) abandonment.abort();
          release();
        },
      };
    },
  };
}

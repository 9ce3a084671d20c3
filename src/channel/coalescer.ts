import { CHANNEL_LIMITS } from './limits';

/** `setTimeout` and `clearTimeout`, injected so that tests need no sleeping. */
export interface Timers<T = unknown> {
  set(callback: () => void, delayMs: number): T;
  clear(timer: T): void;
}

export const systemTimers: Timers<NodeJS.Timeout> = {
  set: (callback, delayMs) => setTimeout(callback, delayMs),
  clear: (timer) => clearTimeout(timer),
};

export interface Coalescer {
  push(event: Buffer): void;
  /** Hands out what waits, now. */
  flush(): void;
  /** Drops the timer; what waits is handed out first. */
  close(): void;
}

/**
 * Joins small events, so that one sealed chunk carries several tokens. The first event leaves at once (the time to the
 * first token is what people feel); a later one waits at most `maxDelayMs`, or until `maxEvents` or `maxBytes` wait.
 */
export function createCoalescer<T>(options: {
  flush: (joined: Buffer) => void;
  timers: Timers<T>;
  maxDelayMs?: number;
  maxEvents?: number;
  maxBytes?: number;
}): Coalescer {
  const maxDelayMs = options.maxDelayMs ?? CHANNEL_LIMITS.coalesceMaxDelayMs;
  const maxEvents = options.maxEvents ?? CHANNEL_LIMITS.coalesceMaxEvents;
  const maxBytes = options.maxBytes ?? CHANNEL_LIMITS.coalesceMaxBytes;
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let timer: { handle: T } | null = null;
  let started = false;

  const flush = (): void => {
    if (timer) options.timers.clear(timer.handle);
    timer = null;
    if (waiting.length === 0) return;
    const joined = Buffer.concat(waiting);
    waiting = [];
    waitingBytes = 0;
    options.flush(joined);
  };

  return {
    push(event) {
      waiting.push(event);
      waitingBytes += event.length;
      const full = waiting.length >= maxEvents || waitingBytes >= maxBytes;
      if (full || !started) {
        started = true;
        flush();
        return;
      }
      timer ??= { handle: options.timers.set(flush, maxDelayMs) };
    },
    flush,
    close: flush,
  };
}

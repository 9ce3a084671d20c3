import type { Timers } from '../../../../src/channel';

/** Time that moves only when told to. */
export interface ManualClock {
  now(): number;
  advance(seconds: number): void;
}

export function createManualClock(start = 1_900_000_000): ManualClock {
  let now = start;
  return {
    now: () => now,
    advance(seconds) {
      now += seconds;
    },
  };
}

/**
 * Timers of at most `shortMs` fire in the next turn and move the clock; longer ones (time limits) never fire unless
 * `expire` is called.
 */
export function createTestTimers(clock: ManualClock, shortMs = 1_000): Timers & { expire(): void } {
  const waiting = new Map<number, () => void>();
  let next = 0;
  return {
    set(callback, delayMs) {
      const timer = ++next;
      waiting.set(timer, callback);
      const dueAt = clock.now() + delayMs / 1000;
      if (delayMs <= shortMs) {
        setImmediate(() => {
          if (!waiting.delete(timer)) return;
          clock.advance(Math.max(0, dueAt - clock.now()));
          callback();
        });
      }
      return timer;
    },
    clear: (timer) => waiting.delete(timer as number),
    expire() {
      const due = [...waiting.values()];
      waiting.clear();
      due.forEach((callback) => callback());
    },
  };
}

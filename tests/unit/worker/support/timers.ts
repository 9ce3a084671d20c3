import type { Timers } from '../../../../src/channel';

/** Short waits (the coalescer's) pass at once; longer ones pass when the test says so. */
export interface TestTimers extends Timers<unknown> {
  advance(ms: number): void;
}

const AT_ONCE_MS = 100;

export function createTestTimers(): TestTimers {
  let now = 0;
  let count = 0;
  const waiting = new Map<number, { at: number; callback: () => void }>();
  return {
    set(callback, delayMs) {
      if (delayMs <= AT_ONCE_MS) return setImmediate(callback);
      waiting.set(++count, { at: now + delayMs, callback });
      return count;
    },
    clear(handle) {
      if (typeof handle === 'number') waiting.delete(handle);
      else clearImmediate(handle as NodeJS.Immediate);
    },
    advance(ms) {
      const end = now + ms;
      for (;;) {
        const due = [...waiting].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
        if (!due) break;
        waiting.delete(due[0]);
        now = due[1].at;
        due[1].callback();
      }
      now = end;
    },
  };
}

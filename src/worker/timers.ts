import type { Timers } from '../channel';

export type Cancel = () => void;

/** Runs `task` every `ms` milliseconds until it is cancelled; never twice at once by itself. */
export function every(timers: Timers, ms: number, task: () => void): Cancel {
  let handle: unknown;
  let cancelled = false;
  const arm = (): void => {
    handle = timers.set(() => {
      task();
      if (!cancelled) arm();
    }, ms);
  };
  arm();
  return () => {
    cancelled = true;
    timers.clear(handle);
  };
}

export function after(timers: Timers, ms: number, task: () => void): Cancel {
  const handle = timers.set(task, ms);
  return () => timers.clear(handle);
}

/** Settles like `promise`, or rejects with `late()` when that takes longer than `ms`. */
export function within<T>(timers: Timers, ms: number, promise: Promise<T>, late: () => Error): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const cancel = after(timers, ms, () => reject(late()));
    promise.then(resolve, reject).finally(cancel);
  });
}

import { createBoundedMap } from './boundedMap';

export interface ShelfConfig {
  /** Answers and failures that are remembered, the oldest forgotten first. */
  entries: number;
  freshMs: number;
  /** Pause after a failure: doubled each time, up to the second. */
  retryMinMs: number;
  retryMaxMs: number;
}

/**
 * Answers that many want and few must be asked for: one question at a time for all who ask the same, its answer served
 * while it is fresh, and after a failure no question until a growing pause is over.
 */
export interface Shelf<T> {
  /** Rejects with what `load` rejected with, also while the pause lasts. */
  get(key: string, load: () => Promise<T>): Promise<T>;
}

interface Slot<T> {
  answer: { value: T } | { error: unknown };
  untilMs: number;
  failures: number;
}

export function createShelf<T>(config: ShelfConfig, monotonicMs: () => number): Shelf<T> {
  const slots = createBoundedMap<string, Slot<T>>(config.entries);
  const running = new Map<string, Promise<T>>();

  const ask = async (key: string, load: () => Promise<T>): Promise<T> => {
    const failures = slots.get(key)?.failures ?? 0;
    try {
      const value = await load();
      slots.set(key, { answer: { value }, untilMs: monotonicMs() + config.freshMs, failures: 0 });
      return value;
    } catch (error) {
      const pauseMs = Math.min(config.retryMaxMs, config.retryMinMs * 2 ** Math.min(failures, 20));
      slots.set(key, { answer: { error }, untilMs: monotonicMs() + pauseMs, failures: failures + 1 });
      throw error;
    } finally {
      running.delete(key);
    }
  };

  return {
    async get(key, load) {
      const slot = slots.get(key);
      if (slot && monotonicMs() < slot.untilMs) {
        if ('error' in slot.answer) throw slot.answer.error;
        return slot.answer.value;
      }
      const asked = running.get(key) ?? ask(key, load);
      running.set(key, asked);
      return asked;
    },
  };
}

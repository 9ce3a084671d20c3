import { overloaded } from './apiError';

/** A borrowed slot. `release` may be called any number of times. */
export interface Lease<Slot> {
  slot: Slot;
  release(): void;
}

export interface SlotPool<Slot> {
  /**
   * Waits in line for a slot and takes the one that `preference` rates highest. Throws ApiError 429 when the line is
   * full, and the signal's reason when it aborts first.
   */
  acquire(preference: (slot: Slot) => number, signal: AbortSignal): Promise<Lease<Slot>>;
  running(): number;
  waiting(): number;
}

interface Waiter<Slot> {
  preference: (slot: Slot) => number;
  grant: (lease: Lease<Slot>) => void;
}

/** First come, first served; at most `queueMax` wait. */
export function createSlotPool<Slot>(slots: readonly Slot[], queueMax: number): SlotPool<Slot> {
  const free = new Set(slots);
  const line = new Set<Waiter<Slot>>();

  const take = (preference: (slot: Slot) => number): Lease<Slot> => {
    const slot = [...free].reduce((best, next) => (preference(next) > preference(best) ? next : best));
    free.delete(slot);
    return { slot, release: () => giveBack(slot) };
  };

  const giveBack = (slot: Slot): void => {
    if (free.has(slot)) return;
    free.add(slot);
    const [next] = line;
    if (next) {
      line.delete(next);
      next.grant(take(next.preference));
    }
  };

  return {
    async acquire(preference, signal) {
      signal.throwIfAborted();
      if (free.size > 0) return once(take(preference));
      if (line.size >= queueMax) {
        throw overloaded(429, `All ${slots.length} slots are busy and ${line.size} requests wait.`);
      }
      return await new Promise((resolve, reject) => {
        const leave = (): void => {
          line.delete(waiter);
          reject(signal.reason as Error);
        };
        const waiter: Waiter<Slot> = {
          preference,
          grant: (lease) => {
            signal.removeEventListener('abort', leave);
            resolve(once(lease));
          },
        };
        line.add(waiter);
        signal.addEventListener('abort', leave, { once: true });
      });
    },
    running: () => slots.length - free.size,
    waiting: () => line.size,
  };
}

/** A second release must not give away a slot that somebody else has by then. */
function once<Slot>(lease: Lease<Slot>): Lease<Slot> {
  let held = true;
  return {
    slot: lease.slot,
    release() {
      if (!held) return;
      held = false;
      lease.release();
    },
  };
}

import type { DevnetClock } from './clock';
import type { Collator } from './collator';
import type { Ledger } from './ledger';
import type { DevnetStore } from './store';

/** Decides when a block with transactions is made: at the interval, or at once when that is zero. */
export function createScheduler(deps: {
  store: DevnetStore;
  ledger: Ledger;
  collator: Collator;
  clock: DevnetClock;
  /** 0: on demand. */
  intervalMs: number;
  onFault: (reason: string) => void;
}) {
  const { store, ledger, collator, clock, intervalMs } = deps;
  let timer: NodeJS.Timeout | null = null;
  let working: Promise<void> = Promise.resolve();
  let closed = false;
  let announce: () => void = () => undefined;
  let nextBlock = newSignal();

  function newSignal(): Promise<void> {
    return new Promise((resolve) => {
      announce = resolve;
    });
  }

  function finishBlock(): void {
    const done = announce;
    nextBlock = newSignal();
    done();
  }

  function arm(): void {
    if (timer !== null || closed) return;
    const sinceHead = clock.frozen() ? 0 : clock.nowMs() - ledger.head().timeMs;
    timer = setTimeout(tick, Math.max(0, intervalMs - sinceHead));
  }

  function tick(): void {
    timer = null;
    working = collator
      .produce()
      .catch((error: unknown) => deps.onFault(`no block: ${String(error)}`))
      .then(() => {
        finishBlock();
        if (store.queueLength() > 0) arm();
      });
  }

  return {
    async onWaiting(): Promise<void> {
      if (intervalMs > 0) return arm();
      await collator.drain();
      finishBlock();
    },
    /** Resolves once the queued message `id` is in a block. */
    async untilProcessed(id: number): Promise<void> {
      while (store.isWaiting(id) && !closed) await nextBlock;
    },
    async close(): Promise<void> {
      closed = true;
      if (timer) clearTimeout(timer);
      await working;
      await collator.settled();
      finishBlock();
    },
  };
}

import type { Timers } from '../channel';
import type { Engine } from './engine';
import { WORKER_LIMITS } from './limits';
import type { Logger } from './logger';
import { after, type Cancel } from './timers';

/** Whether the engine serves: it lists the models and answers one token. */
export interface EngineHealth {
  healthy(): boolean;
  check(): Promise<void>;
  close(): void;
}

export function createEngineHealth(
  engine: Engine,
  models: readonly string[],
  deps: { timers: Timers; log: Logger; busy: () => boolean; onChange: () => void },
): EngineHealth {
  let healthy = false;
  let cancel: Cancel = () => undefined;
  let closed = false;

  const set = (next: boolean): void => {
    if (next === healthy) return;
    healthy = next;
    deps.onChange();
  };

  const check = async (): Promise<void> => {
    cancel();
    try {
      // An engine that is answering jobs shows by them that it lives.
      if (!deps.busy() || !healthy) await engine.check(models);
      if (!healthy) deps.log.info({ models }, 'the engine serves');
      set(true);
    } catch (error) {
      if (healthy) deps.log.warn({ err: error }, 'the engine does not serve: no jobs are taken');
      else deps.log.warn({ err: error }, 'waiting for the engine');
      set(false);
    }
    if (closed) return;
    const delayMs = healthy ? WORKER_LIMITS.healthEveryMs : WORKER_LIMITS.healthRetryMs;
    cancel = after(deps.timers, delayMs, () => void check());
  };

  return {
    healthy: () => healthy,
    check,
    close() {
      closed = true;
      cancel();
    },
  };
}

import { WORKER_LIMITS } from './limits';
import type { Logger } from './logger';

/** Troubles that go on for hours, each said once and not every few seconds. */
export interface Complaints {
  /** `name` tells troubles apart whose texts differ in a number only. */
  say(text: string, cause?: unknown, name?: string): void;
  /** It is over: should it come again, it is said again. */
  over(name: string): void;
  allOver(): void;
}

export function createComplaints(log: Logger): Complaints {
  const said = new Set<string>();
  return {
    say(text, cause, name = text) {
      if (said.has(name) || said.size >= WORKER_LIMITS.troublesSaid) return;
      said.add(name);
      log.warn({ err: cause }, text);
    },
    over: (name) => void said.delete(name),
    allOver: () => said.clear(),
  };
}

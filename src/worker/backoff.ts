import { WORKER_LIMITS } from './limits';

/**
 * Exponential back-off with full jitter in its upper half: routers that return are not met by all workers at once.
 * `random` returns a number in [0, 1).
 */
export function createBackoff(random: () => number): { nextMs(): number; reset(): void } {
  let attempt = 0;
  return {
    nextMs() {
      const ceiling = Math.min(
        WORKER_LIMITS.reconnectMaxMs,
        WORKER_LIMITS.reconnectMinMs * 2 ** Math.min(attempt, 20),
      );
      attempt += 1;
      return Math.round(ceiling * (0.5 + random() / 2));
    },
    reset() {
      attempt = 0;
    },
  };
}

import { CLIENT_LIMITS } from '../limits';

/** What failed, each with a pause that doubles until it is tried again: bad evidence costs its maker more than us. */
export interface Pauses {
  /** What it failed with, while the pause lasts. */
  failure(name: string): Error | null;
  failed(name: string, error: Error): void;
  succeeded(name: string): void;
}

export function createPauses(now: () => number): Pauses {
  const failures = new Map<string, { error: Error; untilUnix: number; count: number }>();
  return {
    failure(name) {
      const known = failures.get(name);
      return known && now() < known.untilUnix ? known.error : null;
    },
    failed(name, error) {
      const count = failures.get(name)?.count ?? 0;
      const { refusalMinSeconds, refusalMaxSeconds, verifiedMost } = CLIENT_LIMITS;
      const pause = Math.min(refusalMaxSeconds, refusalMinSeconds * 2 ** Math.min(count, 20));
      failures.delete(name);
      failures.set(name, { error, untilUnix: now() + pause, count: count + 1 });
      if (failures.size > verifiedMost) failures.delete(failures.keys().next().value!);
    },
    succeeded: (name) => void failures.delete(name),
  };
}

import { CocoonError } from '../protocol/errors';
import { BROWSER_LIMITS } from './limits';
import type { LockManager } from './platform';

/**
 * Takes books for this page alone: two pages that each know half of a line would spend the same room twice. Resolves to
 * what lets go of them; a page that is closed or reloaded lets go by itself. Throws CocoonError `books_in_use`.
 */
export async function lockBooks(locks: LockManager, name: string): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(BROWSER_LIMITS.lockPatienceMs);
    const whileHeld = (): Promise<void> => new Promise<void>((release) => resolve(release));
    locks.request(`cocoon-compute ${name}`, { signal }, whileHeld).catch((cause: unknown) =>
      reject(
        new CocoonError('books_in_use', `Another tab of this site uses the books named ${name}.`, {
          cause,
        }),
      ),
    );
  });
}

/**
 * Puts what comes within one turn of the event loop on disk together: a write costs milliseconds of waiting for the
 * device, and fifty senders need not wait for each other's.
 */
export function createGroupCommit<T, R>(commit: (items: readonly T[]) => R[]) {
  let waiting: { item: T; resolve: (result: R) => void; reject: (error: unknown) => void }[] = [];

  function flush(): void {
    const batch = waiting;
    waiting = [];
    try {
      const results = commit(batch.map(({ item }) => item));
      batch.forEach(({ resolve }, index) => resolve(results[index]!));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  /** Resolves once the item is on disk. */
  return (item: T): Promise<R> =>
    new Promise<R>((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (waiting.length === 1) setImmediate(flush);
    });
}

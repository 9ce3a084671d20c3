import type { TestName, Trial } from './judge';

// Which test first: the one that killed most mutants of the same declaration, then of the same file, then the shortest.

export interface Order {
  /** The trials in the order in which a mutant meets them. */
  of(scope: string, file: string, trials: readonly Trial[]): Trial[];
  killed(scope: string, file: string, by: TestName): void;
}

export function createOrder(): Order {
  const kills = new Map<string, number>();
  const key = (place: string, { suite, index }: TestName): string => `${place} ${suite} ${index}`;
  const count = (place: string, test: TestName): number => kills.get(key(place, test)) ?? 0;
  return {
    of(scope, file, trials) {
      const score = (test: Trial): number =>
        (1000 * count(`${file} ${scope}`, test) + count(file, test) + 1) / (test.milliseconds + 20);
      return trials.toSorted((a, b) => score(b) - score(a));
    },
    killed(scope, file, by) {
      for (const place of [file, `${file} ${scope}`]) kills.set(key(place, by), count(place, by) + 1);
    },
  };
}

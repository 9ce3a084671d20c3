import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Trial } from './judge';
import type { Judge } from './judges';
import { ROOT } from './targets';

// Before anything is changed every test has to pass on the contracts as they are; how long it takes decides when it is asked.
// The answer is kept beside the build for as long as neither the build nor any TypeScript that a test runs is another.

const KEPT = path.join(ROOT, 'build', 'mutation-trials.json');
const RUN_BY_TESTS = ['src', 'wrappers', 'tests'];

/** By the suite's path, and what it was then. */
type Kept = Record<string, { key: string; trials: readonly Trial[] }>;

/** The trials of these suites, the missing ones shared among the judges. Throws when a test fails. */
export async function tryOut(judges: readonly Judge[], suites: readonly string[]): Promise<readonly Trial[]> {
  const kept = existsSync(KEPT) ? (JSON.parse(readFileSync(KEPT, 'utf8')) as Kept) : {};
  const common = keyOfWhatRuns();
  const keyOf = (suite: string): string => digest([common, readFileSync(path.join(ROOT, 'tests', suite))]);
  const left = suites.filter((suite) => kept[suite]?.key !== keyOf(suite));
  const work = async (judge: Judge): Promise<void> => {
    for (let suite = left.shift(); suite !== undefined; suite = left.shift()) {
      kept[suite] = { key: keyOf(suite), trials: passed(await judge.tryOut(suite)) };
      writeFileSync(KEPT, JSON.stringify(kept));
    }
  };
  await Promise.all(judges.map(work));
  return suites.flatMap((suite) => kept[suite]!.trials);
}

function passed(trials: readonly Trial[]): readonly Trial[] {
  const failed = trials.filter(({ failure }) => failure !== null);
  const lines = failed.map(({ suite, name, failure }) => `${suite}: ${name}: ${failure}`);
  if (failed.length > 0) throw new Error(`the contracts as they are fail:\n${lines.join('\n')}`);
  return trials;
}

function keyOfWhatRuns(): string {
  const files = RUN_BY_TESTS.flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.startsWith('mutation'))
      .sort()
      .map((name) => path.join(folder, name)),
  );
  return digest(
    [path.join('build', '.sources-hash'), ...files].map((file) => readFileSync(path.join(ROOT, file))),
  );
}

function digest(parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

import type { Mutant } from './mutants';
import type { Result, Status } from './results';
import { REASONS } from './survivors';

export interface Survivor {
  id: string;
  file: string;
  diff: string;
  reason: string;
}

/** What a run found. */
export interface Report {
  /** Those that count: other code than the contract's, and run. */
  mutants: number;
  killed: number;
  /** killed / (mutants - equivalent); 0 when there is none. */
  score: number;
  /** Survivors that nothing can tell from the contract, by argument. */
  equivalent: number;
  /** The same code, no code, and what was not run: none of these counts. */
  same: number;
  invalid: number;
  notRun: number;
  survivors: Survivor[];
}

export function createReport(mutants: readonly Mutant[], results: ReadonlyMap<string, Result>): Report {
  const statusOf = ({ id }: Mutant): Status => results.get(id)?.status ?? 'not run';
  const count = (status: Status): number => mutants.filter((mutant) => statusOf(mutant) === status).length;
  const survivors = mutants.filter((mutant) => statusOf(mutant) === 'survived');
  const equivalent = survivors.filter(({ id }) => REASONS[id]?.equivalent).length;
  const killed = count('killed');
  const judged = killed + survivors.length;
  return {
    mutants: judged,
    killed,
    score: judged === equivalent ? 0 : killed / (judged - equivalent),
    ...{ equivalent, same: count('same'), invalid: count('invalid'), notRun: count('not run') },
    survivors: survivors.map(({ id, file, diff }) => ({ id, file, diff, reason: REASONS[id]?.why ?? '' })),
  };
}

export function printReport(report: Report): void {
  for (const { id, diff, reason } of report.survivors)
    console.log(`survived: ${id}\n    ${diff}\n    ${reason}`);
  const { mutants, killed, score, equivalent, same, invalid, notRun } = report;
  console.log(
    `${mutants} mutants, ${killed} killed, score ${(100 * score).toFixed(1)} % (${equivalent} equivalent); ` +
      `beside them ${same} of the same code, ${invalid} that do not compile, ${notRun} not run`,
  );
}

import { contractSources, type Sources } from '../support/tactSources';
import type { AttackName } from './attacks';
import { guardsOf, withoutGuard } from './guards';
import { GUARDS, PARTS } from './mutants';

/** A Platform without its Registry: one file that imports it. */
export const ENTRY = 'contracts/platform/alone.tact';
const ALONE = 'import "./roots/simulated.tact";\nimport "./platform.tact";\n';

/** The sources of a Platform that lacks something. */
export interface Mutant {
  name: string;
  attack: AttackName;
  sources: Sources;
}

/** Every mutant, and how many guards have an argument instead. */
export function createMutants(): { mutants: Mutant[]; argued: number } {
  const sources = { ...contractSources(), [ENTRY]: ALONE };
  const guards = guardsOf(sources).map((guard) => ({ guard, verdict: GUARDS[guard.id] }));
  const ofGuards = guards.flatMap(({ guard, verdict }): Mutant[] =>
    verdict && 'attack' in verdict
      ? [{ name: guard.id, attack: verdict.attack, sources: withoutGuard(sources, guard) }]
      : [],
  );
  const ofParts = PARTS.map(({ name, attack, apply }) => ({ name, attack, sources: apply(sources) }));
  return {
    mutants: [...ofGuards, ...ofParts],
    argued: guards.filter(({ verdict }) => verdict && 'argument' in verdict).length,
  };
}

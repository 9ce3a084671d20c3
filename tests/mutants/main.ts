import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { ACCEPTED, createTargets } from '../support/platformTarget';
import { compileTact } from '../support/tactSources';
import { ATTACKS } from './attacks';
import { createMutants, ENTRY, type Mutant } from './createMutants';

// A Platform for each guard, without it: the forged message that the guard is there for has to be accepted.
//   npm run mutants     compiles them (minutes), and writes results.json

async function outcomeOf({ attack, sources }: Mutant): Promise<string> {
  const targets = await createTargets(await compileTact(sources, ENTRY, 'Platform'));
  return ATTACKS[attack].send(targets);
}

async function main(): Promise<number> {
  const { mutants, argued } = createMutants();
  const results: Record<string, { attack: string; outcome: string }> = {};
  for (const [i, mutant] of mutants.entries()) {
    const outcome = await outcomeOf(mutant).catch((error: unknown) => String(error));
    results[mutant.name] = { attack: mutant.attack, outcome };
    console.log(`${i + 1} of ${mutants.length}: ${mutant.name}\n    ${mutant.attack}: ${outcome}`);
  }
  writeFileSync(path.join(__dirname, 'results.json'), `${JSON.stringify(results, null, 2)}\n`);
  const accepted = Object.values(results).filter(({ outcome }) => outcome === ACCEPTED).length;
  console.log(`${mutants.length} mutants, ${accepted} accepted a forgery, ${argued} guards argued`);
  return accepted === mutants.length ? 0 : 1;
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);

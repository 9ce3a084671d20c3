import { ATTACKS, type Attack } from './list';
import { endOf, writePage } from './page';
import { play } from './play';
import { PLAYS } from './plays';

// The recorded attack suite, each lie against the client, as a table.
//   npm run attacks              plays all, or those whose ids are named
//   npm run attacks -- --docs    writes docs/attacks.md

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--docs')) {
    writePage();
    return 0;
  }
  const chosen = ATTACKS.filter(({ id }) => args.length === 0 || args.includes(id));
  let failures = 0;
  for (const attack of chosen) {
    const trouble = await outcomeOf(attack);
    if (trouble !== null) failures += 1;
    console.log(rowOf(attack, trouble));
  }
  console.log(
    `\n${chosen.length} attacks, ${chosen.length - failures} ended as they must, ${failures} did not`,
  );
  return failures === 0 ? 0 : 1;
}

async function outcomeOf(attack: Attack): Promise<string | null> {
  return play(attack, PLAYS[attack.id]!).then(
    () => null,
    (error: unknown) => String(error),
  );
}

function rowOf(attack: Attack, trouble: string | null): string {
  const result = trouble === null ? 'refused' : 'FAILED';
  const shown = attack.refusal === 'no effect' && trouble === null ? 'harmless' : result;
  const row = `${shown.padEnd(9)}${attack.liar.padEnd(8)}${attack.id.padEnd(28)}${endOf(attack).replaceAll('`', '')}`;
  return trouble === null ? row : `${row}\n    ${trouble}`;
}

// An attack that nobody ends leaves Node with nothing to wait for: that is no success.
process.exitCode = 1;
main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);

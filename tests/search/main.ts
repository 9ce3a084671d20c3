import { parseArgs } from 'node:util';
import { sentence } from './actions';
import { explore, type Found } from './explore';
import { FAULTS, withFault } from './faults';
import { RULES } from './rules';
import { INSTANCES, type Instance } from './state';

// Every state of a tiny escrow, and every step between two of them (about a minute).
//   npm run search                       three units, two lines, two payouts under way
//   npm run search -- --instance small   two units, one payout: seconds
//   npm run search -- --depth 8          no further than eight steps
//   npm run search -- --mutant due-total with a planted fault: the shortest way to a broken invariant
//   npm run search -- --json             the same for machines
// The exit code is 1 when an invariant was broken.

interface Options {
  world: Instance;
  depth: number | undefined;
  mutant: string | undefined;
  json: boolean;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      instance: { type: 'string', default: 'whole' },
      depth: { type: 'string' },
      mutant: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const { instance, depth, mutant, json } = values;
  if (instance !== 'small' && instance !== 'whole')
    throw new RangeError('search: --instance is small or whole');
  if (depth !== undefined && !/^\d{1,6}$/.test(depth))
    throw new RangeError('search: --depth is a number of steps');
  return { world: INSTANCES[instance], depth: depth === undefined ? undefined : Number(depth), mutant, json };
}

function report(found: Found, seconds: number, { world, mutant }: Options): string {
  const { states, transitions, depth, complete, violations } = found;
  const counted = [states, transitions].map((count) => count.toLocaleString('en-US'));
  const faulty = mutant === undefined ? '' : `, planted fault "${mutant}": ${FAULTS[mutant]!.what}`;
  return [
    `${world.name} world, ${world.units} units${faulty}`,
    `${counted[0]} states, ${counted[1]} transitions, depth ${depth}, ${complete && violations.length === 0 ? 'complete' : 'not complete'}, ${seconds} s`,
    ...violations.flatMap(({ what, trace }) => [
      what,
      ...trace.map((step, n) => `  ${n + 1}. ${sentence(step)}`),
    ]),
    `${violations.length} violations`,
  ].join('\n');
}

function main(): number {
  const options = readOptions();
  const { world, depth, mutant, json } = options;
  const rules = mutant === undefined ? RULES : withFault(mutant);
  const started = performance.now();
  const found = explore(rules, world, depth === undefined ? {} : { depth });
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  const violations = found.violations.map(({ what, trace }) => ({ what, trace: trace.map(sentence) }));
  console.log(
    json
      ? JSON.stringify(
          { instance: world.name, mutant: mutant ?? null, ...found, seconds, violations },
          null,
          2,
        )
      : report(found, seconds, options),
  );
  return found.violations.length === 0 ? 0 : 1;
}

try {
  process.exitCode = main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}

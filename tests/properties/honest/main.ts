import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { histories } from './actions';
import { play } from './history';

// Honest workers through restarts, crashes, copies put back, boots and new keys: none of them may ever be slashed.
//   npm run honest                                     1,000 histories
//   npm run honest -- --histories 10000 --seed 2       more, or others
// The exit code is 3 when two receipts contradicted each other.

const CONTRADICTED = 3;
const TELL_EACH = 500;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      histories: { type: 'string', default: '1000' },
      seed: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
    },
  });
  const [count, seed] = [Number(values.histories), Number(values.seed)];
  if (!(count > 0 && Number.isSafeInteger(count) && Number.isSafeInteger(seed)))
    throw new RangeError('honest: --histories and --seed are whole numbers');
  const report = { histories: 0, actions: 0, receipts: 0, keys: 0, contradictions: 0 };
  for (const [index, actions] of fc.sample(histories, { numRuns: count, seed }).entries()) {
    const { contradiction, histories: signed, keys } = await play(actions, { withMark: false });
    report.histories += 1;
    report.actions += actions.length;
    report.receipts += signed;
    report.keys += keys;
    if (contradiction) {
      report.contradictions += 1;
      console.error(`history ${index} of seed ${seed}:\n${JSON.stringify(actions, null, 1)}`);
    }
    if (index % TELL_EACH === TELL_EACH - 1) console.error(`${index + 1} of ${count} histories`);
  }
  console.log(
    values.json
      ? JSON.stringify(report)
      : `${report.histories} histories of ${report.actions} actions, ${report.receipts} different receipts of ${report.keys} keys, ${report.contradictions} contradictions`,
  );
  return report.contradictions === 0 ? 0 : CONTRADICTED;
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);

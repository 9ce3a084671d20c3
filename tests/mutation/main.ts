import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { contractSources } from '../support/tactSources';
import type { Trial } from './judge';
import { createJudge, type Judge } from './judges';
import { createMutants, type Mutant } from './mutants';
import { createOrder, type Order } from './order';
import { createReport, printReport } from './report';
import { appendResult, compactResults, isCurrent, keyOf, readResults, type Result } from './results';
import { tryOut } from './trials';
import { allSuites, filesIn, PARTS, partOf, suitesFor, type Part } from './scope';

// Changes the contracts, one small slip at a time, and sees whether a test notices.
//   npm run mutation                        judges what is not known yet, and writes tests/mutation/results.tsv
//   npm run mutation -- --only escrow       one part; several with commas
//   npm run mutation -- --sample 50         a quick look: as many, chosen by --seed
//   npm run mutation -- --quick             leaves slow tests out; what they might kill stays unknown
//   npm run mutation -- --list              judges nothing: takes out of results.tsv what is not so any more
//   npm run mutation -- --again             judges anew what is known
//   npm run mutation -- --jobs 2 --json

const MAX_JOBS = 8;
const COMPACT_EVERY = 100;
/** A test that takes more of a processor's time than this is slow. */
const SLOW_MS = 250;

interface Options {
  only: readonly Part[];
  sample: number | null;
  seed: string;
  jobs: number;
  json: boolean;
  list: boolean;
  quick: boolean;
  again: boolean;
  match: RegExp;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: PARTS.join(',') },
      sample: { type: 'string' },
      seed: { type: 'string', default: '1' },
      jobs: { type: 'string', default: '1' },
      match: { type: 'string', default: '' },
      json: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      again: { type: 'boolean', default: false },
    },
  });
  const only = values.only.split(',') as Part[];
  const unknown = only.filter((part) => !PARTS.includes(part));
  if (unknown.length > 0) throw new Error(`--only knows ${PARTS.join(', ')}, not ${unknown.join(', ')}`);
  return {
    ...{ only, seed: values.seed, json: values.json, list: values.list },
    ...{ quick: values.quick, again: values.again },
    sample: values.sample === undefined ? null : wholeNumber('--sample', values.sample, Infinity),
    jobs: wholeNumber('--jobs', values.jobs, MAX_JOBS),
    match: new RegExp(values.match),
  };
}

function wholeNumber(option: string, text: string, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most) throw new Error(`${option}: ${text}?`);
  return value;
}

/** In an order that `seed` alone decides, so that a run that is stopped has judged a fair sample. */
function shuffled(mutants: readonly Mutant[], seed: string): Mutant[] {
  const rank = ({ id }: Mutant): string => createHash('sha256').update(`${seed} ${id}`).digest('hex');
  return mutants
    .map((mutant) => ({ mutant, rank: rank(mutant) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .map(({ mutant }) => mutant);
}

interface Run {
  quick: boolean;
  trials: readonly Trial[];
  order: Order;
  suites: readonly string[];
  results: Map<string, Result>;
  say: (line: string) => void;
}

async function judgeOne(judge: Judge, mutant: Mutant, run: Run): Promise<void> {
  const started = performance.now();
  const judges = suitesFor(mutant, run.suites);
  const candidates = run.trials.filter(({ suite }) => judges.includes(suite));
  const verdict = await judge.judge(mutant, run.order.of(mutant.scope, mutant.file, candidates));
  const by = verdict.status === 'killed' ? verdict.by.suite : '';
  if (verdict.status === 'killed') run.order.killed(mutant.scope, mutant.file, verdict.by);
  const key = keyOf(mutant, verdict.status, by, judges);
  const result: Result = { id: mutant.id, status: verdict.status, by, key };
  if (!(run.quick && verdict.status === 'survived')) {
    run.results.set(mutant.id, result);
    appendResult(result);
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const why = 'why' in verdict ? `: ${verdict.why.slice(0, 100)}` : '';
  run.say(`${seconds} s ${verdict.status} ${by} | ${mutant.id} | ${mutant.diff}${why}`);
}

async function judgeAll(mutants: readonly Mutant[], jobs: number, run: Omit<Run, 'trials'>): Promise<void> {
  if (mutants.length === 0) return;
  const judges = Array.from({ length: Math.min(jobs, mutants.length) }, createJudge);
  const suites = run.suites.filter((suite) =>
    mutants.some((mutant) => suitesFor(mutant, [suite]).length > 0),
  );
  try {
    const trials = (await tryOut(judges, suites)).filter(
      (trial) => !run.quick || trial.milliseconds < SLOW_MS,
    );
    run.say(`${trials.length} tests in ${suites.length} suites pass on the contracts as they are`);
    const left = [...mutants];
    const work = async (judge: Judge): Promise<void> => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        await judgeOne(judge, next, { ...run, trials });
        if (left.length % COMPACT_EVERY === 0) compactResults([...run.results.values()]);
        run.say(`${left.length} left`);
      }
    };
    await Promise.all(judges.map(work));
  } finally {
    for (const judge of judges) judge.close();
  }
}

async function main(): Promise<number> {
  const options = readOptions();
  const sources = contractSources();
  const all = createMutants(sources, filesIn(sources));
  const suites = allSuites();
  const known = readResults();
  const isKnown = (mutant: Mutant): boolean => {
    const result = known.get(mutant.id);
    return result !== undefined && isCurrent(result, mutant, suitesFor(mutant, suites));
  };
  const notRun = (id: string): Result => ({ id, status: 'not run', by: '', key: '-'.repeat(12) });
  const results = new Map(
    all.map((mutant) => [mutant.id, isKnown(mutant) ? known.get(mutant.id)! : notRun(mutant.id)]),
  );
  const wanted = all.filter(
    (mutant) => options.only.includes(partOf(mutant)) && options.match.test(mutant.id),
  );
  const chosen = shuffled(wanted, options.seed).slice(0, options.sample ?? wanted.length);
  const unknown = chosen.filter((mutant) => options.again || results.get(mutant.id)!.status === 'not run');
  const { quick } = options;
  const say = options.json ? () => undefined : (line: string) => console.log(line);
  if (!options.list)
    await judgeAll(unknown, options.jobs, { quick, order: createOrder(), suites, results, say });
  compactResults([...results.values()]);

  const report = createReport(chosen, results);
  if (options.json) console.log(JSON.stringify(report));
  else printReport(report);
  return report.survivors.some(({ reason }) => reason === '') ? 1 : 0;
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  },
);

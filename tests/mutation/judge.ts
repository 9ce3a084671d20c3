import { stripVTControlCharacters } from 'node:util';
import type { Sources } from '../support/tactSources';
import { contractSources } from '../support/tactSources';
import { compileAlone, importedBy } from './compile';
import { collect, installWords, type Suite } from './harness';
import { hashOf, linked, type Changed } from './link';
import { forgetModules, installLoader, load, useCodes } from './loader';
import type { Mutant } from './mutants';
import { targetsOf } from './scope';
import { readBuild, type Built, type ContractName } from './targets';

// The process that compiles mutants and runs tests against them. It is asked by its parent, one mutant at a time, and may be
// killed at any moment.

/** A test, by its suite and its place there. */
export interface TestName {
  suite: string;
  index: number;
}

export type Question =
  { kind: 'suite'; suite: string } | { kind: 'mutant'; mutant: Mutant; tests: readonly TestName[] };

/** How much of a processor's time a test takes on the contracts as they are, and whether it passes there. */
export interface Trial extends TestName {
  name: string;
  milliseconds: number;
  failure: string | null;
}

export type Verdict =
  | { status: 'killed'; by: TestName; why: string }
  | { status: 'survived' | 'same' }
  | { status: 'invalid'; why: string };

export type Answer =
  | { kind: 'running'; test: TestName }
  | { kind: 'trials'; trials: readonly Trial[] }
  | { kind: 'verdict'; verdict: Verdict }
  | { kind: 'broken'; why: string };

const REASON_LENGTH = 200;
const sources: Sources = contractSources();
const built: readonly Built[] = readBuild();

/** Runs every test of a suite on the unchanged contracts, the last one first: none may lean on the one before. */
async function tryOut(suite: string): Promise<Trial[]> {
  useCodes(built);
  forgetModules();
  const trials: Trial[] = [];
  const { tests, close } = collect(() => load(`tests/${suite}`));
  for (const [index, { name, run }] of [...tests.entries()].reverse()) {
    say({ kind: 'running', test: { suite, index } });
    const before = process.cpuUsage();
    const failure = await run().then(() => null, reasonOf);
    const { user, system } = process.cpuUsage(before);
    trials.push({ suite, index, name, milliseconds: (user + system) / 1000, failure });
  }
  await close();
  return trials;
}

async function judge(mutant: Mutant, tests: readonly TestName[]): Promise<Verdict> {
  const changed = await compiled(mutant).catch((error: unknown) => reasonOf(error));
  if (typeof changed === 'string') return { status: 'invalid', why: changed };
  const codes = linked(built, changed);
  if (codes.every(({ code }, i) => hashOf(code) === hashOf(built[i]!.code))) return { status: 'same' };
  useCodes(codes);
  forgetModules();
  const suites = new Map<string, Suite>();
  for (const test of tests) {
    say({ kind: 'running', test });
    const suite = suites.get(test.suite) ?? collect(() => load(`tests/${test.suite}`));
    suites.set(test.suite, suite);
    const why = await suite.tests[test.index]!.run().then(() => null, reasonOf);
    if (why !== null) return { status: 'killed', by: test, why };
  }
  return { status: 'survived' };
}

async function compiled(mutant: Mutant): Promise<Changed> {
  const changed: Partial<Record<ContractName, Changed[ContractName]>> = {};
  for (const target of targetsOf(mutant, sources)) {
    const texts = importedBy(sources, target.entry).map((source) =>
      source.path.endsWith(mutant.file) ? { ...source, code: mutant.text } : source,
    );
    changed[target.contract] = await compileAlone(texts, target);
  }
  outliveStrayFailures();
  return changed;
}

function reasonOf(error: unknown): string {
  const text = stripVTControlCharacters(error instanceof Error ? error.message : String(error));
  return text.replace(/\s+/g, ' ').trim().slice(0, REASON_LENGTH) || 'failed';
}

function say(answer: Answer): void {
  process.send!(answer);
}

async function answer(question: Question): Promise<Answer> {
  try {
    return question.kind === 'suite'
      ? { kind: 'trials', trials: await tryOut(question.suite) }
      : { kind: 'verdict', verdict: await judge(question.mutant, question.tests) };
  } catch (error) {
    return { kind: 'broken', why: error instanceof Error ? error.stack! : String(error) };
  }
}

/** A test's stray failure is not the end of this process; each run of the FunC compiler brings listeners that make it so. */
function outliveStrayFailures(): void {
  for (const event of ['uncaughtException', 'unhandledRejection']) {
    process.removeAllListeners(event);
    process.on(event, () => undefined);
  }
}

installWords();
installLoader();
outliveStrayFailures();
process.on('message', (question: Question) => void answer(question).then(say));

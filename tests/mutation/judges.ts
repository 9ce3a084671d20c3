import { fork, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import type { Answer, Question, TestName, Trial, Verdict } from './judge';
import type { Mutant } from './mutants';

// The parent's side of judge.ts. A mutant that makes a test loop for ever is killed by the clock, and the process with it.

/** A test may take this many times as long as on the unchanged contracts, and never less than the floor. */
const PATIENCE = 20;
const LEAST_PATIENCE_MS = 60_000;
/** Compiling, and evaluating a suite for the first time. */
const STARTING_MS = 300_000;
/** A process is replaced after so many mutants: compilers and emulators leak. */
const MUTANTS_PER_PROCESS = 60;

export interface Judge {
  tryOut(suite: string): Promise<readonly Trial[]>;
  judge(mutant: Mutant, tests: readonly Trial[]): Promise<Verdict>;
  close(): void;
}

/** One process that judges; it is started when it is needed, and again when it was killed. */
export function createJudge(): Judge {
  let child: ChildProcess | null = null;
  let asked = 0;
  const end = (): void => {
    child?.kill('SIGKILL');
    child = null;
  };
  const started = (): ChildProcess => {
    if (asked++ % MUTANTS_PER_PROCESS === 0) end();
    return (child ??= fork(path.join(__dirname, 'judge.ts'), {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    }));
  };
  return {
    async tryOut(suite) {
      const answer = await ask(started(), { kind: 'suite', suite }, () => STARTING_MS);
      if (answer.kind !== 'trials') throw new Error(broken(answer));
      return answer.trials;
    },
    async judge(mutant, tests) {
      const patience = ({ suite, index }: TestName): number => {
        const trial = tests.find((test) => test.suite === suite && test.index === index);
        return Math.max(LEAST_PATIENCE_MS, PATIENCE * (trial?.milliseconds ?? 0));
      };
      const names = tests.map(({ suite, index }): TestName => ({ suite, index }));
      const answer = await ask(started(), { kind: 'mutant', mutant, tests: names }, patience);
      if (answer.kind === 'verdict') return answer.verdict;
      end();
      if (answer.kind === 'running') return { status: 'killed', by: answer.test, why: 'took too long' };
      throw new Error(broken(answer));
    },
    close: end,
  };
}

const broken = (answer: Answer): string =>
  answer.kind === 'broken' ? answer.why : 'the process did not answer';

/** The last answer; one of kind `running` names the test that never ended. */
function ask(
  child: ChildProcess,
  question: Question,
  patienceMs: (test: TestName) => number,
): Promise<Answer> {
  return new Promise((resolve) => {
    let latest: Answer = { kind: 'broken', why: `nothing for ${STARTING_MS} ms` };
    let timer = setTimeout(() => finish(latest), STARTING_MS);
    const onMessage = (answer: Answer): void => {
      if (answer.kind !== 'running') return finish(answer);
      latest = answer;
      clearTimeout(timer);
      timer = setTimeout(() => finish(latest), patienceMs(answer.test));
    };
    const onExit = (): void => finish({ kind: 'broken', why: 'the process ended' });
    const finish = (answer: Answer): void => {
      clearTimeout(timer);
      child.off('message', onMessage).off('exit', onExit);
      resolve(answer);
    };
    child.on('message', onMessage).on('exit', onExit);
    child.send(question);
  });
}

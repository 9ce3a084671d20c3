import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

/** A program of this project in a process of its own, as a person would start it; its output goes to a log file. */
export interface Program {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Resolves with the exit code once the process is gone. */
  readonly exited: Promise<number | null>;
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

const ROOT = resolve(__dirname, '..', '..');
const STOP_SECONDS = 20;
const START_SECONDS = 60;

/** Starts `entry` (a path from the project's root) and waits until a line of its output satisfies `ready`. */
export async function startProgram<T>(options: {
  name: string;
  entry: string;
  args: readonly string[];
  logDir: string;
  ready: (line: string) => T | undefined;
}): Promise<{ program: Program; value: T }> {
  mkdirSync(options.logDir, { recursive: true });
  const logFile = join(options.logDir, `${options.name}.log`);
  const log = createWriteStream(logFile);
  const child = spawn(process.execPath, ['--import', 'tsx', join(ROOT, options.entry), ...options.args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  });
  const exited = new Promise<number | null>((done) => child.once('close', (code) => done(code)));
  const value = new Promise<T>((found, failed) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        log.write(`${line}\n`);
        const answer = options.ready(line);
        if (answer !== undefined) found(answer);
      });
    }
    const timer = setTimeout(
      () => failed(new Error(`${options.name} was not ready after ${START_SECONDS} s, see ${logFile}`)),
      START_SECONDS * 1_000,
    );
    timer.unref();
    child.once('error', failed);
    void exited.then((code) =>
      failed(new Error(`${options.name} ended with code ${code} before it was ready, see ${logFile}`)),
    );
  });
  const program = {
    name: options.name,
    pid: child.pid ?? 0,
    logFile,
    exited,
    stop: (signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM') => stop(child, exited, signal),
  };
  try {
    return { program, value: await value };
  } catch (error) {
    await program.stop('SIGKILL');
    throw error;
  }
}

async function stop(
  child: ChildProcess,
  exited: Promise<number | null>,
  signal: 'SIGTERM' | 'SIGKILL',
): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_SECONDS * 1_000);
  await exited;
  clearTimeout(timer);
}

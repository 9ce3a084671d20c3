import { spawn, type ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { DrillOrder } from './child';

export interface DrillProcess {
  /** Gives the order, answers the router's URL. */
  start(order: DrillOrder): Promise<string>;
  /** The signal that ended it, null for none. */
  readonly exited: Promise<NodeJS.Signals | null>;
  kill(): void;
}

/** Loads a router process that waits for its order. */
export function spawnDrillProcess(): DrillProcess {
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', resolve(__dirname, 'child.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = new Promise<NodeJS.Signals | null>((done) =>
    child.once('exit', (_code, signal) => done(signal)),
  );
  return {
    exited,
    async start(order) {
      const url = new Promise<string>((found, failed) => {
        createInterface({ input: child.stdout! }).once('line', (line) =>
          found((JSON.parse(line) as { url: string }).url),
        );
        void exited.then(() => failed(new Error('the router process ended before it listened')));
      });
      child.stdin!.write(`${JSON.stringify(order)}\n`);
      return url;
    },
    kill: () => void child.kill('SIGKILL'),
  };
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ChildOrder } from './order';

export interface DrillClient {
  /** Gives the order; resolves with all that the process said, and the signal that ended it. */
  run(order: ChildOrder): Promise<{ said: string[][]; signal: NodeJS.Signals | null; code: number | null }>;
  kill(): void;
}

/** A client process that has loaded its modules, or is doing so, and waits for its order. */
export function spawnDrillClient(): DrillClient {
  const child = spawn(process.execPath, ['--import', 'tsx', join(__dirname, 'child.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const said: string[][] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => said.push(line.split(' ')));
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  return {
    async run(order) {
      child.stdin.write(`${JSON.stringify(order)}\n`);
      const [code, signal] = await ended;
      return { said, code, signal };
    },
    kill: () => void child.kill('SIGKILL'),
  };
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import OpenAI from 'openai';

export interface EngineProcess {
  url: string;
  modelHash: string;
  /** The official client, without its own retries. */
  client: OpenAI;
  /** Reads one series of /metrics. */
  metric(name: string): Promise<number>;
  /** Sends a signal and resolves with the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts the engine as its own process on a free port, with a model folder of its own. */
export async function startEngine(...flags: string[]): Promise<EngineProcess> {
  const modelDir = await mkdtemp(join(tmpdir(), 'cocoon-engine-'));
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', 'src/engine/main.ts', '--port', '0', '--model-dir', modelDir, ...flags],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const lines = createInterface({ input: child.stdout });
  const [line] = (await Promise.race([
    once(lines, 'line'),
    exited.then(([code]) => Promise.reject(new Error(`the engine ended with code ${code}`))),
  ])) as [string];
  const [, url, modelHash] = /^engine ready at (\S+) model \S+ hash ([0-9a-f]{64})$/.exec(line)!;
  return {
    url: url!,
    modelHash: modelHash!,
    client: new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 }),
    async metric(name) {
      const text = await (await fetch(`${url}/metrics`)).text();
      return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? NaN);
    },
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      const [code] = await exited;
      await rm(modelDir, { recursive: true, force: true });
      return code;
    },
  };
}

/** Asks until `condition` holds; the engine frees a slot a moment after a client went away. */
export async function eventually(condition: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt++) {
    if (await condition()) return;
  }
  throw new Error('the condition did not come true');
}

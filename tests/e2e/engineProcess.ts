import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import OpenAI from 'openai';

export interface EngineProcess {
  url: string;
  modelHash: string;
  /** Of the model that hears. */
  earHash: string;
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
  const [first, second] = await Promise.race([
    firstLines(lines, 2),
    exited.then(([code]) => Promise.reject(new Error(`the engine ended with code ${code}`))),
  ]);
  const [, url, modelHash] = /^engine ready at (\S+) model \S+ hash ([0-9a-f]{64})$/.exec(first!)!;
  const [, earHash] = /^engine also serves audio model \S+ hash ([0-9a-f]{64})$/.exec(second!)!;
  return {
    url: url!,
    modelHash: modelHash!,
    earHash: earHash!,
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

function firstLines(lines: Interface, count: number): Promise<string[]> {
  const read: string[] = [];
  return new Promise((resolve) =>
    lines.on('line', (line) => {
      if (read.push(line) === count) resolve(read);
    }),
  );
}

/** Asks until `condition` holds; the engine frees a slot a moment after a client went away. */
export async function eventually(condition: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt++) {
    if (await condition()) return;
  }
  throw new Error('the condition did not come true');
}

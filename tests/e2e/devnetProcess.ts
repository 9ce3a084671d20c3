import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

/** The devnet as a process of its own, as a person starts it. */
export interface DevnetProcess {
  url: string;
  apiUrl: string;
  networkId: number;
  /** Ends it and resolves with its exit code, or null when a signal ended it. */
  stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>;
}

export function spawnDevnet(args: readonly string[]): ChildProcess {
  return spawn(
    process.execPath,
    ['--import', 'tsx', 'src/devnet/main.ts', '--port', '0', '--json', ...args],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
}

export async function startDevnetProcess(args: readonly string[]): Promise<DevnetProcess> {
  const child = spawnDevnet(args);
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const first = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout! }).once('line', resolve);
    void exited.then((code) => reject(new Error(`the devnet ended with ${code} before it was ready`)));
  });
  const ready = JSON.parse(first) as { url: string; api_url: string; network_id: number };
  return {
    url: ready.url,
    apiUrl: ready.api_url,
    networkId: ready.network_id,
    stop(signal) {
      child.kill(signal);
      return exited;
    },
  };
}

/** Ends with the text of standard error: for starts that must fail. */
export async function failingDevnet(args: readonly string[]): Promise<{ code: number | null; text: string }> {
  const child = spawnDevnet(args);
  let text = '';
  child.stderr!.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, text };
}

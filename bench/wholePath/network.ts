import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startProgram } from '../../src/demo/processes';
import { standBefore, type StampedEngine } from './stampedEngine';

/** The development engine, and a whole simulated network before it: both programs as anybody starts them. */
export interface WholePath {
  /** The engine, as the worker sees it. */
  engine: StampedEngine;
  /** With /v1. */
  gatewayUrl: string;
  key: string;
  /** The gateway's client configuration. */
  configFile: string;
  folder: string;
  /** Processor time so far of all between caller and engine, in ms. */
  cpuMs(): number;
  close(): Promise<void>;
}

const SLOTS = 4;

export async function openWholePath(): Promise<WholePath> {
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-path-'));
  const ends: (() => Promise<void> | void)[] = [() => rmSync(folder, { recursive: true, force: true })];
  const close = async (): Promise<void> => {
    for (let end = ends.pop(); end; end = ends.pop()) await end();
  };
  try {
    const engine = await startEngine(folder, ends);
    const { program, value } = await startProgram({
      name: 'sandbox',
      entry: 'src/cli/main.ts',
      args: ['gateway', '--sandbox', '--json', '--port', '0', '--slots', `${SLOTS}`, '--engine', engine.url],
      logDir: folder,
      ready: (line) => (line.startsWith('{') ? (JSON.parse(line) as Where) : undefined),
    });
    ends.push(() => program.stop());
    return {
      ...{ engine, folder, close },
      gatewayUrl: value.url,
      key: value.funded_key,
      configFile: value.config,
      cpuMs: () => cpuMsOf(program.pid),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The part of the sandbox's line that is of use here. */
interface Where {
  url: string;
  funded_key: string;
  config: string;
}

/** User and system time, from Linux, in its ticks of 10 ms. */
function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function startEngine(folder: string, ends: (() => Promise<void> | void)[]): Promise<StampedEngine> {
  const { program, value } = await startProgram({
    name: 'engine',
    entry: 'src/engine/main.ts',
    args: ['--port', '0', '--slots', `${SLOTS}`, '--model-dir', path.join(folder, 'models')],
    logDir: folder,
    ready: (line) => /engine ready at (\S+)/.exec(line)?.[1],
  });
  ends.push(() => program.stop());
  const engine = await standBefore(value);
  ends.push(() => engine.close());
  return engine;
}

import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import type { ColdStart } from './coldStart/sdkProcess';
import { median } from './harness';
import { significant, type Benchmark } from './report';
import { openWholePath, type WholePath } from './wholePath/network';

const ROUNDS = 7;
const ROOT = path.join(__dirname, '..');
const run = promisify(execFile);

/** A program that has never run, to its first verified answer: with a line that is open already, and without. */
export const coldStart: Benchmark = {
  name: 'cold-start',
  title: 'From a new process to the first verified answer',
  async run({ onRound = () => undefined }) {
    const network = await openWholePath();
    try {
      const program = await bundle(network.folder);
      const without: Timed[] = [];
      const withLine: Timed[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        const config = writeConfig(network, round);
        without.push(await start(program, config, `First ${round}`, network));
        withLine.push(await start(program, config, `Again ${round}`, network));
        onRound(round + 1, ROUNDS);
      }
      return report(without, withLine);
    } finally {
      await network.close();
    }
  },
};

type Timed = ColdStart & { engineMs: number };

/** The SDK as an application carries it: compiled, its packages beside it. */
async function bundle(folder: string): Promise<string> {
  const outfile = path.join(folder, 'sdk.cjs');
  const entryPoints = [path.join(__dirname, 'coldStart/sdkProcess.ts')];
  await build({ entryPoints, outfile, bundle: true, platform: 'node', format: 'cjs', packages: 'external' });
  return outfile;
}

/** The sandbox's own client, but with empty books: they know of no line. */
function writeConfig(network: WholePath, round: number): string {
  const known = JSON.parse(readFileSync(network.configFile, 'utf8')) as Record<string, unknown>;
  const file = path.join(network.folder, `client-${round}.json`);
  const own = {
    ...known,
    dataDir: `client-${round}`,
    signerSeedFile: path.join(path.dirname(network.configFile), 'signer.hex'),
    lines: { firstCap: '1', raiseMin: '1', raiseMax: '5' },
  };
  writeFileSync(file, JSON.stringify(own));
  return file;
}

async function start(program: string, config: string, prompt: string, network: WholePath): Promise<Timed> {
  const env = { ...process.env, NODE_PATH: path.join(ROOT, 'node_modules') };
  const { stdout } = await run(process.execPath, [program, config, prompt], { env });
  return { ...(JSON.parse(stdout) as ColdStart), engineMs: network.engine.lastMs() };
}

function report(without: readonly Timed[], withLine: readonly Timed[]) {
  const row = (name: string, of: (one: Timed) => number): string[] => [
    name,
    ...[withLine, without].map((all) => `${significant(median(all.map(of)))} ms`),
  ];
  return {
    counted: {
      header: [`median of ${ROUNDS}`, 'a line is open', 'no line is open'],
      rows: [
        row('process begins, SDK is loaded', ({ loadedMs }) => loadedMs),
        row('process begins, answer is verified', ({ answeredMs }) => answeredMs),
        row('processor time of the process', ({ cpuMs }) => cpuMs),
        row("the engine's own part", ({ engineMs }) => engineMs),
        row('all beside the engine', ({ answeredMs, engineMs }) => answeredMs - engineMs),
        row(
          'of which after loading',
          ({ loadedMs, answeredMs, engineMs }) => answeredMs - loadedMs - engineMs,
        ),
      ],
    },
    notes: [
      'Each process reads the contracts, order book, quote and collateral anew and verifies the worker before it sends. Without a line it first opens one on the chain, whose blocks come at once here; a real chain adds its time to finality.',
      'Wanted: less than 1 s beside the engine.',
    ],
  };
}

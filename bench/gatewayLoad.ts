import { readFileSync, mkdtempSync, rmSync } from 'node:fs';
import { Agent, request, type IncomingMessage } from 'node:http';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { startProgram } from '../src/demo/processes';
import { PACED_MODEL, startPacedEngine } from './gatewayLoad/pacedEngine';
import { significant, type Benchmark } from './report';

const STREAMS = 256;
const EVENTS = 24;
const PACE_MS = 250;
/** The kernel's, in which /proc counts processor time. */
const TICKS_PER_SECOND = 100;

/** Many streams through one gateway at an even pace: what an event costs, and how much later it arrives. */
export const gatewayLoad: Benchmark = {
  name: 'gateway-load',
  title: `${STREAMS} concurrent streams through one gateway, router and worker`,
  async run({ onRound = () => undefined }) {
    const folder = mkdtempSync(path.join(tmpdir(), 'bench-load-'));
    const engine = await startPacedEngine(EVENTS, PACE_MS);
    const { program, value: at } = await startProgram({
      name: 'sandbox',
      entry: 'src/cli/main.ts',
      args: [
        'gateway',
        '--sandbox',
        '--json',
        '--port',
        '0',
        '--slots',
        `${STREAMS}`,
        '--engine',
        engine.url,
      ],
      logDir: folder,
      ready: (line) =>
        line.startsWith('{') ? (JSON.parse(line) as { url: string; funded_key: string }) : undefined,
    });
    const agent = new Agent({ keepAlive: true, noDelay: true });
    try {
      const loaded = (): Promise<Passed> => load(at.url, at.funded_key, agent, program.pid);
      // Lines are opened and code is compiled by the first.
      await loaded();
      onRound(1, 2);
      const passed = await loaded();
      onRound(2, 2);
      return report(passed);
    } finally {
      agent.destroy();
      await program.stop();
      await engine.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

interface Passed {
  /** From the engine's write to the caller's read, of every event, in ms. */
  delaysMs: number[];
  /** Processor time of the process that holds gateway, router and worker. */
  cpuMs: number;
}

/** Throws when a stream lost, repeated or reordered an event, or did not end. */
async function load(url: string, key: string, agent: Agent, pid: number): Promise<Passed> {
  const before = cpuMsOf(pid);
  const delays = await Promise.all(Array.from({ length: STREAMS }, () => readStream(url, key, agent)));
  return { delaysMs: delays.flat(), cpuMs: cpuMsOf(pid) - before };
}

async function readStream(url: string, key: string, agent: Agent): Promise<number[]> {
  const answer = await post(url, key, agent);
  const delays: number[] = [];
  let text = '';
  for await (const bytes of answer) {
    const now = performance.now();
    text += (bytes as Buffer).toString('latin1');
    for (let found = next(text, delays.length); found !== null; found = next(text, delays.length)) {
      delays.push(now - found);
    }
  }
  if (delays.length !== EVENTS || !text.trimEnd().endsWith('[DONE]')) {
    throw new Error(`${delays.length} of ${EVENTS} events came, then: ${text.slice(-300)}`);
  }
  return delays;
}

/** When the event of that number left the engine; null while it is not there. */
function next(text: string, number: number): number | null {
  const found = new RegExp(`"${number}@([\\d.]+) "`).exec(text)?.[1];
  return found === undefined ? null : Number(found);
}

function post(url: string, key: string, agent: Agent): Promise<IncomingMessage> {
  const messages = [{ role: 'user', content: 'Count' }];
  const body = JSON.stringify({ model: PACED_MODEL, messages, max_tokens: EVENTS, stream: true });
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
  return new Promise((resolve, reject) => {
    request(`${url}/chat/completions`, { method: 'POST', headers, agent }, resolve)
      .once('error', reject)
      .end(body);
  });
}

function cpuMsOf(pid: number): number {
  // The name in brackets may hold spaces: fields are counted from behind it.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / TICKS_PER_SECOND;
}

function report({ delaysMs, cpuMs }: Passed) {
  const sorted = [...delaysMs].sort((a, b) => a - b);
  const at = (part: number): string => `${significant(sorted[Math.floor(part * (sorted.length - 1))]!)} ms`;
  return {
    counted: {
      header: ['events', 'CPU per event', 'added delay, p50', 'p99', 'most'],
      rows: [
        [`${sorted.length}`, `${significant((cpuMs * 1e3) / sorted.length)} us`, at(0.5), at(0.99), at(1)],
      ],
    },
    notes: [
      `Each stream gets an event every ${PACE_MS} ms; the worker holds one for at most 50 ms, to seal it with what comes next. CPU is that of the one process in which gateway, router, worker and chain run, with what it takes to begin and bill ${STREAMS} jobs.`,
      `No event was lost or out of order. Load average of the machine meanwhile: ${loadavg()[0]!.toFixed(1)} on its threads.`,
    ],
  };
}

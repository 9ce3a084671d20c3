import { Agent } from 'node:http';
import { median } from './harness';
import { significant, type Benchmark } from './report';
import { askForJson, askForStream, type Asked, type Streamed } from './wholePath/asking';
import { openWholePath, type WholePath } from './wholePath/network';

const JSON_PAIRS = 150;
const JSON_TOKENS = 8;
const STREAM_PAIRS = 40;
const PACED_STREAMS = 12;
const STREAM_TOKENS = 64;
/** So slow that the 50 ms end a chunk, and not the 8 tokens. */
const PACE_MS = 20;
const HELD_MS_MOST = 50;
const HELD_TOKENS_MOST = 8;
const WARM_UP = 10;

/** What standing between costs: gateway, router and worker before the engine, beside the engine alone. */
export const overhead: Benchmark = {
  name: 'overhead',
  title: 'The whole path (gateway, router, worker, engine) beside the engine alone',
  async run({ onRound = () => undefined }) {
    const network = await openWholePath();
    const agent = new Agent({ keepAlive: true, noDelay: true });
    const direct: Asked = { url: `${network.engine.url}/v1`, key: 'none', agent };
    const whole: Asked = { url: network.gatewayUrl, key: network.key, agent };
    try {
      const cpuBefore = network.cpuMs();
      const json = await pairs(JSON_PAIRS, direct, whole, (asked, i) =>
        askForJson(asked, `Say ${i}`, JSON_TOKENS),
      );
      const cpuMs = (network.cpuMs() - cpuBefore) / (JSON_PAIRS + WARM_UP);
      onRound(1, 3);
      const streams = await pairs(STREAM_PAIRS, direct, whole, (asked, i) =>
        askForStream(asked, `Tell ${i}`, STREAM_TOKENS),
      );
      onRound(2, 3);
      const fast = await delays(STREAM_PAIRS, 0, network, whole);
      const paced = await delays(PACED_STREAMS, PACE_MS, network, whole);
      onRound(3, 3);
      return report(json, streams, { fast, paced }, cpuMs);
    } finally {
      agent.destroy();
      await network.close();
    }
  },
};

type Pair<T> = { direct: T[]; whole: T[] };

/** Alternating, each first as often as the other. */
async function pairs<T>(
  count: number,
  direct: Asked,
  whole: Asked,
  ask: (asked: Asked, i: number) => Promise<T>,
): Promise<Pair<T>> {
  const result: Pair<T> = { direct: [], whole: [] };
  for (let i = -WARM_UP; i < count; i++) {
    const turns = i % 2 === 0 ? (['direct', 'whole'] as const) : (['whole', 'direct'] as const);
    for (const turn of turns) {
      const one = await ask(turn === 'direct' ? direct : whole, i);
      if (i >= 0) result[turn].push(one);
    }
  }
  return result;
}

interface Delays {
  /** From the engine to the caller, of every token, in ms. */
  tokenMs: number[];
  batches: Batch[];
}

/** Tokens that came in one read. */
interface Batch {
  tokens: number;
  /** How long the oldest had waited when the newest left the engine. */
  heldMs: number;
}

/** Each token's time from the engine to the caller: two readings of one clock. */
async function delays(count: number, paceMs: number, { engine }: WholePath, whole: Asked): Promise<Delays> {
  engine.pace(paceMs);
  const tokenMs: number[] = [];
  const batches: Batch[] = [];
  for (let i = 0; i < count; i++) {
    const { arrived } = await askForStream(whole, `Count ${i}`, STREAM_TOKENS);
    const passed = engine.passed();
    if (passed.length !== arrived.length)
      throw new Error(`${passed.length} tokens left the engine, ${arrived.length} arrived`);
    arrived.forEach((at, token) => tokenMs.push(at - passed[token]!));
    batches.push(...batchesOf(arrived, passed));
  }
  engine.pace(0);
  return { tokenMs, batches };
}

function batchesOf(arrived: readonly number[], passed: readonly number[]): Batch[] {
  const starts = arrived.flatMap((at, i) => (i === 0 || at !== arrived[i - 1] ? [i] : []));
  return starts.map((start, i) => {
    const end = starts[i + 1] ?? arrived.length;
    return { tokens: end - start, heldMs: passed[end - 1]! - passed[start]! };
  });
}

function report(
  json: Pair<number>,
  streams: Pair<Streamed>,
  { fast, paced }: Record<'fast' | 'paced', Delays>,
  cpuMs: number,
) {
  const first = mapPair(streams, ({ firstTokenMs }) => firstTokenMs);
  const perToken = mapPair(streams, ({ totalMs, arrived }) => totalMs / arrived.length);
  return {
    counted: {
      header: ['', 'engine alone', 'whole path', 'ratio', 'added'],
      rows: [
        ...rows(`JSON, ${JSON_TOKENS} tokens`, json),
        ...rows('first token of a stream', first),
        ...rows(`each of ${STREAM_TOKENS} streamed tokens`, perToken),
      ],
    },
    notes: [
      delayNote('as fast as the engine writes', fast),
      delayNote(`at one token in ${PACE_MS} ms`, paced),
      'Two chunks that come while the caller is busy are one read; the delay includes two processes, three sockets and whatever else the machine does.',
      `Processor time of gateway, client, router, worker and chain for one JSON answer: ${us(cpuMs)}.`,
      'Engine, network and caller are three processes on the loopback, and both ways pass the same stamp before the engine.',
    ],
  };
}

function delayNote(name: string, { tokenMs, batches }: Delays): string {
  const late = tokenMs.filter((ms) => ms > HELD_MS_MOST).length;
  const figures = [
    `p50 ${us(median(tokenMs))}`,
    `p95 ${us(quantile(tokenMs, 0.95))}`,
    `most ${us(Math.max(...tokenMs))}`,
  ];
  const broken = batches.filter(({ tokens, heldMs }) => tokens > HELD_TOKENS_MOST || heldMs > HELD_MS_MOST);
  return `Added delay of a token ${name}: ${figures.join(', ')}; ${late} of ${tokenMs.length} took more than ${HELD_MS_MOST} ms. Of ${batches.length} reads ${broken.length} brought more than ${HELD_TOKENS_MOST} tokens or ${HELD_MS_MOST} ms of them.`;
}

function rows(name: string, pair: Pair<number>): string[][] {
  return (
    [
      ['p50', 0.5],
      ['p95', 0.95],
    ] as const
  ).map(([label, part]) => {
    const [direct, whole] = [quantile(pair.direct, part), quantile(pair.whole, part)];
    const ratio = `${significant(whole / direct)}x`;
    return [`${name}, ${label}`, us(direct), us(whole), ratio, us(whole - direct)];
  });
}

function mapPair<T>(pair: Pair<T>, of: (one: T) => number): Pair<number> {
  return { direct: pair.direct.map(of), whole: pair.whole.map(of) };
}

function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return part === 0.5
    ? median(values)
    : sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]!;
}

function us(ms: number): string {
  return `${significant(ms * 1e3)} us`;
}

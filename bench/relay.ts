import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { JOB_CONTENT_TYPE, createFrameParser, FrameKind } from '../src/protocol/wire';
import { compare, type Contender } from './harness';
import { LINES, jobBytes, receiptBytes } from './relay/parties';
import { startMeasured, type MeasuredProcess } from './relay/process';
import { CHUNKS, linkWorker, readAll, startHttpUpstream } from './relay/upstream';
import type { Benchmark } from './report';

const CIPHERTEXT = Buffer.alloc(2048, 5);

/** The router beside the least that a relay can do, each in a process of its own, answering the same jobs. */
export const relay: Benchmark = {
  name: 'relay',
  title: `Relay of one job: 2 KiB in, ${CHUNKS} chunks of 512 bytes and a receipt out`,
  async run(options) {
    const folder = mkdtempSync(path.join(tmpdir(), 'bench-relay-'));
    const receipts = new Map<string, Buffer>();
    const receiptFor = (job: Buffer): Buffer => receipts.get(jobKey(job))!;

    const upstream = await startHttpUpstream(receiptFor);
    const proxy = await startMeasured('proxyProcess.ts', [upstream.url]);
    const router = await startMeasured('routerProcess.ts', [path.join(folder, 'receipts.db')]);
    const link = await linkWorker(router.url, receiptFor);
    try {
      const measured = await compare(
        [
          through('plain node:http proxy', proxy, receipts, 0),
          through('router: ticket and receipt verified, receipt on disk', router, receipts, 1),
        ],
        { rounds: 9, turnMs: 1_000, ...options },
      );
      return { measured, notes: ["CPU is the relaying process's own; the load comes from another process."] };
    } finally {
      link.destroy();
      proxy.stop();
      router.stop();
      upstream.server.close();
      upstream.server.closeAllConnections();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** `LINES` clients, each sending its next job once it has the receipt of the last. */
function through(
  name: string,
  relaying: MeasuredProcess,
  receipts: Map<string, Buffer>,
  salt: number,
): Contender {
  const agent = new Agent({ keepAlive: true, noDelay: true });
  const sent = new Array<number>(LINES).fill(0);
  let jobs: Buffer[][] = [];
  return {
    name,
    cpuUsage: () => relaying.cpuUsage(),
    prepare(operations) {
      receipts.clear();
      jobs = Array.from({ length: LINES }, () => []);
      for (let i = 0; i < operations; i++) {
        const line = i % LINES;
        const number = sent[line]!++;
        const job = jobBytes(line, number, Buffer.concat([CIPHERTEXT, Buffer.from([salt])]));
        receipts.set(jobKey(job), receiptBytes(line, number));
        jobs[line]!.push(job);
      }
    },
    async run() {
      await Promise.all(
        jobs.map(async (own) => {
          for (const job of own) await post(relaying.url, agent, job);
        }),
      );
    },
    close: () => agent.destroy(),
  };
}

/** A ticket's signature is as good as a name. */
function jobKey(job: Buffer): string {
  return job.toString('latin1', 243, 307);
}

async function post(url: string, agent: Agent, job: Buffer): Promise<void> {
  const answer = await new Promise<Buffer>((resolve, reject) => {
    const headers = { 'content-type': JOB_CONTENT_TYPE, 'content-length': job.length };
    const asked = request(`${url}/v1/jobs`, { method: 'POST', agent, headers }, (response) => {
      readAll(response).then(resolve, reject);
    });
    asked.once('error', reject);
    asked.end(job);
  });
  let frames;
  try {
    frames = createFrameParser().push(answer);
  } catch {
    throw new Error(`the relay answered ${answer.toString('utf8', 0, 300)}`);
  }
  if (frames.length !== CHUNKS + 2 || frames.at(-1)?.kind !== FrameKind.Receipt) {
    throw new Error(`a reply of ${frames.length} frames`);
  }
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { JOB_CONTENT_TYPE, createFrameParser, type Frame } from '../../../../src/protocol/wire';
import type { FamilyCollateral } from '../../../../src/router/evidence';
import type { FaultHook } from '../../../../src/router/faults';
import { createRouter, type Router, type RouterConfig } from '../../../../src/router/router';
import { FEE_TO, createFakeChain, createFakeClock, type FakeChain, type FakeClock } from './fakeChain';
import { linkFakeWorker, type FakeWorker, type FakeWorkerOptions } from './fakeWorker';
import { admit, createClientParty, createWorkerParty, type ClientParty, type WorkerParty } from './parties';

/** A running router on a fake chain, with one admitted worker and one client. Everything is closed by `close`. */
export interface Rig {
  router: Router;
  chain: FakeChain;
  clock: FakeClock;
  worker: WorkerParty;
  client: ClientParty;
  /** Lines that the router logged. */
  logged: string[];
  directory: string;
  link(options?: Partial<FakeWorkerOptions>): Promise<FakeWorker>;
  post(body: Buffer, headers?: Record<string, string>): Promise<Response>;
  close(): Promise<void>;
}

export async function createRig(
  config: Partial<RouterConfig> = {},
  more: {
    directory?: string;
    faultPoint?: FaultHook;
    collateral?: FamilyCollateral;
    monotonicMs?: () => number;
  } = {},
): Promise<Rig> {
  const directory = more.directory ?? mkdtempSync(join(tmpdir(), 'router-'));
  const chain = createFakeChain();
  const clock = createFakeClock();
  const worker = createWorkerParty(1);
  admit(chain, worker);
  const client = createClientParty(chain, 2, worker);
  const logged: string[] = [];
  const router = await createRouter(
    {
      host: '127.0.0.1',
      port: 0,
      ledgerPath: join(directory, 'receipts.db'),
      feeBps: 100,
      feeTo: FEE_TO,
      ...config,
      limits: { bookCacheMs: 0, ...config.limits },
    },
    {
      ...{ chain, escrows: chain, clock },
      log: pino({ level: 'debug' }, { write: (line) => void logged.push(line) }),
      ...(more.faultPoint && { faultPoint: more.faultPoint }),
      ...(more.collateral && { collateral: more.collateral }),
      ...(more.monotonicMs && { monotonicMs: more.monotonicMs }),
    },
  );
  const workers: FakeWorker[] = [];
  return {
    router,
    chain,
    clock,
    worker,
    client,
    logged,
    directory,
    async link(options = {}) {
      const fake = await linkFakeWorker(router.url, { party: worker, ...options });
      workers.push(fake);
      return fake;
    },
    post: (body, headers = {}) =>
      fetch(`${router.url}/v1/jobs`, {
        method: 'POST',
        body: new Uint8Array(body),
        headers: { 'content-type': JOB_CONTENT_TYPE, ...headers },
      }),
    async close() {
      for (const fake of workers) fake.close();
      await router.close();
      if (!more.directory) rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** All frames of a reply; `cut` when it ended inside one. */
export async function readFrames(response: Response): Promise<{ frames: Frame[]; cut: boolean }> {
  const parser = createFrameParser();
  const frames: Frame[] = [];
  try {
    for await (const part of response.body!) frames.push(...parser.push(part as Uint8Array));
  } catch {
    return { frames, cut: true };
  }
  return { frames, cut: parser.pending() > 0 };
}

/** The error code of a JSON refusal. */
export async function codeOf(response: Response): Promise<string> {
  return ((await response.json()) as { error: { code: string } }).error.code;
}

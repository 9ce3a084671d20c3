import type { Collateral } from '../../../../src/attestation';
import { simulatedCollateral } from '../../../../src/attestation/testing/host';
import { CocoonError, errorBody, type ErrorCode } from '../../../../src/protocol/errors';
import { decodeEnvelope, type BookEntry, type OrderBook } from '../../../../src/protocol/wire';
import { NETWORK_ID, REGISTRY } from './chain';
import type { ManualClock } from './clock';
import type { FakeWorker } from './worker';

export const ROUTER_URL = 'http://router.test';

/** A router as the client sees it: a `fetch` that knows its paths. */
export interface FakeRouter {
  fetch: typeof globalThis.fetch;
  book: Partial<OrderBook>;
  entry: Partial<BookEntry>;
  /** What it shows of a worker's quote, and as collateral; each gets the honest text. */
  evidence: (honest: string, workerKey: string) => string | Promise<string>;
  collateral: (honest: Collateral) => unknown;
  /** Paths of quotes and collateral that it was asked for. */
  shown: string[];
  /** Answers the next jobs with these errors. */
  refusals: ErrorCode[];
  /** The host of each job. */
  hosts: string[];
  /** Everything that was posted. */
  received: Buffer[];
  /** Called before each job is relayed. */
  beforeJob: (() => Promise<void> | void) | null;
  aborted: number;
  /** Resolves at the first abort. */
  upstreamAborted: Promise<void>;
}

export function createFakeRouter(clock: ManualClock, workers: () => FakeWorker[]): FakeRouter {
  const readBook = (): OrderBook => ({
    version: 1,
    networkId: NETWORK_ID,
    registry: REGISTRY.hash.toString('hex'),
    time: Math.floor(clock.now()),
    router: { feeBps: 100, feeTo: 'fe'.repeat(20) },
    entries: workers().map((worker) => ({
      offer: worker.offer(),
      freeSlots: worker.slots,
      draining: false,
      distinctEscrows: 1,
      successRate: 1,
      medianLatencyMs: 10,
      ...router.entry,
    })),
    ...router.book,
  });

  let onAbort: () => void = () => undefined;
  const upstreamAborted = new Promise<void>((resolve) => (onAbort = resolve));

  const runJob = async (init: RequestInit): Promise<Response> => {
    const bytes = Buffer.from(init.body as Uint8Array);
    router.received.push(bytes);
    init.signal?.addEventListener('abort', () => {
      router.aborted += 1;
      onAbort();
    });
    await router.beforeJob?.();
    const refusal = router.refusals.shift();
    if (refusal) {
      const error = new CocoonError(refusal, 'The router refuses.');
      return new Response(JSON.stringify(errorBody(error)), { status: error.httpStatus });
    }
    const envelope = decodeEnvelope(bytes);
    const worker = workers().find(({ key }) => key === envelope.line.workerKey.toString('hex'))!;
    const frames = worker.run(envelope);
    const stream = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await new Promise((resolve) => setImmediate(resolve));
        const frame = frames.shift();
        if (frame) controller.enqueue(new Uint8Array(frame));
        else controller.close();
      },
    });
    return new Response(stream, { headers: { 'content-type': 'application/cocoon-frames' } });
  };

  const show = async (path: string, query: URLSearchParams): Promise<Response> => {
    const workerKey = /^\/v1\/workers\/([0-9a-f]{64})\/evidence$/.exec(path)?.[1];
    const worker = workers().find(({ key }) => key === workerKey);
    if (!worker && path !== '/v1/collateral') return new Response('', { status: 404 });
    router.shown.push(path);
    if (worker) return new Response(await router.evidence(JSON.stringify(worker.evidence()), worker.key));
    const ca = query.get('ca') === 'processor' ? 'processor' : 'platform';
    const family = { fmspc: query.get('fmspc')!, ca } as const;
    return Response.json(router.collateral(simulatedCollateral(family, Math.floor(clock.now()))));
  };

  const router: FakeRouter = {
    book: {},
    entry: {},
    evidence: (honest) => honest,
    collateral: (honest) => honest,
    shown: [],
    refusals: [],
    hosts: [],
    received: [],
    beforeJob: null,
    aborted: 0,
    upstreamAborted,
    fetch: async (input, init = {}) => {
      init.signal?.throwIfAborted();
      const { pathname, host, searchParams } = new URL(input);
      if (pathname === '/v1/jobs') router.hosts.push(host);
      if (pathname === '/v1/book') return Response.json(readBook());
      if (pathname === '/v1/jobs') return Promise.race([runJob(init), untilAborted(init.signal)]);
      return show(pathname, searchParams);
    },
  };
  return router;
}

/** What `fetch` does with a signal. */
function untilAborted(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
  });
}

import type { ServerHttp2Stream } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { simulatedCollateral } from '../../../src/attestation/testing/host';
import type { Root } from '../../../src/protocol/root';
import { encodeEvidence, EVIDENCE_LIMITS } from '../../../src/protocol/wire';
import { openCollateral } from '../../../src/router/collateral';
import { ROUTER_LIMITS } from '../../../src/router/limits';
import { createShelf } from '../../../src/router/shelf';
import { START_UNIX } from './support/fakeChain';
import { createRig, type Rig } from './support/rig';

const FMSPC = 'b0c06f000000';
const TCB = {
  ...{ blockRoot: Buffer.alloc(32), fmspc: Buffer.from(FMSPC, 'hex'), pceId: 0, pceSvn: 11 },
  ...{ sgxSvns: Buffer.alloc(16), teeTcbSvn: Buffer.alloc(16), teeTcbSvn2: Buffer.alloc(16), qeIsvSvn: 4 },
};

const rigs: Rig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
});

/** A router whose worker answers what a test says, and counts how often it is asked. */
async function start(answer: (rig: Rig) => string | null): Promise<{
  rig: Rig;
  asked: () => number;
  families: string[];
  pass(ms: number): void;
  get(path: string): Promise<{ status: number; text: string; code?: string }>;
  evidence(): Promise<{ status: number; text: string; code?: string }>;
}> {
  let asked = 0;
  let ms = 0;
  const families: string[] = [];
  const rig = await createRig(
    {},
    {
      monotonicMs: () => ms,
      collateral: {
        async forFamily(family) {
          families.push(`${family.fmspc} ${family.ca}`);
          if (family.ca === 'processor') throw new Error('the service does not answer');
          return { collateral: simulatedCollateral(family, START_UNIX) };
        },
      },
    },
  );
  rigs.push(rig);
  rig.chain.changeWorker(rig.worker.account, { tcb: TCB });
  const onEvidence = (stream: ServerHttp2Stream): void => {
    asked += 1;
    const text = answer(rig);
    if (text === null) return stream.close();
    stream.respond({ ':status': 200, 'content-type': 'application/json' });
    stream.end(text);
  };
  const worker = await rig.link({ onEvidence });
  await worker.accepted;
  const get = async (path: string) => {
    const response = await fetch(`${rig.router.url}${path}`);
    const text = await response.text();
    const code = response.ok ? {} : { code: (JSON.parse(text) as { error: { code: string } }).error.code };
    return { status: response.status, text, ...code };
  };
  const path = `/v1/workers/${rig.worker.keys.publicKey.toString('hex')}/evidence`;
  const clock = { pass: (by: number) => void (ms += by) };
  return { rig, asked: () => asked, families, ...clock, get, evidence: () => get(path) };
}

const shown = ({ worker }: Rig, quote = Buffer.alloc(5_000, 7)): string =>
  JSON.stringify(encodeEvidence({ statement: worker.statement, quote }));

describe('a router asked for the quote of a worker', () => {
  it('passes on what the worker shows, asked once for all who want it, until it is a minute old', async () => {
    const { rig, evidence, asked, pass } = await start((one) => shown(one));
    const answers = await Promise.all([evidence(), evidence(), evidence()]);
    expect(answers).toEqual(Array.from({ length: 3 }, () => ({ status: 200, text: shown(rig) })));
    expect(asked()).toBe(1);
    pass(ROUTER_LIMITS.evidenceFreshMs - 1);
    await evidence();
    expect(asked()).toBe(1);
    pass(1);
    await evidence();
    expect(asked()).toBe(2);
  });

  it('knows nothing of workers that are not linked', async () => {
    const { get } = await start((one) => shown(one));
    expect(await get(`/v1/workers/${'ab'.repeat(32)}/evidence`)).toMatchObject({
      status: 404,
      code: 'not_found',
    });
  });

  it.each<[string, (rig: Rig) => string | null, number]>([
    [
      'is of another statement',
      ({ worker }) => shown({ worker: { ...worker, statement: Buffer.alloc(217, 1) } } as Rig),
      404,
    ],
    ['is no evidence', () => '{"version":1}', 404],
    ['holds a field that nobody knows', (rig) => JSON.stringify({ ...JSON.parse(shown(rig)), more: 1 }), 404],
    [
      'holds a quote that is too large',
      (rig) => shown(rig, Buffer.alloc(EVIDENCE_LIMITS.quoteBytes + 1)),
      404,
    ],
    ['is longer than any evidence', (rig) => shown(rig) + ' '.repeat(EVIDENCE_LIMITS.evidenceBytes), 502],
    ['breaks off before it begins', () => null, 404],
  ])('passes nothing on that %s, and asks again only after a growing pause', async (_, answer, status) => {
    const { evidence, asked, pass } = await start(answer);
    expect(await evidence()).toMatchObject({ status });
    await evidence();
    expect(asked()).toBe(1);
    pass(ROUTER_LIMITS.evidenceRetryMinMs);
    await evidence();
    expect(asked()).toBe(2);
    pass(2 * ROUTER_LIMITS.evidenceRetryMinMs - 1);
    await evidence();
    expect(asked()).toBe(2);
    pass(1);
    await evidence();
    expect(asked()).toBe(3);
  });

  it('takes the largest quote there is', async () => {
    const { evidence } = await start((one) => shown(one, Buffer.alloc(EVIDENCE_LIMITS.quoteBytes, 9)));
    expect(await evidence()).toMatchObject({ status: 200 });
  });
});

describe('a router asked for collateral', () => {
  it('serves that of families whose machines are linked, asked once while it is fresh', async () => {
    const { get, families, pass } = await start((one) => shown(one));
    const path = `/v1/collateral?fmspc=${FMSPC}&ca=platform`;
    const [first] = await Promise.all([get(path), get(path.replace(FMSPC, FMSPC.toUpperCase()))]);
    expect(JSON.parse(first.text)).toHaveProperty('tcb_info');
    expect(families).toEqual([`${FMSPC} platform`]);
    pass(ROUTER_LIMITS.collateralFreshMs);
    await get(path);
    expect(families).toHaveLength(2);
  });

  it.each([
    ['a family that no linked machine is of', `fmspc=${'11'.repeat(6)}&ca=platform`, 404, 'not_found'],
    ['no family', 'ca=platform', 400, 'invalid_request'],
    ['no authority', `fmspc=${FMSPC}&ca=root`, 400, 'invalid_request'],
    ['what its source does not have', `fmspc=${FMSPC}&ca=processor`, 503, 'collateral_unavailable'],
  ])('refuses %s, and does not ask for it again and again', async (_, query, status, code) => {
    const { get, families } = await start((one) => shown(one));
    expect(await get(`/v1/collateral?${query}`)).toMatchObject({ status, code });
    await get(`/v1/collateral?${query}`);
    expect(families.length).toBeLessThanOrEqual(1);
  });

  it('says so where it has no source', async () => {
    const rig = await createRig();
    rigs.push(rig);
    const response = await fetch(`${rig.router.url}/v1/collateral?fmspc=${FMSPC}&ca=platform`);
    expect(response.status).toBe(404);
  });
});

describe('a shelf', () => {
  it('waits twice as long after each failure, up to its limit, and not at all after an answer', async () => {
    let ms = 0;
    let works = false;
    let asked = 0;
    const shelf = createShelf<string>(
      { entries: 2, freshMs: 10, retryMinMs: 100, retryMaxMs: 250 },
      () => ms,
    );
    const get = (): Promise<string> =>
      shelf
        .get('a', () => {
          asked += 1;
          return works ? Promise.resolve('answer') : Promise.reject(new Error('no'));
        })
        .catch(() => 'failed');
    const askedAt: number[] = [];
    for (; ms < 1_000; ms += 10) {
      const before = asked;
      await get();
      if (asked > before) askedAt.push(ms);
    }
    expect(askedAt).toEqual([0, 100, 300, 550, 800]);
    works = true;
    ms = 1_050;
    expect(await get()).toBe('answer');
    ms += 9;
    await get();
    expect(asked).toBe(6);
  });

  it('forgets the oldest beyond its limit', async () => {
    const asked: string[] = [];
    const shelf = createShelf<string>({ entries: 2, freshMs: 10, retryMinMs: 1, retryMaxMs: 1 }, () => 0);
    const get = (key: string): Promise<string> =>
      shelf.get(key, async () => {
        asked.push(key);
        return key;
      });
    for (const key of ['a', 'b', 'c', 'c', 'b', 'a']) await get(key);
    expect(asked).toEqual(['a', 'b', 'c', 'a']);
  });
});

describe("a router's source of collateral", () => {
  const open = (roots: (() => Promise<Root>)[]) => {
    const said: string[] = [];
    const log = pino({ level: 'warn' }, { write: (line) => void said.push(line) });
    const readRoot = (): Promise<Root> => (roots.length > 1 ? roots.shift()! : roots[0]!)();
    const cacheDir = join(tmpdir(), 'no-such-cache');
    const config = { urls: ['http://127.0.0.1:1'], cacheDir };
    return { said, source: openCollateral(readRoot, config, { clock: { now: () => START_UNIX }, log }) };
  };
  const family = { fmspc: FMSPC, ca: 'platform' as const };

  it("is the simulator's on a simulated registry, and the log says so", async () => {
    const { said, source } = open([async () => 'simulated']);
    const { collateral } = await source.forFamily(family);
    expect(collateral).toEqual(simulatedCollateral(family, START_UNIX));
    expect(said.join('')).toContain('SIMULATED');
  });

  it('is found later where the chain cannot be read at first', async () => {
    const { said, source } = open([() => Promise.reject(new Error('no chain')), async () => 'simulated']);
    await expect(source.forFamily(family)).rejects.toThrow('no chain');
    await expect(source.forFamily(family)).resolves.toHaveProperty('collateral');
    expect(said[0]).toContain('no collateral for clients yet');
  });
});

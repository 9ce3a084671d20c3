import { toHex } from '../../../src/attestation/bytes';
import { mintCollateral, type CollateralTwist } from '../../../src/attestation/testing/collateral';
import { createMachine, DEFAULT_FMSPC } from '../../../src/attestation/testing/machine';
import { isoDate, tcbLevel } from '../../../src/attestation/testing/tcbInfo';
import type { Policy } from '../../../src/client';
import { parseClientFile } from '../../../src/client/config';
import { CLIENT_LIMITS } from '../../../src/client/limits';
import { requireVouched } from '../../../src/client/vouched';
import { CocoonError } from '../../../src/protocol/errors';
import { encodeEvidence, EVIDENCE_LIMITS, openEvidence } from '../../../src/protocol/wire';
import { createNetwork, HELLO, type Network, type NetworkOptions } from './network/setup';
import { createFakeWorker, TCB } from './network/worker';
import { talkativeEngine } from './network/engine';

const networks: Network[] = [];
afterEach(async () => {
  for (const { client } of networks.splice(0)) await client.close();
});

function start(options: NetworkOptions = {}): Network {
  const network = createNetwork(options);
  networks.push(network);
  return network;
}

/** The machine of the first worker, as its maker knows it. */
const machine = (nowUnix: number) =>
  createMachine({ ...{ seed: Buffer.alloc(32, 0x71), ca: 'platform' as const }, nowUnix });
const serve = (twist: CollateralTwist) => (network: Network) => {
  const now = Math.floor(network.clock.now());
  network.router.collateral = () => mintCollateral(machine(now), now, twist);
};

const ask = async ({ openai }: Network): Promise<string> =>
  openai.chat.completions.create(HELLO).then(
    () => 'answered',
    (error: unknown) => (error as { code: string }).code,
  );

/** Evidence with one byte of the quote changed. */
const changed =
  (at: number) =>
  (honest: string): string => {
    const { statement, quote } = openEvidence(honest)!;
    quote[at < 0 ? quote.length + at : at]! ^= 1;
    return JSON.stringify(encodeEvidence({ statement, quote }));
  };
const SIGNATURE_AT = 48 + 584 + 4;
const BLOCK_AT = 48 + 520 + 32;

interface Lie {
  prepare(network: Network): void;
  link: string;
  policy?: Partial<Policy>;
  code?: string;
}

const level = (status: string, advisories?: string[]) =>
  serve({
    tcbInfo: {
      content: (info) => ({ ...info, tcbLevels: [tcbLevel({ status, ...(advisories && { advisories }) })] }),
    },
  });

const LIES: Record<string, Lie> = {
  'a router that shows no quote': {
    prepare: ({ router }) => void (router.evidence = () => Promise.reject(new Error('reset'))),
    link: 'evidence',
  },
  'a router that shows something else': {
    prepare: ({ router }) => void (router.evidence = () => '{"version":1}'),
    link: 'evidence',
  },
  'a router that shows more than any evidence': {
    prepare: ({ router }) =>
      void (router.evidence = (honest) => honest + ' '.repeat(EVIDENCE_LIMITS.evidenceBytes)),
    link: 'evidence',
  },
  "a router that shows another worker's quote": {
    prepare: ({ router, clock }) => {
      const other = createFakeWorker(clock, { index: 9, engine: talkativeEngine });
      router.evidence = () => JSON.stringify(other.evidence());
    },
    link: 'evidence',
  },
  "a router that shows another worker's quote under this one's statement": {
    prepare: ({ router, clock }) => {
      const { quote } = createFakeWorker(clock, { index: 9, engine: talkativeEngine }).evidence();
      router.evidence = (honest) => JSON.stringify({ ...JSON.parse(honest), quote });
    },
    link: 'evidence',
  },
  'a quote that is bound to another block than the contract recorded': {
    prepare: ({ router }) => void (router.evidence = changed(BLOCK_AT)),
    link: 'freshness',
  },
  'a block that is not in the masterchain': {
    prepare: ({ chain }) => void (chain.blockRoot = Buffer.alloc(32, 7)),
    link: 'freshness',
  },
  'a quote that was admitted too long ago': {
    prepare: ({ clock }) => clock.advance(601),
    policy: { maxAgeSeconds: 600 },
    link: 'freshness',
  },
  'a quote whose signature is changed': {
    prepare: ({ router }) => void (router.evidence = changed(SIGNATURE_AT)),
    link: 'quote',
  },
  'a quote of a TD that its host can look into': {
    prepare: ({ workers, clock, chain }) => {
      const tdAttributes = Buffer.from('0100001000000000', 'hex');
      const debug = createFakeWorker(clock, {
        ...{ index: 1, engine: talkativeEngine, quote: { body: { tdAttributes } } },
      });
      workers[0] = debug;
      chain.workerStates.set(debug.address.hash.toString('hex'), debug.state);
      chain.rules.images.set(debug.state.imageId.toString('hex'), 2 ** 32 - 1);
    },
    link: 'quote',
  },
  'collateral that nobody signed': {
    prepare: serve({ tcbInfo: { shownText: (text) => text.replace('UpToDate', 'Revoked') } }),
    link: 'collateral',
  },
  'collateral of another family of machines': {
    prepare: serve({ tcbInfo: { content: (info) => ({ ...info, fmspc: '00606A000000' }) } }),
    link: 'collateral',
  },
  'collateral of last year': {
    prepare: ({ router, clock }) =>
      void (router.collateral = () => {
        const then = Math.floor(clock.now()) - 40 * 86_400;
        return mintCollateral(machine(then), then);
      }),
    link: 'collateral',
  },
  'a list of revoked machines of the other authority': {
    prepare: ({ router, clock }) =>
      void (router.collateral = () => {
        const now = Math.floor(clock.now());
        return mintCollateral(createMachine({ seed: 'other', ca: 'processor', nowUnix: now }), now);
      }),
    link: 'collateral',
  },
  'collateral that is none': {
    prepare: ({ router }) => void (router.collateral = () => ({ tcb_info: 'x' })),
    link: 'collateral',
  },
  'a machine that Intel revoked': {
    prepare: (network) => serve({ pckCrl: { revoked: [machine(0).leaf.serial] } })(network),
    link: 'platform',
  },
  'a machine behind its newest TCB': { prepare: level('OutOfDate'), link: 'tcb' },
  'a machine with an advisory': { prepare: level('UpToDate', ['INTEL-SA-00960']), link: 'tcb' },
  'a recovery older than the policy wants': {
    prepare: () => undefined,
    policy: { minTcbEvaluationDataNumber: 18 },
    link: 'tcb',
  },
  'a contract that recorded another TCB': {
    prepare: ({ workers, chain }) => {
      workers[0]!.state.tcb = { ...TCB, pceSvn: TCB.pceSvn + 1 };
      chain.rules.floors.clear();
      chain.rules.floors.set('000000000000', TCB);
    },
    link: 'tcb',
  },
  'a contract that recorded another family': {
    prepare: ({ workers }) =>
      void (workers[0]!.state.tcb = { ...TCB, fmspc: Buffer.from('00606a000000', 'hex') }),
    link: 'tcb',
  },
  'an image that the policy does not pin': {
    prepare: () => undefined,
    policy: { imageIds: ['ab'.repeat(32)] },
    link: 'image',
  },
  'a contract that recorded another image': {
    prepare: ({ workers, chain, router }) => {
      const { state } = workers[0]!;
      state.imageId = Buffer.alloc(32, 1);
      chain.rules.images.set(state.imageId.toString('hex'), 2 ** 32 - 1);
      const signed = workers[0]!.offer({ imageId: state.imageId.toString('hex') });
      workers[0]!.offer = () => signed;
      router.book = {};
    },
    link: 'image',
  },
  'a contract that recorded another shape': {
    prepare: ({ workers, chain }) => {
      workers[0]!.state.shape = Buffer.alloc(32, 1);
      chain.rules.shapes.add('01'.repeat(32));
    },
    link: 'shape',
  },
  'a contract that recorded another machine': {
    prepare: ({ workers }) => void (workers[0]!.state.platform = Buffer.alloc(32, 1)),
    link: 'platform',
  },
  'endpoints that disagree about the contract': {
    prepare: ({ chain }) =>
      void (chain.worker = () => Promise.reject(new CocoonError('chain_disagrees', 'They disagree.'))),
    link: 'chain',
    code: 'chain_disagrees',
  },
  'endpoints that disagree about the block': {
    prepare: ({ chain }) =>
      void (chain.masterchainRoot = () =>
        Promise.reject(new CocoonError('chain_disagrees', 'They disagree.'))),
    link: 'chain',
    code: 'chain_disagrees',
  },
};

describe('the client sends nothing', () => {
  it.each(Object.entries(LIES))('to %s, and names the link', async (_, lie) => {
    const network = start({ config: { policy: lie.policy ?? {} } });
    lie.prepare(network);
    const message = await network.openai.chat.completions
      .create(HELLO)
      .catch((error: Error) => error.message);
    expect(message).toContain(`fails at the link "${lie.link}"`);
    expect(await ask(network)).toMatch(new RegExp(lie.code ?? 'attestation_refused'));
    expect(network.client.refusedWorkers()).toMatchObject([{ link: lie.link, models: ['tiny'] }]);
    // Nothing that anybody typed left this process, and no line was opened.
    expect(network.router.received).toHaveLength(0);
    expect(network.chain.allocations).toHaveLength(0);
  });

  it('while the endpoints disagree about the lists', async () => {
    const network = start();
    network.chain.registryRules = () => Promise.reject(new CocoonError('chain_disagrees', 'They disagree.'));
    expect(await ask(network)).toBe('chain_disagrees');
    expect(network.router.received).toHaveLength(0);
  });

  it.each([
    ['a contract', 'worker'],
    ['the lists', 'registryRules'],
  ] as const)('on the word of a chain that shows %s as of a minute ago', async (_, method) => {
    for (const [seconds, expected] of [
      [59, 'answered'],
      [60, 'chain_unavailable'],
    ] as const) {
      const network = start();
      const { chain, clock } = network;
      const honest = chain[method] as (...args: unknown[]) => Promise<object>;
      Object.assign(chain, {
        [method]: async (...args: unknown[]) => ({
          ...(await honest(...args)),
          readAtUnix: Math.floor(clock.now()) - seconds,
        }),
      });
      expect(await ask(network)).toBe(expected);
    }
  });
});

describe('what the policy tolerates', () => {
  it.each<[string, Partial<Policy>, (network: Network) => void]>([
    ['a status', { tolerateStatuses: ['OutOfDate'] }, level('OutOfDate')],
    ['an advisory', { tolerateAdvisories: ['INTEL-SA-00960'] }, level('UpToDate', ['INTEL-SA-00960'])],
    ['all advisories', { tolerateAdvisories: '*' }, level('UpToDate', ['INTEL-SA-00960'])],
    ['the recovery of today', { minTcbEvaluationDataNumber: 17 }, () => undefined],
  ])('is answered: %s', async (_, policy, prepare) => {
    const network = start({ config: { policy } });
    prepare(network);
    expect(await ask(network)).toBe('answered');
  });

  it('cannot be a revoked machine, or anything that is no status', () => {
    for (const status of ['Revoked', 'Fine'] as const) {
      const policy = { tolerateStatuses: [status as 'OutOfDate'] };
      expect(() => createNetwork({ config: { policy } })).toThrow(/tolerateStatuses/);
    }
  });
});

describe('a worker is verified', () => {
  const shownOf = ({ router }: Network, what: string): number =>
    router.shown.filter((path) => path.includes(what)).length;

  it('once for many requests, whatever the book says of its load', async () => {
    const network = start();
    for (let n = 0; n < 5; n++) {
      expect(await ask(network)).toBe('answered');
      network.clock.advance(30);
    }
    expect(network.router.shown).toHaveLength(2);
  });

  it('again when Intel has new words, which are asked for every six hours, and its quote is not asked for again', async () => {
    const network = start();
    await ask(network);
    network.clock.advance(CLIENT_LIMITS.collateralFreshSeconds - 1);
    network.workers[0]!.setPrices(inDate(network));
    expect(await ask(network)).toBe('answered');
    expect(shownOf(network, 'collateral')).toBe(1);
    network.clock.advance(1);
    level('Revoked')(network);
    // Nobody waits for what is newer; the request after this one knows it.
    await ask(network);
    expect(await ask(network)).toBe('attestation_refused');
    expect([shownOf(network, 'collateral'), shownOf(network, 'evidence')]).toEqual([2, 1]);
  });

  it('by the newest words of Intel that are known, also when a router comes with older ones', async () => {
    const network = start();
    const { clock, client } = network;
    await ask(network);
    const { tcb_info: newest } = await collateralIn(network);
    clock.advance(CLIENT_LIMITS.collateralFreshSeconds);
    network.workers[0]!.setPrices(inDate(network));
    network.router.collateral = () => {
      const then = Math.floor(clock.now()) - 20 * 86_400;
      return mintCollateral(machine(then), then);
    };
    await ask(network);
    clock.advance(1);
    expect(await ask(network)).toBe('answered');
    expect((await collateralIn(network)).tcb_info).toBe(newest);
    expect(client.refusedWorkers()).toEqual([]);
  });

  it('by collateral that Intel signed, as soon as somebody brings it: what nobody signed is not kept', async () => {
    const network = start();
    serve({ tcbInfo: { shownText: (text) => text.replace('UpToDate', 'Revoked') } })(network);
    expect(await ask(network)).toBe('attestation_refused');
    network.router.collateral = (honest) => honest;
    network.clock.advance(CLIENT_LIMITS.refusalMinSeconds);
    expect(await ask(network)).toBe('answered');
  });

  it('until the last second of its collateral, and then by newer one or not at all', async () => {
    const network = start();
    const { clock, router } = network;
    const end = Math.floor(clock.now()) + 500;
    serve({ tcbInfo: { content: (info) => ({ ...info, nextUpdate: isoDate(end) }) } })(network);
    expect(await ask(network)).toBe('answered');
    clock.advance(500);
    expect(await ask(network)).toBe('answered');
    expect(shownOf(network, 'collateral')).toBe(1);
    clock.advance(1);
    expect(await ask(network)).toBe('attestation_refused');
    expect(shownOf(network, 'collateral')).toBe(2);
    router.collateral = (honest) => honest;
    clock.advance(CLIENT_LIMITS.refusalMinSeconds);
    expect(await ask(network)).toBe('answered');
  });

  it('not again and again when it is refused: the pause doubles with each failure', async () => {
    const network = start();
    const { clock, router } = network;
    router.evidence = changed(SIGNATURE_AT);
    const askedAfter: number[] = [];
    for (let second = 0; second < 32; second++) {
      const before = shownOf(network, 'evidence');
      await ask(network);
      if (shownOf(network, 'evidence') > before) askedAfter.push(second);
      clock.advance(1);
    }
    expect(askedAfter).toEqual([0, 2, 6, 14, 30]);
    router.evidence = (honest) => honest;
    clock.advance(CLIENT_LIMITS.refusalMaxSeconds);
    expect(await ask(network)).toBe('answered');
  });

  it('beside one that never shows its quote, without waiting for it', async () => {
    const network = start({ workers: 2 });
    const stuck = network.workers[0]!.key;
    network.router.evidence = (honest, key) =>
      key === stuck ? new Promise<string>(() => undefined) : honest;
    expect(await ask(network)).toBe('answered');
    expect(network.client.refusedWorkers()).toMatchObject([{ link: 'evidence' }]);
  });

  it.each([
    ['that the other authority certified', { ca: 'processor' as const }],
    ['that writes quotes of version 5', { quote: { form: 'v5-td10' as const } }],
  ])('also on a machine %s', async (_, of) => {
    const network = start();
    const { workers, chain, clock } = network;
    const other = createFakeWorker(clock, { index: 1, engine: talkativeEngine, ...of });
    workers[0] = other;
    chain.workerStates.set(other.address.hash.toString('hex'), other.state);
    expect(await ask(network)).toBe('answered');
  });

  it('by the routers that show it: one that lies does not keep others from showing the truth', async () => {
    const routers = ['http://liar.test', 'http://honest.test'];
    const network = start({ config: { routers } });
    let asked = 0;
    network.router.evidence = (honest) => (asked++ === 0 ? '{}' : honest);
    expect(await ask(network)).toBe('answered');
    // Once it is proven it is proven, whoever lists the worker.
    expect(await ask(network)).toBe('answered');
    expect([asked, network.client.refusedWorkers()]).toEqual([2, []]);
  });

  it('one by one: the others go on while one is refused', async () => {
    const network = start({ workers: 3 });
    const liar = network.workers[1]!.key;
    network.router.evidence = (honest, key) => (key === liar ? '{}' : honest);
    expect((await network.client.models())[0]!.cocoon.workers).toBe(2);
    expect(network.client.refusedWorkers()).toHaveLength(1);
  });
});

describe('new requests stop within seconds', () => {
  it.each<[string, string, (network: Network) => void, (network: Network) => void]>([
    [
      'an image is revoked',
      'image',
      ({ chain }) => chain.rules.images.clear(),
      ({ chain, workers }) => chain.rules.images.set(toHex(workers[0]!.state.imageId), 2 ** 32 - 1),
    ],
    [
      'a machine is blocked',
      'platform',
      ({ chain, workers }) => chain.rules.blocks.set(toHex(workers[0]!.state.platform), 2 ** 32 - 1),
      ({ chain }) => chain.rules.blocks.clear(),
    ],
    [
      'a worker is blocked',
      'registry',
      ({ chain, workers }) => chain.rules.blocks.set(toHex(workers[0]!.address.hash), 2 ** 32 - 1),
      ({ chain }) => chain.rules.blocks.clear(),
    ],
    [
      'a floor rises',
      'tcb',
      ({ chain }) => chain.rules.floors.set(DEFAULT_FMSPC.toLowerCase(), { ...TCB, qeIsvSvn: 7 }),
      ({ chain }) => chain.rules.floors.delete(DEFAULT_FMSPC.toLowerCase()),
    ],
  ])('when %s, and go on when that is taken back', async (_, link, revoke, takeBack) => {
    const network = start();
    expect(await ask(network)).toBe('answered');
    revoke(network);
    network.clock.advance(CLIENT_LIMITS.rulesFreshSeconds);
    expect(await ask(network)).toBe('attestation_refused');
    expect(network.client.refusedWorkers()).toMatchObject([{ link }]);
    expect(network.router.received).toHaveLength(1);
    takeBack(network);
    network.clock.advance(CLIENT_LIMITS.rulesFreshSeconds);
    expect(await ask(network)).toBe('answered');
  });

  it('when a key is taken out of its contract', async () => {
    const network = start();
    await ask(network);
    network.workers[0]!.state.keys = [];
    network.clock.advance(CLIENT_LIMITS.workerFreshSeconds);
    expect(await ask(network)).toBe('no_attested_worker');
    expect(network.router.received).toHaveLength(1);
  });

  it('also when it happens while a line is being opened', async () => {
    const network = start();
    const { chain, clock, router } = network;
    const send = chain.sendExternal.bind(chain);
    chain.sendExternal = async (...args) => {
      await send(...args);
      chain.rules.images.clear();
      clock.advance(CLIENT_LIMITS.rulesFreshSeconds);
    };
    expect(await ask(network)).toBe('attestation_refused');
    expect(router.received).toHaveLength(0);
  });
});

describe('one endpoint of a stranger', () => {
  const file = (chain: object, policy: object = {}) =>
    parseClientFile(
      JSON.stringify({
        chain: { endpoint: 'https://a.example', registry: 'EQ', ...chain },
        ...{ routers: ['https://r.example'], escrow: 'EQ', signerSeedFile: 's', dataDir: 'd', policy },
      }),
    );

  it.each<[string, object, object]>([
    ['others confirm it', { witnesses: [{ endpoint: 'https://b.example' }] }, {}],
    ['images are pinned', {}, { imageIds: ['ab'.repeat(32)] }],
    ['the node is one of your own', { ownNode: true }, {}],
  ])('does not vouch for a registry alone; it is enough that %s', (_, chain, policy) => {
    expect(() => requireVouched(file({}), 'intel')).toThrow(/One TON endpoint alone/);
    expect(() => requireVouched(file(chain, policy), 'intel')).not.toThrow();
    expect(() => requireVouched(file({}), 'simulated')).not.toThrow();
  });
});

describe('the policy of a configuration file', () => {
  const policyIn = (policy: object) =>
    parseClientFile(
      JSON.stringify({
        ...{ chain: { endpoint: 'https://a.example', registry: 'EQ' }, routers: ['https://r.example'] },
        ...{ escrow: 'EQ', signerSeedFile: 's', dataDir: 'd', policy },
      }),
    ).policy;
  const hash = 'ab'.repeat(32);

  it('is strict where it says nothing', () => {
    expect(policyIn({})).toMatchObject({
      ...{ tolerateStatuses: [], tolerateAdvisories: [], minTcbEvaluationDataNumber: 0, imageIds: null },
      ...{ models: {}, maxAgeSeconds: 86_400, minHostTier: 0, collateral: 'router', allowSimulated: false },
    });
  });

  it('pins one hash or several to a name', () => {
    const { models } = policyIn({ models: { one: hash, two: [hash, 'cd'.repeat(32)] } });
    expect(models).toEqual({ one: [hash], two: [hash, 'cd'.repeat(32)] });
  });

  it.each([
    ['that quotes are not verified', { verifyQuotes: false }],
    ['that a revoked machine is good enough', { tolerateStatuses: ['Revoked'] }],
    ['a status that Intel does not know', { tolerateStatuses: ['Fine'] }],
    ['no image at all', { imageIds: [] }],
    ['a hash that is none', { models: { one: 'ab' } }],
    ['an age of nothing', { maxAgeSeconds: 0 }],
    ['a source that is no address', { collateral: 'somewhere' }],
  ])('cannot say %s', (_, policy) => {
    expect(() => policyIn(policy)).toThrow();
  });
});

/** Asks are good for as long as the worker's statement. */
function inDate({ clock }: Network): { notAfter: number } {
  return { notAfter: Math.floor(clock.now()) + 600 };
}

/** What the client verifies its worker with. */
async function collateralIn(network: Network): Promise<{ tcb_info: string }> {
  await network.client.models();
  const bundle = network.client.evidence(network.client.receipts(1)[0]!.id)!;
  return bundle.collateral;
}

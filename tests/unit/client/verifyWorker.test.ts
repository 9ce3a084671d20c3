import { Address } from '@ton/core';
import type { RegistryRules, WorkerState } from '../../../src/chain/types';
import { nodeCrypto } from '../../../src/attestation/crypto/node';
import { createSimulatedQuoteVerifier } from '../../../src/attestation/simulated';
import { simulatedCollateral } from '../../../src/attestation/testing/host';
import { DEFAULT_POLICY, type Policy } from '../../../src/client';
import { proveQuote, requireWanted, type ProvenQuote } from '../../../src/client/verify/quote';
import { examineContract, verifyWorker, type Verdict } from '../../../src/client/verifyWorker';
import { ANY_FMSPC } from '../../../src/protocol/tcb';
import { openEvidence, openOffer, type WorkerOffer } from '../../../src/protocol/wire';
import { createManualClock } from './network/clock';
import { NETWORK_ID, platformOf, REGISTRY } from './network/chain';
import { createNetwork, HELLO } from './network/setup';
import { createFakeWorker, MODEL_HASH, TCB, type FakeWorker } from './network/worker';
import { talkativeEngine } from './network/engine';

const clock = createManualClock();
const worker = createFakeWorker(clock, { index: 1, engine: talkativeEngine });
const stranger = createFakeWorker(clock, { index: 2, engine: talkativeEngine });
const chain = { networkId: NETWORK_ID, registry: REGISTRY };
const genuine = openOffer(worker.offer())!;
const theirs = openOffer(stranger.offer())!;
const DAY = 86_400;
const image = worker.state.imageId.toString('hex');
const model = MODEL_HASH.toString('hex');
const rules: RegistryRules = {
  images: new Map([[image, Math.floor(clock.now()) + 90 * DAY]]),
  shapes: new Set([worker.state.shape.toString('hex')]),
  floors: new Map([[ANY_FMSPC, TCB]]),
  models: new Map([[model, HELLO.model]]),
  blocks: new Map(),
  readAtUnix: clock.now(),
};

const platform = worker.state.platform.toString('hex');
/** One more than the machine has, for its own family alone. */
const floorAbove = () => new Map([...rules.floors, ['b0c06f000000', { ...TCB, pceSvn: TCB.pceSvn + 1 }]]);

/** A worker's quote, proven by the clock of now. */
async function proven(of: FakeWorker): Promise<ProvenQuote> {
  const evidence = openEvidence(JSON.stringify(of.evidence()))!;
  const reportData = evidence.quote.subarray(568, 632);
  const wanted = { statement: evidence.statement, reportData, blockSeqno: 1, fmspc: 'b0c06f000000' };
  const family = requireWanted(evidence, wanted);
  const verifier = createSimulatedQuoteVerifier(nodeCrypto);
  const collateral = simulatedCollateral(family, clock.now());
  const prepared = await verifier.prepare(collateral);
  return proveQuote(evidence, { collateral, prepared }, family, {
    ...{ verifier, policy: {}, atUnix: clock.now(), platformOf: async (ppid) => platformOf(ppid) },
  });
}

type Case = {
  offer?: Partial<WorkerOffer>;
  state?: Partial<WorkerState> | null;
  rules?: Partial<RegistryRules>;
  chain?: Partial<typeof chain>;
  policy?: Partial<Policy>;
  quote?: Partial<ProvenQuote>;
  at?: number;
};

let quote: ProvenQuote;
beforeAll(async () => {
  quote = await proven(worker);
});

function verdictOf(one: Case): Verdict {
  const state = one.state === null ? null : { ...worker.state, ...one.state };
  const examined = {
    ...{ state, offer: { ...genuine, ...one.offer }, rules: { ...rules, ...one.rules } },
    ...{ chain: { ...chain, ...one.chain }, nowUnix: one.at ?? clock.now() },
    policy: { ...DEFAULT_POLICY, ...one.policy },
  };
  const wanted = examineContract(examined);
  return wanted.ok ? verifyWorker(examined, { ...quote, ...one.quote }) : wanted;
}

describe('the client trusts a worker', () => {
  it('whose every part fits', () => {
    expect(verdictOf({})).toMatchObject({
      ok: true,
      worker: {
        ...{ id: worker.key, slots: 4, models: [{ model: { id: 'tiny' } }] },
        evidence: { tcbStatus: 'UpToDate', advisories: [], atUnix: clock.now(), blockSeqno: 12_300 },
      },
    });
  });

  it.each<[string, string, Case]>([
    ['contract', 'no Worker contract of this registry has that address', { state: null }],
    [
      'contract',
      'no Worker contract of this registry has that address',
      { state: { registry: new Address(0, Buffer.alloc(32, 1)) } },
    ],
    ['contract', 'another contract was read', { state: { address: stranger.address } }],
    ['contract', 'the contract is not active', { state: { active: false } }],
    ['contract', 'the key is not admitted', { state: { keys: [] } }],
    [
      'contract',
      'the admission of the key has run out',
      { state: { keys: [{ ...worker.state.keys[0]!, activeUntil: Math.floor(clock.now()) }] } },
    ],
    ['contract', 'the contract has recorded no quote', { state: { tcb: null } }],
    [
      'statement',
      'the statement is not the one that the contract recorded',
      { state: { statementHash: Buffer.alloc(32) } },
    ],
    [
      'image',
      'the image is not the one that the contract recorded',
      { state: { imageId: Buffer.alloc(32) } },
    ],
    ['image', "the image is not on the registry's list", { rules: { images: new Map() } }],
    [
      'image',
      "the image is not on the registry's list",
      { rules: { images: new Map([[image, clock.now() - 1]]) } },
    ],
    ['image', 'the image is blocked', { rules: { blocks: new Map([[image, clock.now()]]) } }],
    ['shape', "the shape is not on the registry's list", { rules: { shapes: new Set(['44'.repeat(31)]) } }],
    ['tcb', "the machine's TCB is below the registry's floor", { rules: { floors: new Map() } }],
    ['tcb', "the machine's TCB is below the registry's floor", { rules: { floors: floorAbove() } }],
    ['platform', 'the machine is blocked', { rules: { blocks: new Map([[platform, clock.now()]]) } }],
    ['registry', 'the worker is blocked', { rules: { blocks: new Map([[genuine.worker, clock.now()]]) } }],
    ['statement', 'the statement is for another network', { chain: { networkId: -3 } }],
    [
      'statement',
      'the statement is not the one that the contract recorded',
      { offer: { statement: theirs.statement } },
    ],
    ['contract', 'the key is not admitted', { offer: { workerKey: theirs.workerKey } }],
    ['statement', 'the models are not those of the statement', { offer: { models: [] } }],
    [
      'certificate',
      'the HPKE certificate is for another Worker contract',
      { offer: { certificate: theirs.certificate } },
    ],
    ['price', 'an ask is for another Worker contract', { offer: { asks: theirs.asks } }],
    [
      'statement',
      'Statement: byte 0 is 0, expected 67',
      { offer: { statement: Buffer.alloc(217).toString('base64') } },
    ],
    ['image', 'the quote measures another image', { quote: { imageId: '00'.repeat(32) } }],
    ['shape', 'the quote measures another shape', { quote: { shape: '00'.repeat(32) } }],
    ['platform', 'the quote is of another machine', { quote: { platform: Buffer.alloc(32) } }],
    ['evidence', 'the quote is of another statement', { quote: { statement: Buffer.alloc(217) } }],
    [
      'quote',
      'something in its chain, or its collateral, is out of date',
      { quote: { validUntil: clock.now() } },
    ],
    ['freshness', 'the quote was admitted in the future', { state: { attestedAt: clock.now() + 61 } }],
    [
      'freshness',
      'the quote was admitted 601 seconds ago, and the policy allows 600',
      { policy: { maxAgeSeconds: 600 }, state: { attestedAt: clock.now() - 601 } },
    ],
    ['policy', 'the statement claims host tier 0, and the policy wants 1', { policy: { minHostTier: 1 } }],
    [
      'model',
      'the policy pins other weights to these names',
      { policy: { models: { [HELLO.model]: ['00'.repeat(32)] } } },
    ],
  ])('not at the link %s when %s', (link, reason, one) => {
    expect(verdictOf({})).toMatchObject({ ok: true });
    expect(verdictOf(one)).toEqual({ ok: false, link, reason });
  });

  it.each(['pceId', 'pceSvn', 'qeIsvSvn'] as const)(
    'not when the contract recorded another %s than the quote shows',
    (name) => {
      const tcb = { ...TCB, [name]: TCB[name] + 1 };
      const floors = new Map([[ANY_FMSPC, { ...TCB, [name]: tcb[name] }]]);
      expect(verdictOf({ state: { tcb }, rules: { floors } })).toMatchObject({ ok: false, link: 'tcb' });
    },
  );

  it.each(['sgxSvns', 'teeTcbSvn', 'teeTcbSvn2'] as const)(
    'not when the contract recorded other %s than the quote shows',
    (name) => {
      const bytes = Buffer.from(TCB[name]);
      bytes[5]! += 1;
      expect(verdictOf({ state: { tcb: { ...TCB, [name]: bytes } } })).toMatchObject({
        ok: false,
        link: 'tcb',
      });
    },
  );

  it.each([
    ['the HPKE certificate is not signed by the key', 'certificate'],
    ['an ask is not signed by the key', 'asks'],
  ] as const)('not when %s', (reason, field) => {
    const alter = (text: string): string => {
      const bytes = Buffer.from(text, 'base64');
      bytes[bytes.length - 1]! ^= 1;
      return bytes.toString('base64');
    };
    const value = field === 'asks' ? genuine.asks.map(alter) : alter(genuine.certificate);
    expect(verdictOf({ offer: { [field]: value } })).toMatchObject({ ok: false, reason });
  });

  it.each([
    ['the statement names algorithms that this client does not speak', { statement: { aeadId: 1 } }],
    ['the statement is for another registry', { statement: { registry: Buffer.alloc(32, 1) } }],
    ['the statement is for another Worker contract', { statement: { worker: Buffer.alloc(32, 1) } }],
    ['the statement is for another key', { statement: { receiptKey: Buffer.alloc(32, 1) } }],
    ['the statement is out of date', { statement: { notAfter: Math.floor(clock.now()) } }],
    ['the HPKE certificate is for another statement', { certificate: { statementHash: Buffer.alloc(32) } }],
    ['the HPKE certificate is out of date', { certificate: { notAfter: Math.floor(clock.now()) } }],
  ])('not when %s, although it is signed and recorded', async (reason, wrong) => {
    const other = createFakeWorker(clock, { index: 3, engine: talkativeEngine, ...wrong });
    const examined = {
      ...{ offer: openOffer(other.offer())!, state: other.state, rules, chain, policy: DEFAULT_POLICY },
      nowUnix: clock.now(),
    };
    expect(verifyWorker(examined, await proven(other))).toMatchObject({ ok: false, reason });
  });

  it('up to the last second of its image, and again after a block', () => {
    const images = new Map([[image, clock.now()]]);
    const blocks = new Map([[genuine.worker, clock.now() - 1]]);
    const verdict = verdictOf({ rules: { images, blocks } });
    expect(verdict).toMatchObject({ ok: true, worker: { validUntil: clock.now() + 1 } });
  });

  it('up to the age that the policy allows, and no longer', () => {
    const policy = { maxAgeSeconds: 600 };
    const verdict = verdictOf({ policy, state: { attestedAt: clock.now() - 600 } });
    expect(verdict).toMatchObject({ ok: true, worker: { validUntil: clock.now() + 1 } });
  });

  it.each([
    ['that the registry does not know', new Map<string, string>()],
    ['that the registry knows by another name', new Map([[model, 'another']])],
  ])('but buys no model %s', (_, models) => {
    expect(verdictOf({ rules: { models } })).toMatchObject({ ok: true, worker: { models: [] } });
  });

  it('and buys the weights that the policy pins to a name', () => {
    const pinned = { [HELLO.model]: ['00'.repeat(32), model], other: [] };
    expect(verdictOf({ policy: { models: pinned } })).toMatchObject({
      ok: true,
      worker: { models: [{ model: { hash: model } }] },
    });
  });

  it('until the second in which its statement ends', () => {
    const end = Math.floor(clock.now()) + 86_000;
    const state = { keys: [{ ...worker.state.keys[0]!, activeUntil: end + DAY }] };
    const policy = { maxAgeSeconds: 2 * DAY };
    expect(verdictOf({ at: end - 1, state, policy })).toMatchObject({ ok: true });
    expect(verdictOf({ at: end, state, policy })).toMatchObject({ ok: false });
  });
});

describe('the client uses no worker', () => {
  it.each<[string, (network: ReturnType<typeof createNetwork>) => void]>([
    [
      'whose offer is signed by another key',
      ({ router, workers }) => {
        const signed = workers[0]!.offer();
        workers[0]!.offer = () => ({ ...signed, signature: '00'.repeat(64) });
        router.book = {};
      },
    ],
    ['that is draining', ({ router }) => void (router.entry = { draining: true })],
    ['that the chain does not know', ({ chain: fake }) => fake.workerStates.clear()],
    ['of an order book for another network', ({ router }) => void (router.book = { networkId: -239 })],
    ['of an order book that is malformed', ({ router }) => void (router.book = { version: 2 as 1 })],
  ])('%s', async (_, spoil) => {
    const network = createNetwork();
    spoil(network);
    const error = await network.openai.chat.completions.create(HELLO).catch((e: unknown) => e);
    expect(['no_attested_worker', 'router_unreachable']).toContain((error as { code: string }).code);
    expect(network.router.received).toHaveLength(0);
    await network.client.close();
  });

  it('and says of each why', async () => {
    const { client, workers } = createNetwork({ workers: 2 });
    workers[0]!.state.active = false;
    expect(await client.models()).toHaveLength(1);
    expect(client.refusedWorkers()).toEqual([
      {
        worker: workers[0]!.address.hash.toString('hex'),
        router: 'http://router.test',
        models: ['tiny'],
        link: 'contract',
        reason: 'the contract is not active',
      },
    ]);
    await client.close();
  });
});

import { Address } from '@ton/core';
import type { RegistryRules, WorkerState } from '../../../src/chain/types';
import { verifyWorker } from '../../../src/client/verifyWorker';
import { ANY_FMSPC } from '../../../src/protocol/tcb';
import { openOffer, type WorkerOffer } from '../../../src/protocol/wire';
import { createManualClock } from './network/clock';
import { NETWORK_ID, REGISTRY } from './network/chain';
import { createNetwork, HELLO } from './network/setup';
import { createFakeWorker, MODEL_HASH, TCB } from './network/worker';
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
};

const platform = worker.state.platform.toString('hex');
/** One more than the machine has, for its own family alone. */
const floorAbove = () => new Map([...rules.floors, ['b0c06f000000', { ...TCB, pceSvn: TCB.pceSvn + 1 }]]);

type Case = {
  offer?: Partial<WorkerOffer>;
  state?: Partial<WorkerState> | null;
  rules?: Partial<RegistryRules>;
  chain?: Partial<typeof chain>;
  at?: number;
};

function verdictOf(one: Case): { ok: boolean; reason?: string } {
  const state = one.state === null ? null : { ...worker.state, ...one.state };
  const offer = { ...genuine, ...one.offer };
  return verifyWorker(
    offer,
    state,
    { ...rules, ...one.rules },
    { ...chain, ...one.chain },
    one.at ?? clock.now(),
  );
}

describe('the client trusts a worker', () => {
  it('whose every part fits', () => {
    const verdict = verifyWorker(genuine, worker.state, rules, chain, clock.now());
    expect(verdict).toMatchObject({
      ok: true,
      worker: { id: worker.key, slots: 4, models: [{ model: { id: 'tiny' } }] },
    });
  });

  it.each<[string, Case]>([
    ['no Worker contract of this registry has that address', { state: null }],
    [
      'no Worker contract of this registry has that address',
      { state: { registry: new Address(0, Buffer.alloc(32, 1)) } },
    ],
    ['another contract was read', { state: { address: stranger.address } }],
    ['the contract is not active', { state: { active: false } }],
    ['the key is not admitted', { state: { keys: [] } }],
    [
      'the admission of the key has run out',
      { state: { keys: [{ ...worker.state.keys[0]!, activeUntil: Math.floor(clock.now()) }] } },
    ],
    [
      'the statement is not the one that the contract recorded',
      { state: { statementHash: Buffer.alloc(32) } },
    ],
    ['the image is not the one that the contract recorded', { state: { imageId: Buffer.alloc(32) } }],
    ["the image is not on the registry's list", { rules: { images: new Map() } }],
    ["the image is not on the registry's list", { rules: { images: new Map([[image, clock.now() - 1]]) } }],
    ['the image is blocked', { rules: { blocks: new Map([[image, clock.now()]]) } }],
    ["the shape is not on the registry's list", { rules: { shapes: new Set(['44'.repeat(31)]) } }],
    ["the machine's TCB is below the registry's floor", { rules: { floors: new Map() } }],
    ["the machine's TCB is below the registry's floor", { state: { tcb: null } }],
    ["the machine's TCB is below the registry's floor", { rules: { floors: floorAbove() } }],
    ['the machine is blocked', { rules: { blocks: new Map([[platform, clock.now()]]) } }],
    ['the worker is blocked', { rules: { blocks: new Map([[genuine.worker, clock.now()]]) } }],
    ['the statement is for another network', { chain: { networkId: -3 } }],
    ['the statement is for another registry', { chain: { registry: new Address(0, Buffer.alloc(32, 1)) } }],
    ['the statement is for another Worker contract', { offer: { statement: theirs.statement } }],
    ['the statement is for another key', { offer: { workerKey: theirs.workerKey } }],
    ['the statement is out of date', { at: clock.now() + DAY }],
    ['the models are not those of the statement', { offer: { models: [] } }],
    ['the HPKE certificate is for another Worker contract', { offer: { certificate: theirs.certificate } }],
    ['an ask is for another Worker contract', { offer: { asks: theirs.asks } }],
    ['Statement: byte 0 is 0, expected 67', { offer: { statement: Buffer.alloc(217).toString('base64') } }],
  ])('not when %s', (reason, one) => {
    expect(verdictOf({})).toMatchObject({ ok: true });
    expect(verdictOf(one)).toMatchObject({ ok: false, reason });
  });

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
    ['the HPKE certificate is for another statement', { certificate: { statementHash: Buffer.alloc(32) } }],
    ['the HPKE certificate is out of date', { certificate: { notAfter: Math.floor(clock.now()) } }],
  ])('not when %s, although it is signed and recorded', (reason, wrong) => {
    const other = createFakeWorker(clock, { index: 3, engine: talkativeEngine, ...wrong });
    expect(verifyWorker(openOffer(other.offer())!, other.state, rules, chain, clock.now())).toEqual({
      ok: false,
      reason,
    });
  });

  it('up to the last second of its image, and again after a block', () => {
    const images = new Map([[image, clock.now()]]);
    const blocks = new Map([[genuine.worker, clock.now() - 1]]);
    expect(verdictOf({ rules: { images, blocks } })).toMatchObject({ ok: true });
  });

  it.each([
    ['that the registry does not know', new Map<string, string>()],
    ['that the registry knows by another name', new Map([[model, 'another']])],
  ])('but buys no model %s', (_, models) => {
    expect(verdictOf({ rules: { models } })).toMatchObject({ ok: true, worker: { models: [] } });
  });

  it('until the second in which its statement ends', () => {
    const end = Math.floor(clock.now()) + 86_000;
    const state = { keys: [{ ...worker.state.keys[0]!, activeUntil: end + DAY }] };
    expect(verdictOf({ at: end - 1, state })).toMatchObject({ ok: true });
    expect(verdictOf({ at: end, state })).toMatchObject({ ok: false });
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
    ['that the chain does not know', ({ chain }) => chain.workerStates.clear()],
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
        reason: 'the contract is not active',
      },
    ]);
    await client.close();
  });
});

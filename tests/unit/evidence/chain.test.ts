import { Address } from '@ton/core';
import { nodeCrypto } from '../../../src/attestation/crypto/node';
import { verifyBundle, type EvidenceBundle, type EvidenceChain, type Link } from '../../../src/evidence';
import { partsOf, type Parts } from '../../../src/evidence/parts';
import { CocoonError } from '../../../src/protocol/errors';
import { lineId } from '../../../src/protocol/line';
import { statementHash } from '../../../src/protocol/statement';
import { ISSUED_AT, makeEvidence, NETWORK_ID } from '../../support/evidence';

const HASH = Buffer.alloc(32, 0x77);
const PLATFORM = Buffer.alloc(32, 0x99);

let bundle: EvidenceBundle;
let parts: Parts;
let shape: string;
beforeAll(async () => {
  bundle = await makeEvidence();
  parts = partsOf(bundle);
  const { links } = await verify({});
  shape = /shape ([0-9a-f]+)/.exec(links.find(({ name }) => name === 'td')!.detail)![1]!;
});

/** A chain on which all of the bundle is true; tests change one answer. */
function chain(change: Partial<EvidenceChain> = {}): EvidenceChain {
  const line = parts.line();
  const { imageId, modelHash } = parts.record();
  return {
    networkId: NETWORK_ID,
    registry: Address.parseRaw(bundle.registry),
    registryRoot: async () => 'simulated',
    registryRules: async () => rules({ imageId, modelHash }),
    worker: async () => ({
      keys: [{ workerKey: line.workerKey, lastSettleBy: line.settleBy, platform: PLATFORM }],
      statementHash: statementHash(parts.statementImage),
      imageId,
      readAtUnix: ISSUED_AT + 100,
    }),
    escrow: async () => escrow(),
    masterchainRoot: async () => Buffer.alloc(32, 0xb1),
    admission: async () => ({ hash: HASH, atUnix: ISSUED_AT - 3_000 }),
    payouts: async () => [
      { hash: Buffer.alloc(32, 1), atUnix: ISSUED_AT - 10, amountNano: 4_000_000n },
      { hash: HASH, atUnix: ISSUED_AT + 50, amountNano: 5_000_000n },
    ],
    ...change,
  };
}

type Rules = Awaited<ReturnType<EvidenceChain['registryRules']>>;
type Escrow = NonNullable<Awaited<ReturnType<EvidenceChain['escrow']>>>;

/** The shape's whole name is not in the bundle's words, so any that begins as it does is listed. */
function rules({ imageId, modelHash }: { imageId: Buffer; modelHash: Buffer }): Rules {
  return {
    images: new Map([[imageId.toString('hex'), ISSUED_AT + 1_000]]),
    shapes: { has: (name: string) => name.startsWith(shape) } as ReadonlySet<string>,
    models: new Map([[modelHash.toString('hex'), 'tiny-llama']]),
    blocks: new Map(),
  };
}

function escrow(
  entry: Partial<Escrow['lines'] extends ReadonlyMap<string, infer E> ? E : never> | null = {},
): Escrow {
  const line = parts.line();
  const id = lineId(line).toString('hex');
  const whole = { capNano: 50_000_000n, paidNano: 9_000_000n, settleBy: line.settleBy, closeAt: 0, ...entry };
  return {
    domain: parts.escrowDomain(),
    born: 77n,
    signer: parts.signer,
    lines: new Map(entry === null ? [] : [[id, whole]]),
    readAtUnix: ISSUED_AT + 100,
  };
}

function verify(options: { chain?: EvidenceChain }) {
  return verifyBundle(bundle, { crypto: nodeCrypto, policy: { allowSimulated: true }, ...options });
}

async function link(name: Link['name'], change: Partial<EvidenceChain>): Promise<Link> {
  return (await verify({ chain: chain(change) })).links.find((one) => one.name === name)!;
}

const blocked = (subject: Buffer) => ({
  registryRules: async () => ({
    ...(await chain().registryRules()),
    blocks: new Map([[subject.toString('hex'), 9e9]]),
  }),
});
const listed = (change: Partial<Rules>) => ({
  registryRules: async () => ({ ...(await chain().registryRules()), ...change }),
});

describe('evidence that is compared with the chain', () => {
  it('leaves nothing unchecked', async () => {
    const { ok, links } = await verify({ chain: chain() });
    expect(links.filter(({ state }) => state !== 'ok')).toEqual([]);
    expect(ok).toBe(true);
    expect(links.at(-1)!.detail).toMatch(/0\.009 TON paid .* by transaction 7777777777777777…/);
  });

  const DENIED: [Link['name'], string, () => Partial<EvidenceChain>, RegExp][] = [
    ['network', 'is another network', () => ({ networkId: -3 }), /network -3/],
    [
      'network',
      'was asked about another registry',
      () => ({ registry: new Address(0, HASH) }),
      /another registry/,
    ],
    ['freshness', 'has another such block', () => ({ masterchainRoot: async () => HASH }), /block 1234 has/],
    ['allow-list', 'takes another root', () => ({ registryRoot: async () => 'intel' }), /intel root/],
    [
      'allow-list',
      'knows no such registry',
      () => ({ registryRoot: () => Promise.reject(new CocoonError('chain_refused', 'No registry.')) }),
      /No registry/,
    ],
    ['allow-list', 'lists no such image', () => listed({ images: new Map() }), /image is not on the list/],
    [
      'allow-list',
      'let the image run out before',
      () => listed({ images: new Map([[parts.record().imageId.toString('hex'), ISSUED_AT + 2]]) }),
      /allowed until/,
    ],
    ['allow-list', 'lists no such shape', () => listed({ shapes: new Set() }), /shape/],
    ['allow-list', 'lists no such model', () => listed({ models: new Map() }), /model is not on the list/],
    [
      'allow-list',
      'calls the model otherwise',
      () => listed({ models: new Map([[parts.record().modelHash.toString('hex'), 'big-llama']]) }),
      /calls the model big-llama/,
    ],
    ['allow-list', 'blocks the image', () => blocked(parts.record().imageId), /the image is blocked/],
    ['allow-list', 'blocks the worker', () => blocked(parts.worker), /the worker is blocked/],
    ['allow-list', 'blocks the machine', () => blocked(PLATFORM), /the machine is blocked/],
    ['admission', 'has no such Worker contract', () => ({ worker: async () => null }), /no Worker contract/],
    [
      'admission',
      'never admitted the statement',
      () => ({
        admission: async () => null,
        worker: async (a) => ({ ...(await chain().worker(a))!, statementHash: HASH }),
      }),
      /no transaction/,
    ],
    [
      'admission',
      'never admitted the key',
      () => ({
        admission: async () => null,
        worker: async (a) => ({ ...(await chain().worker(a))!, keys: [] }),
      }),
      /did not admit the key/,
    ],
    [
      'admission',
      'admitted the key for less long',
      () => ({
        worker: async (a) => {
          const found = (await chain().worker(a))!;
          return { ...found, keys: [{ ...found.keys[0]!, lastSettleBy: parts.line().settleBy - 1 }] };
        },
      }),
      /last date/,
    ],
    ['escrow', 'has no such escrow', () => ({ escrow: async () => null }), /no escrow/],
    [
      'escrow',
      'has it born again',
      () => ({ escrow: async () => ({ ...escrow(), domain: HASH }) }),
      /born again/,
    ],
    ['escrow', 'has no such line', () => ({ escrow: async () => escrow(null) }), /no such line/],
    [
      'escrow',
      'has the line otherwise',
      () => ({ escrow: async () => escrow({ settleBy: 1 }) }),
      /another date/,
    ],
  ];
  it.each(DENIED)('fails at %s when the chain %s', async (name, _, change, reason) => {
    expect(await link(name, change())).toMatchObject({
      state: 'failed',
      detail: expect.stringMatching(reason) as unknown,
    });
  });

  it('rests on the contract where no transaction is found any more', async () => {
    expect(await link('admission', { admission: async () => null })).toMatchObject({ state: 'ok' });
    expect(await link('settlement', { payouts: async () => [] })).toMatchObject({
      state: 'ok',
      detail: expect.stringMatching(/too old to be found/) as unknown,
    });
  });

  it('takes the image up to its last second', async () => {
    const until = parts.record().endedAt;
    const images = new Map([[parts.record().imageId.toString('hex'), until]]);
    expect(await link('allow-list', listed({ images }))).toMatchObject({ state: 'ok' });
  });

  it('does not call a block wrong that the endpoint has forgotten', async () => {
    const refused = Promise.reject(new CocoonError('chain_refused', 'No such block.'));
    expect(await link('freshness', { masterchainRoot: () => refused })).toMatchObject({
      state: 'not checked',
    });
  });

  it('does not call unpaid what is not settled yet', async () => {
    const open = { payouts: async () => [], escrow: async () => escrow({ paidNano: 8_999_999n }) };
    expect(await link('settlement', open)).toMatchObject({
      state: 'not checked',
      detail: 'not settled yet: 0.008999999 TON of 0.009 TON paid',
    });
  });

  it('does not miss a line that the escrow has forgotten after its end', async () => {
    const gone = { escrow: async () => ({ ...escrow(null), readAtUnix: parts.line().settleBy + 1 }) };
    expect(await link('escrow', gone)).toMatchObject({ state: 'not checked' });
  });

  it('ends when the chain does not answer', async () => {
    const dead = chain({ escrow: () => Promise.reject(new CocoonError('chain_unavailable', 'No answer.')) });
    await expect(verify({ chain: dead })).rejects.toMatchObject({ code: 'chain_unavailable' });
  });
});

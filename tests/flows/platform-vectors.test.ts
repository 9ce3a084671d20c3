import { Address, toNano, type Cell, type StateInit } from '@ton/core';
import { internal, type Blockchain, type BlockchainTransaction } from '@ton/sandbox';
import { loadQuoteVerified } from '../../build/RegistrySimulated/RegistrySimulated_Registry';
import * as binding from '../../build/RegistrySimulated/RegistrySimulated_Platform';
import { nodeCrypto } from '../../src/attestation/crypto/node';
import { AttestationError } from '../../src/attestation/errors';
import { imageId, shape } from '../../src/attestation/image';
import { HintError } from '../../src/attestation/onchain/hint';
import { attestMessage } from '../../src/attestation/onchain/message';
import { parseQuote } from '../../src/attestation/quote';
import { MINTED_AT, type Minted } from '../../src/attestation/testing/mint';
import { VECTORS, type Vector, type VectorKind } from '../../src/attestation/testing/vectors';
import { platformAddress, platformInit, ppidHash } from '../../wrappers/Platform';
import { createTestChain, exitCode } from '../support/chain';
import { forcedAttest } from '../support/forcedAttest';

const INDEX = 5;
const VALUE = toNano('1');
const ACCEPTED = 'accepted';
const UNBUILDABLE = 'unbuildable';

/** Names of the contract's constants, by exit code. */
const CONSTANTS = new Map(
  Object.entries(binding).flatMap(([name, code]) =>
    /^ERROR_(PLATFORM|P256)_/.test(name) && typeof code === 'bigint' ? [[Number(code), name] as const] : [],
  ),
);

let chain: Blockchain;
let fresh: ReturnType<Blockchain['snapshot']>;
const registry = new Address(0, Buffer.alloc(32, 0xe1));
const submitter = new Address(0, Buffer.alloc(32, 0x50));

beforeAll(async () => {
  chain = await createTestChain();
  fresh = chain.snapshot();
});

/** Minted once: the same bytes at every run. */
const minted = new Map<Vector, Minted>();

function mintedOf(vector: Vector): Minted {
  const found = minted.get(vector) ?? vector.mint();
  minted.set(vector, found);
  return found;
}

/** The message of an honest client, or why there is none. */
function honestMessage({ quote }: Minted, kind: VectorKind): Cell | 'unbuildable' | 'no hint' {
  try {
    const provider = submitter;
    return attestMessage({ quote: parseQuote(quote), root: 'simulated', kind, provider, index: INDEX }).body;
  } catch (error) {
    if (error instanceof HintError) return 'no hint';
    if (error instanceof AttestationError) return UNBUILDABLE;
    throw error;
  }
}

const forcedMessage = (minted: Minted, kind: VectorKind): Cell =>
  forcedAttest(minted, kind, submitter, INDEX);

/** Without a hint there is a signature that is none; without a message there are values that the contract cannot write. */
type Client = 'message' | 'no hint' | 'unbuildable';

interface Answer {
  /** `accepted` or the name of the exit code's constant. */
  outcome: string;
  /** What the Platform told its Registry. */
  said: ReturnType<typeof loadQuoteVerified> | null;
}

/** Brings it to the machine's Platform, which comes with the first message; what follows elsewhere is not run. */
async function answerTo(body: Cell, { address, init }: Platform): Promise<Answer> {
  const platform = await chain.getContract(address);
  const transaction = await platform.receiveMessage(
    internal({ from: submitter, to: address, value: VALUE, bounce: true, stateInit: init, body }),
  );
  const code = exitCode(transaction as BlockchainTransaction)!;
  if (code !== 0) return { outcome: CONSTANTS.get(code) ?? `exit code ${code}`, said: null };
  const [toRegistry] = transaction.outMessages.values();
  expect(toRegistry!.info.dest?.toString()).toBe(registry.toString());
  return { outcome: ACCEPTED, said: loadQuoteVerified(toRegistry!.body.beginParse()) };
}

interface Platform {
  address: Address;
  init: StateInit;
}

const platforms = new Map<string, Promise<Platform>>();

function platformOf(ppid: Buffer): Promise<Platform> {
  const hash = ppidHash(ppid);
  const key = hash.toString('hex');
  const made = async (): Promise<Platform> => ({
    address: await platformAddress('simulated', registry, hash),
    init: await platformInit('simulated', registry, hash),
  });
  const platform = platforms.get(key) ?? made();
  platforms.set(key, platform);
  return platform;
}

/** A new Platform, with what it remembers of the vector's primer. */
async function platformFor({ primer, otherPlatform }: Vector, minted: Minted) {
  await chain.loadFrom(fresh);
  const { ppid } = minted.machine.leaf.pck;
  const platform = await platformOf(otherPlatform ? Buffer.alloc(16, 0x77) : ppid);
  if (primer !== null) {
    const before = primer();
    chain.now = before.atUnix;
    const kind = before.machine.leaf.pck.platform === null ? 'ca' : 'leaf';
    const body = honestMessage(before, kind);
    if (typeof body === 'string') throw new Error(`the primer is ${body}`);
    expect((await answerTo(body, platform)).outcome).toBe(ACCEPTED);
  }
  chain.now = minted.atUnix;
  return platform;
}

/** What the evidence says, computed from its bytes. */
async function expectedWords({ quote, machine }: Minted) {
  const { body, qe } = parseQuote(quote);
  const { pck, notAfter } = machine.leaf;
  const number = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  return {
    ppidHash: number(ppidHash(pck.ppid)),
    provider: submitter.toString(),
    index: BigInt(INDEX),
    endsWithLeaf: notAfter,
    imageId: number(await imageId(body, 'simulated', nodeCrypto)),
    shape: number(await shape(body, nodeCrypto)),
    statementDigest: number(body.reportData.subarray(0, 32)),
    blockRoot: number(body.reportData.subarray(32)),
    fmspc: number(pck.fmspc),
    pceId: number(pck.pceId),
    pceSvn: BigInt(pck.pceSvn),
    sgxSvns: number(Uint8Array.from(pck.sgxSvns)),
    teeTcbSvn: number(body.teeTcbSvn),
    teeTcbSvn2: body.teeTcbSvn2 === null ? 0n : number(body.teeTcbSvn2),
    qeIsvSvn: BigInt(qe.isvSvn),
  };
}

function words(said: NonNullable<Answer['said']>, leafEnd: number) {
  const measured = binding.loadMeasured(said.measured.beginParse());
  const tcb = binding.loadTcb(said.tcb.beginParse());
  return {
    ppidHash: said.ppidHash,
    provider: said.provider.toString(),
    index: said.index,
    // Never later than the leaf; the CA may end before it.
    endsWithLeaf: Number(said.certifiedUntil) <= leafEnd ? leafEnd : Number(said.certifiedUntil),
    imageId: measured.imageId,
    shape: measured.shape,
    statementDigest: measured.statementDigest,
    blockRoot: tcb.blockRoot,
    fmspc: tcb.fmspc,
    pceId: tcb.pceId,
    pceSvn: tcb.pceSvn,
    sgxSvns: tcb.sgxSvns,
    teeTcbSvn: tcb.teeTcbSvn,
    teeTcbSvn2: tcb.teeTcbSvn2,
    qeIsvSvn: tcb.qeIsvSvn,
  };
}

/** What the contract says to the vector: to an honest client's message, else to a forced one. */
async function observe(vector: Vector): Promise<{ client: Client; contract: string | null }> {
  const minted = mintedOf(vector);
  const honest = honestMessage(minted, vector.kind);
  const client = typeof honest === 'string' ? honest : 'message';
  if (client === UNBUILDABLE && vector.forced === null) return { client, contract: null };

  const body = typeof honest === 'string' ? forcedMessage(minted, vector.kind) : honest;
  const { outcome, said } = await answerTo(body, await platformFor(vector, minted));
  if (said !== null && client === 'message') {
    expect(words(said, minted.machine.leaf.notAfter)).toEqual(await expectedWords(minted));
  }
  return { client, contract: outcome };
}

function stated({ onChain, forced }: Vector): { client: Client; contract: string | null } {
  const contract = onChain === UNBUILDABLE ? forced : onChain;
  const noHint = onChain === UNBUILDABLE ? forced?.startsWith('ERROR_P256_') : onChain.endsWith('_SIGNATURE');
  return {
    client: noHint ? 'no hint' : onChain === UNBUILDABLE ? UNBUILDABLE : 'message',
    contract: contract === 'unseen' ? ACCEPTED : contract,
  };
}

/** Vectors that differ in what the contract does not see give the same message: one of each is sent. */
function distinct(vectors: readonly Vector[]): Vector[] {
  const seen = new Set<string>();
  return vectors.filter((vector) => {
    const { quote, atUnix } = mintedOf(vector);
    const { kind, onChain, primer, otherPlatform } = vector;
    const key = [quote.toString('base64'), atUnix, kind, onChain, primer !== null, otherPlatform].join();
    return seen.size !== seen.add(key).size;
  });
}

describe('the vectors, on chain', () => {
  const sent = distinct(VECTORS);
  const topics = [...new Set(sent.map(({ topic }) => topic))];

  describe.each(topics)('%s', (topic) => {
    test.each(sent.filter((vector) => vector.topic === topic))('a quote: $name', async (vector) => {
      expect(await observe(vector)).toEqual(stated(vector));
    });
  });

  test('agree with the verifier off chain wherever both check', () => {
    const chainAlone = ['ERROR_PLATFORM_KEY_NOT_CACHED', 'ERROR_PLATFORM_OTHER_PLATFORM'];
    for (const { name, offChain, onChain } of VECTORS) {
      if (offChain.verdict === 'refused') expect({ name, onChain }).not.toEqual({ name, onChain: ACCEPTED });
      else if (onChain.startsWith('ERROR_')) expect(chainAlone).toContain(onChain);
    }
  });

  test('a forced message is to the bit the one that an honest client builds, where one can', () => {
    const buildable = VECTORS.filter(
      ({ topic, onChain }) => ['forms', 'values'].includes(topic) && onChain === ACCEPTED,
    );
    expect(buildable.length).toBeGreaterThan(20);
    for (const vector of buildable) {
      const minted = mintedOf(vector);
      const honest = honestMessage(minted, vector.kind) as Cell;
      expect({ name: vector.name, same: forcedMessage(minted, vector.kind).equals(honest) }).toEqual({
        name: vector.name,
        same: true,
      });
    }
  });

  test('use every exit code of the Platform that a quote alone can cause', () => {
    const used = new Set(VECTORS.flatMap(({ onChain, forced }) => [onChain, forced]));
    const byOthers = [
      'ERROR_PLATFORM_VALUE_TOO_SMALL',
      'ERROR_PLATFORM_NOT_REGISTRY',
      'ERROR_PLATFORM_FULL',
      'ERROR_PLATFORM_MAINNET',
      'ERROR_PLATFORM_MALFORMED',
      'ERROR_P256_POINT',
      'ERROR_P256_MULTIPLE',
      'ERROR_P256_SLOPE',
    ];
    const all = [...CONSTANTS.values()];
    expect(all.filter((name) => !used.has(name as never) && !byOthers.includes(name))).toEqual([]);
  });

  test('begin on a day when everything that is minted is valid', () => {
    expect(VECTORS[0]!.mint().atUnix).toBe(MINTED_AT);
  });
});

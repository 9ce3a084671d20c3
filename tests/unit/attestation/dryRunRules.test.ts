import { readFileSync } from 'node:fs';
import path from 'node:path';
import { GAS_PLATFORM_ATTEST, GAS_PLATFORM_STEP } from '../../../build/Registry/Registry_Platform';
import { toHex } from '../../../src/attestation/bytes';
import { nodeCrypto } from '../../../src/attestation/crypto/node';
import { imageId, shape } from '../../../src/attestation/image';
import { attestGasAtMost, dryRun, type DryRunInput } from '../../../src/attestation/onchain/dryRun';
import { ATTEST_KINDS } from '../../../src/attestation/onchain/kind';
import { NEW_PLATFORM } from '../../../src/attestation/onchain/dryRunPlatform';
import type { RegistryLists } from '../../../src/attestation/onchain/dryRunRegistry';
import type { WorkerStanding } from '../../../src/attestation/onchain/dryRunWorker';
import { parseQuote } from '../../../src/attestation/quote';
import { mintQuote } from '../../../src/attestation/testing/mint';
import { ANY_FMSPC, type TcbFloor } from '../../../src/protocol/tcb';

const minted = mintQuote();
const quote = parseQuote(minted.quote);
const { reportData, teeTcbSvn } = quote.body;
const NOW = minted.atUnix;
const DAY = 86_400;
const WORKER = 'aa'.repeat(32);
const PLATFORM = 'bb'.repeat(32);
const FLOOR: TcbFloor = {
  pceId: 0,
  pceSvn: 0,
  qeIsvSvn: 0,
  sgxSvns: new Uint8Array(16),
  teeTcbSvn: new Uint8Array(16),
};

let image: string;
let vmShape: string;
beforeAll(async () => {
  image = toHex(await imageId(quote.body, 'simulated', nodeCrypto));
  vmShape = toHex(await shape(quote.body, nodeCrypto));
});

const lists = (change: Partial<RegistryLists> = {}): RegistryLists => ({
  images: new Map([[image, NOW + 30 * DAY]]),
  shapes: new Set([vmShape]),
  floors: new Map([[ANY_FMSPC, FLOOR]]),
  blocks: new Map(),
  listed: true,
  worker: WORKER,
  platform: PLATFORM,
  ...change,
});
const floor = (change: Partial<TcbFloor>): Partial<RegistryLists> => ({
  floors: new Map([[ANY_FMSPC, { ...FLOOR, ...change }]]),
});
const bytes = (at: number, value: number): Uint8Array => new Uint8Array(16).fill(value, at, at + 1);

const PENDING = {
  statementDigest: reportData.subarray(0, 32),
  cleared: true,
  notAfterUnix: NOW + DAY,
  keyTooOld: false,
};
const standing = (change: Partial<WorkerStanding> = {}): WorkerStanding => ({
  pending: PENDING,
  unstaking: false,
  stakeSuffices: true,
  quoteSeqno: 99,
  recentBlocks: [{ seqno: 100, rootHash: reportData.subarray(32) }],
  ...change,
});

async function answer(change: Partial<DryRunInput>): Promise<string> {
  const outcome = await dryRun({
    quote,
    root: 'simulated',
    kind: 'leaf',
    nowUnix: NOW,
    networkId: -3,
    platform: NEW_PLATFORM,
    registry: lists(),
    worker: standing(),
    ...change,
  });
  return outcome.ok ? 'accepted' : `${outcome.refusal.at}: ${outcome.refusal.error}`;
}

test('a quote that nothing stands against is accepted, with or without the chain in view', async () => {
  expect(await answer({})).toBe('accepted');
  expect(await answer({ registry: null, worker: null, networkId: null })).toBe('accepted');
});

test.each<[error: string, change: () => Partial<DryRunInput>]>([
  ['MAINNET', () => ({ networkId: -239 })],
  ['FULL', () => ({ platform: { ...NEW_PLATFORM, full: true } })],
])('platform refuses with %s', async (error, change) => {
  expect(await answer(change())).toBe(`platform: ERROR_PLATFORM_${error}`);
});

test.each<[error: string, what: string, change: () => Partial<RegistryLists>]>([
  ['WORKER_ABSENT', 'a worker that is not listed', () => ({ listed: false })],
  ['IMAGE_NOT_ALLOWED', 'an image that is not listed', () => ({ images: new Map() })],
  ['IMAGE_EXPIRED', 'an image that ends this second', () => ({ images: new Map([[image, NOW]]) })],
  ['IMAGE_BLOCKED', 'a blocked image', () => ({ blocks: new Map([[image, NOW]]) })],
  ['SHAPE_NOT_ALLOWED', 'another shape', () => ({ shapes: new Set() })],
  ['TCB_UNKNOWN', 'a family without a floor', () => ({ floors: new Map() })],
  ['TCB_TOO_OLD', 'another PCE', () => floor({ pceId: 1 })],
  ['TCB_TOO_OLD', 'a low PCESVN', () => floor({ pceSvn: 65_535 })],
  ['TCB_TOO_OLD', 'an old quoting enclave', () => floor({ qeIsvSvn: 65_535 })],
  ['TCB_TOO_OLD', 'a low SGX component', () => floor({ sgxSvns: bytes(15, 255) })],
  ['TCB_TOO_OLD', 'a low TDX component', () => floor({ teeTcbSvn: bytes(15, 255) })],
  ['TCB_TOO_OLD', 'an older TDX module', () => floor({ teeTcbSvn: bytes(1, teeTcbSvn[1]! + 1) })],
  [
    'TCB_TOO_OLD',
    'a TDX module of a lower SVN',
    () => floor({ teeTcbSvn: Uint8Array.of(255, teeTcbSvn[1]!, ...new Uint8Array(14)) }),
  ],
  ['PLATFORM_BLOCKED', 'a blocked machine', () => ({ blocks: new Map([[PLATFORM, NOW]]) })],
  ['WORKER_BLOCKED', 'a blocked worker', () => ({ blocks: new Map([[WORKER, NOW]]) })],
])('registry refuses with %s: %s', async (error, _, change) => {
  expect(await answer({ registry: lists(change()) })).toBe(`registry: ERROR_REGISTRY_${error}`);
});

test('registry: a newer TDX module may have a lower SVN, a lapsed block is none, an own floor comes before the general one', async () => {
  const module = Uint8Array.of(255, teeTcbSvn[1]! - 1, ...new Uint8Array(14));
  expect(await answer({ registry: lists(floor({ teeTcbSvn: module })) })).toBe('accepted');
  expect(await answer({ registry: lists({ blocks: new Map([[WORKER, NOW - 1]]) }) })).toBe('accepted');
  const fmspc = toHex(minted.machine.leaf.pck.fmspc);
  const floors = new Map([
    [ANY_FMSPC, { ...FLOOR, pceSvn: 65_535 }],
    [fmspc, FLOOR],
  ]);
  expect(await answer({ registry: lists({ floors }) })).toBe('accepted');
});

test.each<[error: string, what: string, change: Partial<WorkerStanding>]>([
  ['STATEMENT_NOT_ANNOUNCED', 'nothing was announced', { pending: null }],
  [
    'STATEMENT_NOT_ANNOUNCED',
    'another statement was announced',
    { pending: { ...PENDING, statementDigest: new Uint8Array(32) } },
  ],
  ['STATEMENT_NOT_CLEARED', 'its models wait for the registry', { pending: { ...PENDING, cleared: false } }],
  ['STATEMENT_EXPIRED', 'it ends this second', { pending: { ...PENDING, notAfterUnix: NOW } }],
  ['UNBONDING', 'the stake leaves', { unstaking: true }],
  ['STAKE_TOO_SMALL', 'the stake is small', { stakeSuffices: false }],
  ['KEY_TOO_OLD', 'the key is old', { pending: { ...PENDING, keyTooOld: true } }],
  [
    'QUOTE_NOT_FRESH',
    'the block is none of those',
    { recentBlocks: [{ seqno: 100, rootHash: new Uint8Array(32) }] },
  ],
  ['QUOTE_REPLAYED', 'the block was used', { quoteSeqno: 100 }],
])('worker refuses with %s: %s', async (error, _, change) => {
  expect(await answer({ worker: standing(change) })).toBe(`worker: ERROR_WORKER_${error}`);
});

test('worker refuses with IMAGE_EXPIRED what the registry was not asked about: a certificate that ends this second', async () => {
  const ends = minted.machine.leaf.notAfter;
  const worker = standing({ pending: { ...PENDING, notAfterUnix: ends + DAY } });
  expect(await answer({ registry: null, worker, nowUnix: ends })).toBe('worker: ERROR_WORKER_IMAGE_EXPIRED');
});

test('the gas that a dry run foretells is the bound that the contract asks value for', () => {
  for (const kind of ATTEST_KINDS) {
    const bound = GAS_PLATFORM_ATTEST - BigInt(ATTEST_KINDS.indexOf(kind)) * GAS_PLATFORM_STEP;
    expect(BigInt(attestGasAtMost(kind))).toBe(bound);
  }
});

test('every error that a dry run can name is a constant of the contracts', () => {
  const folder = path.join(__dirname, '../../..');
  const read = (file: string): string => readFileSync(path.join(folder, file), 'utf8');
  const constants = ['platform', 'registry', 'worker']
    .map((actor) => read(`contracts/${actor}/errors.tact`))
    .join();
  const named = ['Platform', 'Registry', 'Worker']
    .flatMap((actor) => [
      ...read(`src/attestation/onchain/dryRun${actor}.ts`).matchAll(
        /'((PLATFORM|REGISTRY|WORKER)_[A-Z_]+)'/g,
      ),
    ])
    .map(([, name]) => `ERROR_${name}`);
  const signatures = ['CA', 'LEAF', 'QE', 'QUOTE'].map((whose) => `ERROR_PLATFORM_${whose}_SIGNATURE`);
  expect(named.length).toBeGreaterThan(30);
  expect([...named, ...signatures].filter((name) => !constants.includes(`const ${name}: Int`))).toEqual([]);
});

import {
  allocateHash,
  storeAllocate,
  storeEntries,
  type Allocate,
  type AllocateEntry,
} from '../protocol/allocate';
import { nano } from '../protocol/amounts';
import { escrowDomain, workerDomain } from '../protocol/domain';
import { keyPairFromSeed, sign } from '../protocol/ed25519';
import type { Fields } from '../protocol/fields';
import { JobOutcome, jobRecordFields, jobRecordImage } from '../protocol/jobRecord';
import type { Layout } from '../protocol/layout';
import { lineFields, lineId, lineImage } from '../protocol/line';
import { EMPTY_RANGE, append, encodeProof, leafHash, prove, rootOf } from '../protocol/mountainRange';
import { jobFee, type Prices, type Usage } from '../protocol/price';
import { askLayout, hpkeCertificateLayout, receiptLayout, ticketLayout } from '../protocol/signed';
import {
  StatementRole,
  modelsCell,
  modelsRoot,
  statementCell,
  statementDigest,
  statementFields,
  statementHash,
  statementImage,
} from '../protocol/statement';
import { SAMPLE_NAMES, plain, sampleOf, seededBytes } from './samples';

/** Golden vectors by file name: what another implementation must reproduce to the bit. */
export function vectorFiles(): Record<string, unknown[]> {
  return {
    line: lines(),
    domain: domains(),
    ticket: signed(ticketLayout),
    receipt: signed(receiptLayout),
    certificate: signed(hpkeCertificateLayout),
    ask: signed(askLayout),
    allocate: allocations(),
    statement: statements(),
    modelsRoot: modelsRoots(),
    jobRecord: jobRecords(),
    fee: fees(),
    proof: proofs(),
  };
}

/** Vectors as their file holds them. */
export function vectorText(vectors: unknown[]): string {
  return `${JSON.stringify(plain(vectors), null, 2)}\n`;
}

function lines(): unknown[] {
  return SAMPLE_NAMES.map((sample) => {
    const value = sampleOf(lineFields, sample);
    return { sample, value, image: lineImage(value), lineId: lineId(value) };
  });
}

function domains(): unknown[] {
  return [-239, -3, 0x7fff_ffff].map((networkId) => {
    const scope = {
      networkId,
      registry: seededBytes('registry', 32),
      self: seededBytes(`self${networkId}`, 32),
    };
    const born = seededBytes(`born${networkId}`, 8).readBigUInt64BE();
    return { scope, born, escrowDomain: escrowDomain(scope, born), workerDomain: workerDomain(scope) };
  });
}

/** The secret seeds are published on purpose: Ed25519 is deterministic, so the signatures can be made again. */
function signed<F extends Fields>(of: Layout<F>): unknown[] {
  const keys = keyPairFromSeed(seededBytes(`key of ${of.name}`, 32));
  return SAMPLE_NAMES.map((sample) => {
    const value = sampleOf(of, sample);
    const hash = of.hash(value);
    const { seed, publicKey } = keys;
    return { sample, value, image: of.image(value), hash, seed, publicKey, signature: sign(hash, keys) };
  });
}

/** `entries` and `boc` are bags of cells: the list alone, and the whole that is signed. */
function allocations(): unknown[] {
  const keys = keyPairFromSeed(seededBytes('key of Allocate', 32));
  const { seed, publicKey } = keys;
  return [1, 3, 7].map((count) => {
    const value: Allocate = {
      domain: seededBytes('Allocate.domain', 32),
      seqno: count,
      validUntil: 1_900_000_000,
      raiseSum: nano(seededBytes(`Allocate.raiseSum ${count}`, 8).readBigUInt64BE()),
      entries: Array.from({ length: count }, (_, i) => allocateEntry(i)),
    };
    const hash = allocateHash(value);
    const boc = storeAllocate(value).toBoc();
    const list = storeEntries(value.entries).toBoc();
    return { value, list, boc, hash, seed, publicKey, signature: sign(hash, keys) };
  });
}

function allocateEntry(i: number): AllocateEntry {
  const cap = nano(seededBytes(`AllocateEntry.cap ${i}`, 8).readBigUInt64BE());
  const id = seededBytes(`AllocateEntry.lineId ${i}`, 20);
  if (i % 3 === 1) return { kind: 'raise', cap, lineId: id };
  if (i % 3 === 2) return { kind: 'close', lineId: id };
  const { settleBy, feeBps, feeTo, workerKey } = sampleOf(lineFields, 'seeded');
  return {
    kind: 'open',
    cap,
    provider: seededBytes('provider', 32),
    index: i,
    settleBy,
    feeBps,
    feeTo,
    workerKey,
  };
}

function statements(): unknown[] {
  return SAMPLE_NAMES.map((sample) => {
    const value = { ...sampleOf(statementFields, sample), role: StatementRole.Worker };
    const image = statementImage(value);
    return {
      sample,
      value,
      image,
      hash: statementHash(image),
      digest: statementDigest(image),
      cellHash: statementCell(image).hash(),
    };
  });
}

function modelsRoots(): unknown[] {
  const [a, b] = [seededBytes('model a', 32), seededBytes('model b', 32)];
  return [[], [a], [b, a], [a, b, a]].map((models) => ({
    models,
    root: modelsRoot(models),
    cellHash: modelsCell(models).hash(),
  }));
}

function jobRecords(): unknown[] {
  return SAMPLE_NAMES.map((sample) => {
    const outcome = sample === 'largest' ? JobOutcome.Partial : JobOutcome.Completed;
    const value = { ...sampleOf(jobRecordFields, sample), outcome } as Parameters<typeof jobRecordImage>[0];
    const image = jobRecordImage(value);
    return { sample, value, image, leaf: leafHash(image) };
  });
}

function fees(): unknown[] {
  const prices = (
    promptPrice: bigint,
    cachedPrice: bigint,
    completionPrice: bigint,
    audioPrice: bigint,
  ): Prices => ({
    promptPrice,
    cachedPrice,
    completionPrice,
    audioPrice,
  });
  const usage = (
    prompt: number,
    cached: number,
    completion: number,
    reasoning: number,
    audioMs: number,
  ): Usage => ({
    promptTokens: prompt,
    cachedTokens: cached,
    completionTokens: completion,
    reasoningTokens: reasoning,
    audioMs,
  });
  const [u32, u64] = [0xffff_ffff, 2n ** 64n - 1n];
  const cases: [Prices, Usage][] = [
    [prices(0n, 0n, 0n, 0n), usage(0, 0, 0, 0, 0)],
    [prices(u64, u64, u64, u64), usage(0, 0, 0, 0, 0)],
    [prices(1n, 0n, 0n, 0n), usage(1, 0, 0, 0, 0)],
    [prices(333_333n, 0n, 333_333n, 20_000n), usage(1, 0, 1, 0, 1)],
    [prices(333_333n, 0n, 333_335n, 20_000n), usage(1, 0, 1, 0, 1)],
    [prices(150_000_000n, 15_000_000n, 600_000_000n, 0n), usage(1_234, 1_000, 567, 89, 0)],
    [prices(0n, 0n, 0n, 60_001n), usage(0, 0, 0, 0, 1)],
    [prices(u64, u64, u64, u64), usage(u32, 0, u32, u32, u32)],
  ];
  return cases.map(([price, used]) => ({ prices: price, usage: used, feeNano: jobFee(price, used) }));
}

function proofs(): unknown[] {
  return [1, 2, 3, 7, 11, 16].flatMap((count) => {
    const leaves = Array.from({ length: count }, (_, i) => leafHash(Buffer.from([i])));
    const root = rootOf(leaves.reduce(append, EMPTY_RANGE));
    const indices = [...new Set([0, count >> 1, count - 1])];
    return indices.map((index) => ({
      count,
      index,
      leaf: leaves[index],
      root,
      proof: encodeProof(prove(leaves, index)),
    }));
  });
}

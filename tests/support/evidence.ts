import { createSimulatedHost } from '../../src/attestation/testing/host';
import { AEAD_ID, KDF_ID, KEM_ID } from '../../src/channel';
import { withoutPadding, type EvidenceBundle } from '../../src/evidence';
import { nano } from '../../src/protocol/amounts';
import { escrowDomain, workerDomain } from '../../src/protocol/domain';
import { keyPairFromSeed, sign, type KeyPair } from '../../src/protocol/ed25519';
import { JobOutcome, jobRecordImage, type JobRecord } from '../../src/protocol/jobRecord';
import { lineId, lineImage, type Line } from '../../src/protocol/line';
import { encodeProof, leafHash, prove, rootFromProof } from '../../src/protocol/mountainRange';
import { jobFee } from '../../src/protocol/price';
import {
  askLayout,
  encodeSigned,
  hpkeCertificateLayout,
  receiptLayout,
  ticketLayout,
  type Ask,
  type HpkeCertificate,
  type Receipt,
  type Ticket,
} from '../../src/protocol/signed';
import {
  modelsRoot,
  statementDigest,
  statementHash,
  statementImage,
  StatementRole,
  type Statement,
} from '../../src/protocol/statement';
import { imageId } from '../../src/attestation/image';
import { nodeCrypto } from '../../src/attestation/crypto/node';
import { parseQuote } from '../../src/attestation/quote';

/** Seconds since 1970 at which the ticket was issued. */
export const ISSUED_AT = Date.parse('2026-11-25T12:00:00Z') / 1_000;
export const NETWORK_ID = -777;
export const MODELS = [Buffer.alloc(32, 0x30), Buffer.alloc(32, 0x40)];
const REGISTRY = Buffer.alloc(32, 0xe1);
const ESCROW = Buffer.alloc(32, 0xe5);
const WORKER = Buffer.alloc(32, 0xe7);
const BORN = 77n;
const JOBS = 7;
const INDEX = 4;

/** What a dishonest one signs instead of what is true; each structure is hashed and signed after it. */
export interface EvidenceLies {
  ticket?: Partial<Ticket>;
  record?: Partial<JobRecord>;
  receipt?: Partial<Receipt>;
  line?: Partial<Line>;
  ask?: Partial<Ask>;
  certificate?: Partial<HpkeCertificate>;
  statement?: Partial<Statement>;
  /** 64 bytes, instead of the statement's digest and a block's hash. */
  reportData?: Buffer;
  /** Bytes after the end of the quote. */
  padding?: Buffer;
}

/**
 * A whole bundle of a simulated worker, made with the encoders and keys of those who make its parts. The numbers are
 * seeds: others make other keys, of another machine.
 */
export async function makeEvidence(
  seeds = { signer: 1, worker: 2 },
  lies: EvidenceLies = {},
): Promise<EvidenceBundle> {
  const signer = keyPairFromSeed(Buffer.alloc(32, seeds.signer));
  const worker = keyPairFromSeed(Buffer.alloc(32, seeds.worker));
  const scope = { networkId: NETWORK_ID, registry: REGISTRY };
  const domains = {
    escrow: escrowDomain({ ...scope, self: ESCROW }, BORN),
    worker: workerDomain({ ...scope, self: WORKER }),
  };
  const { statement, quote, collateral, image } = await attested(worker, lies);
  const ask = signedAsk(domains.worker, worker, lies);
  const certificate = {
    domain: domains.worker,
    hpkeKey: Buffer.alloc(32, 0x66),
    statementHash: statementHash(statement),
    notBefore: ISSUED_AT - 3_600,
    notAfter: ISSUED_AT + 80_000,
    ...lies.certificate,
  };
  const line: Line = {
    workerAddress: WORKER,
    settleBy: ISSUED_AT + 10 * 86_400,
    feeBps: 300,
    feeTo: Buffer.alloc(20, 0xfe),
    workerKey: worker.publicKey,
    ...lies.line,
  };
  const ticket = {
    domain: domains.escrow,
    lineId: lineId(line),
    jobId: Buffer.alloc(16, 0x0b),
    requestHash: Buffer.alloc(32, 0x71),
    maxFee: nano(20_000_000n),
    issuedAt: ISSUED_AT,
    notAfter: ISSUED_AT + 300,
    ...lies.ticket,
  };
  const usage = {
    promptTokens: 40,
    cachedTokens: 8,
    completionTokens: 16,
    reasoningTokens: 2,
    audioMs: 0,
  };
  const record = jobRecordImage({
    ...usage,
    ticketHash: ticketLayout.hash(ticket),
    modelHash: MODELS[0]!,
    imageId: image,
    askHash: askLayout.hash(ask.value),
    requestHash: ticket.requestHash,
    responseHash: Buffer.alloc(32, 0x72),
    fee: jobFee(ask.value, usage),
    startedAt: ISSUED_AT + 1,
    endedAt: ISSUED_AT + 3,
    outcome: JobOutcome.Completed,
    ...lies.record,
  });
  const leaves = Array.from({ length: JOBS }, (_, i) => leafHash(i === INDEX ? record : Buffer.from([i])));
  const proof = prove(leaves, INDEX);
  const receipt = {
    domain: domains.escrow,
    lineId: lineId(line),
    total: nano(9_000_000n),
    jobs: BigInt(JOBS),
    jobsRoot: rootFromProof(leaves[INDEX]!, proof)!,
    issuedAt: ISSUED_AT + 3,
    flags: 0,
    ...lies.receipt,
  };
  const text = (bytes: Buffer): string => bytes.toString('base64');
  const raw = (hash: Buffer): string => `0:${hash.toString('hex')}`;
  return {
    version: 1,
    network: { id: NETWORK_ID, root: 'simulated' },
    registry: raw(REGISTRY),
    escrow: { address: raw(ESCROW), born: BORN.toString(), signer: signer.publicKey.toString('hex') },
    worker: raw(WORKER),
    requestHash: ticket.requestHash.toString('hex'),
    responseHash: '72'.repeat(32),
    record: text(record),
    proof: text(encodeProof(proof)),
    receipt: text(
      encodeSigned(receiptLayout, { value: receipt, signature: sign(receiptLayout.hash(receipt), worker) }),
    ),
    ticket: text(
      encodeSigned(ticketLayout, { value: ticket, signature: sign(ticketLayout.hash(ticket), signer) }),
    ),
    line: text(lineImage(line)),
    ask: text(encodeSigned(askLayout, ask)),
    certificate: text(
      encodeSigned(hpkeCertificateLayout, {
        value: certificate,
        signature: sign(hpkeCertificateLayout.hash(certificate), worker),
      }),
    ),
    statement: text(statement),
    models: MODELS.map((hash) => hash.toString('hex')),
    quote: text(quote),
    collateral,
    claims: { model: 'tiny-llama', verifiedAt: ISSUED_AT - 60, quoteBlock: 1_234 },
  };
}

function signedAsk(domain: Buffer, worker: KeyPair, lies: EvidenceLies): { value: Ask; signature: Buffer } {
  const value: Ask = {
    domain,
    modelHash: MODELS[0]!,
    promptPrice: 20_000_000_000n,
    cachedPrice: 5_000_000_000n,
    completionPrice: 80_000_000_000n,
    audioPrice: 0n,
    minCap: 0n,
    seq: 3,
    notBefore: ISSUED_AT - 600,
    notAfter: ISSUED_AT + 600,
    ...lies.ask,
  };
  return { value, signature: sign(askLayout.hash(value), worker) };
}

/** A statement, and a quote of a simulated machine that binds it. */
async function attested(
  worker: KeyPair,
  lies: EvidenceLies,
): Promise<{
  statement: Buffer;
  quote: Buffer;
  collateral: EvidenceBundle['collateral'];
  image: Buffer;
}> {
  const statement = statementImage({
    role: StatementRole.Worker,
    networkId: NETWORK_ID,
    registry: REGISTRY,
    worker: WORKER,
    receiptKey: worker.publicKey,
    hpkeKey: Buffer.alloc(32, 0x66),
    kemId: KEM_ID,
    kdfId: KDF_ID,
    aeadId: AEAD_ID,
    notBefore: ISSUED_AT - 3_600,
    notAfter: ISSUED_AT + 82_000,
    modelsRoot: modelsRoot(MODELS),
    gpuEvidenceHash: Buffer.alloc(32),
    hostTier: 1,
    ...lies.statement,
  });
  const host = createSimulatedHost({ random: () => worker.publicKey, nowUnix: ISSUED_AT - 3_600 });
  const honest = Buffer.concat([statementDigest(statement), Buffer.alloc(32, 0xb1)]);
  const quote = host.quote(lies.reportData ?? honest);
  return {
    statement,
    quote: Buffer.concat([withoutPadding(quote), lies.padding ?? Buffer.alloc(0)]),
    collateral: host.collateral(ISSUED_AT - 3_600),
    image: Buffer.from(await imageId(parseQuote(quote).body, 'simulated', nodeCrypto)),
  };
}

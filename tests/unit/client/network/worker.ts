import { Address } from '@ton/core';
import { parseQuote } from '../../../../src/attestation';
import { createSimulatedHost, type HostQuoteOverrides } from '../../../../src/attestation/testing/host';
import {
  AEAD_ID,
  ChunkKind,
  createReplySealer,
  decodeRequestPlaintext,
  encodeContent,
  encodeResponseHead,
  encodeSettlement,
  generateHpkeKeyPair,
  KDF_ID,
  KEM_ID,
  openRequest,
  type RequestPlaintext,
} from '../../../../src/channel';
import type { WorkerState } from '../../../../src/chain/types';
import { nano, type Nano } from '../../../../src/protocol/amounts';
import { workerDomain } from '../../../../src/protocol/domain';
import { keyPairFromSeed, sign } from '../../../../src/protocol/ed25519';
import { sha256 } from '../../../../src/protocol/hash';
import { JobOutcome, jobRecordImage, type JobRecord } from '../../../../src/protocol/jobRecord';
import {
  appendWithProof,
  EMPTY_RANGE,
  leafHash,
  rootOf,
  type InclusionProof,
} from '../../../../src/protocol/mountainRange';
import { jobFee, type Usage } from '../../../../src/protocol/price';
import {
  askLayout,
  encodeSigned,
  hpkeCertificateLayout,
  receiptLayout,
  ticketLayout,
  type Ask,
  type HpkeCertificate,
  type Receipt,
} from '../../../../src/protocol/signed';
import {
  modelsRoot,
  StatementRole,
  type Statement,
  statementDigest,
  statementHash,
  statementImage,
} from '../../../../src/protocol/statement';
import {
  encodeEvidence,
  encodeFrame,
  FrameKind,
  signOffer,
  type JobEnvelope,
  type SignedOffer,
  type WorkerEvidence,
  type WorkerOffer,
} from '../../../../src/protocol/wire';
import { BLOCK_ROOT, NETWORK_ID, platformOf, PROVIDER, REGISTRY } from './chain';
import type { ManualClock } from './clock';

/** The trusted computing base of simulated machines, which a floor of the same values just lets pass. */
export const TCB = {
  blockRoot: BLOCK_ROOT,
  fmspc: Buffer.from('b0c06f000000', 'hex'),
  pceId: 0,
  pceSvn: 11,
  sgxSvns: Buffer.from('03030202040100050000000000000000', 'hex'),
  teeTcbSvn: Buffer.from('05010200000000000000000000000000', 'hex'),
  teeTcbSvn2: Buffer.alloc(16),
  qeIsvSvn: 6,
};
export const BLOCK_SEQNO = 12_300;

/** What simulated machines measure, hashed here once more: see src/attestation/image.ts. */
function measuredIn(quote: Buffer): { imageId: Buffer; shape: Buffer } {
  const { tdAttributes, mrTd, mrConfigId, mrOwner, mrOwnerConfig, rtmrs, xfam } = parseQuote(quote).body;
  const [rtmr0, ...software] = rtmrs;
  const image = [tdAttributes, mrTd, mrConfigId, mrOwner, mrOwnerConfig, ...software];
  return {
    imageId: sha256(Buffer.from('cocoon/simulated-image/v1\0'), ...image),
    shape: sha256(Buffer.from('cocoon/shape/v1\0'), xfam, rtmr0),
  };
}

export const MODEL_HASH = Buffer.alloc(32, 0x30);

/** What an engine answers: a head, the body in pieces (one chunk each), and its usage. */
export interface EngineAnswer {
  status: number;
  contentType: string;
  pieces: (string | Buffer)[];
  usage: Partial<Usage>;
}

/** Places where a worker or router can cheat; each gets the honest value. */
export interface Tricks {
  usage?(usage: Usage): Usage;
  fee?(fee: Nano): Nano;
  record?(record: JobRecord): JobRecord;
  proof?(proof: InclusionProof): InclusionProof;
  receipt?(receipt: Receipt): Receipt;
  /** What an audit hands over. */
  audit?(items: AuditItem[]): AuditItem[];
  /** Over the encoded frames, in order. */
  frames?(frames: Buffer[]): Buffer[];
  signWith?: Buffer;
}

export interface AuditItem {
  ticket: string;
  record: string;
}

/** What a worker knows of its lines, by line id in hex. */
interface WorkerHistory {
  totals: Map<string, bigint>;
  ranges: Map<string, typeof EMPTY_RANGE>;
  items: Map<string, AuditItem[]>;
}

export interface FakeWorker {
  key: string;
  address: Address;
  state: WorkerState;
  tricks: Tricks;
  ask: Ask;
  /** Requests that were opened, newest last. */
  seen: RequestPlaintext[];
  /** Earned per line id in hex. */
  totals: Map<string, bigint>;
  history: WorkerHistory;
  slots: number;
  offer(change?: Partial<WorkerOffer>): SignedOffer;
  /** What it shows of itself. */
  evidence(): WorkerEvidence;
  setPrices(change: Partial<Ask>): void;
  run(envelope: JobEnvelope): Buffer[];
}

export function createFakeWorker(
  clock: ManualClock,
  options: {
    index: number;
    engine(request: RequestPlaintext): EngineAnswer;
    ask?: Partial<Ask>;
    /** Another one makes another boot of the same worker. */
    boot?: number;
    /** Of the same boot under another statement; empty by default. */
    history?: WorkerHistory;
    /** Where its contract is; a made-up place by default. */
    address?: Address;
    /** Signed and recorded, and still wrong. */
    statement?: Partial<Statement>;
    certificate?: Partial<HpkeCertificate>;
    /** What its machine quotes instead of what a healthy one does. */
    quote?: HostQuoteOverrides;
    /** Which of Intel's two authorities certified its machine. */
    ca?: 'platform' | 'processor';
  },
): FakeWorker {
  const seed = Buffer.alloc(32, 0x10 + options.index);
  if (options.boot) seed.writeUInt16BE(options.boot, 0);
  const keys = keyPairFromSeed(seed);
  const hpke = generateHpkeKeyPair();
  const address = options.address ?? new Address(0, Buffer.alloc(32, 0x40 + options.index));
  const domain = workerDomain({ networkId: NETWORK_ID, registry: REGISTRY.hash, self: address.hash });
  const dates = { notBefore: Math.floor(clock.now()) - 60, notAfter: Math.floor(clock.now()) + 86_000 };
  const statement = statementImage({
    role: StatementRole.Worker,
    networkId: NETWORK_ID,
    registry: REGISTRY.hash,
    worker: address.hash,
    receiptKey: keys.publicKey,
    hpkeKey: hpke.publicKey,
    kemId: KEM_ID,
    kdfId: KDF_ID,
    aeadId: AEAD_ID,
    ...dates,
    modelsRoot: modelsRoot([MODEL_HASH]),
    gpuEvidenceHash: Buffer.alloc(32),
    hostTier: 0,
    ...options.statement,
  });
  const machine = createSimulatedHost({
    random: (bytes) => Buffer.alloc(bytes, 0x70 + options.index),
    nowUnix: Math.floor(clock.now()),
    ...(options.ca && { ca: options.ca }),
  });
  const quote = machine.quote(Buffer.concat([statementDigest(statement), BLOCK_ROOT]), options.quote ?? {});
  const { imageId, shape } = measuredIn(quote);
  const platform = platformOf(machine.ppid);
  const asks: Ask[] = [];
  const history: WorkerHistory = options.history ?? {
    totals: new Map(),
    ranges: new Map(),
    items: new Map(),
  };
  const { ranges, items } = history;

  const auditAnswer = (line: string, { from }: { from: number }): EngineAnswer => {
    const all = items.get(line) ?? [];
    const handed = worker.tricks.audit?.(all.slice(from)) ?? all.slice(from);
    const answer = {
      line,
      jobs: all.length,
      total_nano: String(worker.totals.get(line) ?? 0n),
      items: handed,
      next: null,
    };
    return { status: 200, contentType: 'application/json', pieces: [JSON.stringify(answer)], usage: {} };
  };

  const addAsk = (change: Partial<Ask>): Ask => {
    const ask: Ask = {
      domain,
      modelHash: MODEL_HASH,
      promptPrice: 1_000_000n,
      cachedPrice: 500_000n,
      completionPrice: 2_000_000n,
      audioPrice: 0n,
      minCap: 0n,
      seq: asks.length + 1,
      ...dates,
      ...options.ask,
      ...change,
    };
    asks.push(ask);
    return ask;
  };

  const worker: FakeWorker = {
    key: keys.publicKey.toString('hex'),
    address,
    tricks: {},
    seen: [],
    history,
    totals: history.totals,
    slots: 4,
    ask: addAsk({}),
    state: {
      address,
      registry: REGISTRY,
      provider: PROVIDER,
      index: options.index,
      operator: PROVIDER,
      stakeNano: nano(0),
      activeUntil: dates.notAfter,
      active: true,
      unstakeAt: 0,
      keys: [
        {
          workerKey: keys.publicKey,
          activeUntil: dates.notAfter,
          lastSettleBy: Math.floor(clock.now()) + 13 * 86_400,
          platform,
        },
      ],
      statementHash: statementHash(statement),
      imageId,
      shape,
      platform,
      tcb: TCB,
      quoteSeqno: BLOCK_SEQNO,
      pending: null,
      attestedAt: Math.floor(clock.now()),
      earningsNano: nano(0),
      claimableNano: nano(0),
      feeRecipients: [{ feeTo: Buffer.alloc(20, 0xfe), maxBps: 300, owedNano: nano(0) }],
      balanceNano: nano(0),
      readAtUnix: Math.floor(clock.now()),
    },
    evidence: () => encodeEvidence({ statement, quote }),
    setPrices(change) {
      worker.ask = addAsk(change);
    },
    offer(change = {}) {
      const certificate = {
        domain,
        hpkeKey: hpke.publicKey,
        statementHash: statementHash(statement),
        ...dates,
        ...options.certificate,
      };
      const signed = { value: certificate, signature: sign(hpkeCertificateLayout.hash(certificate), keys) };
      return signOffer(
        {
          version: 1,
          seq: 1,
          issuedAt: Math.floor(clock.now()),
          worker: address.hash.toString('hex'),
          workerKey: keys.publicKey.toString('hex'),
          imageId: imageId.toString('hex'),
          statement: statement.toString('base64'),
          certificate: encodeSigned(hpkeCertificateLayout, signed).toString('base64'),
          asks: [worker.ask].map((ask) =>
            encodeSigned(askLayout, { value: ask, signature: sign(askLayout.hash(ask), keys) }).toString(
              'base64',
            ),
          ),
          models: [
            {
              id: 'tiny',
              hash: MODEL_HASH.toString('hex'),
              contextLength: 2_048,
              maxOutputTokens: 512,
              capabilities: ['chat', 'completions', 'embeddings', 'audio'],
            },
          ],
          slots: worker.slots,
          maxFeeBps: 300,
          ...change,
        },
        keys,
      );
    },
    run(envelope) {
      const { ticket, ciphertext } = envelope;
      const { value } = ticket;
      const opened = openRequest({
        statementHash: statementHash(statement),
        escrowDomain: value.domain,
        lineId: value.lineId,
        jobId: value.jobId,
        keys: hpke,
        ciphertext,
      });
      const request = decodeRequestPlaintext(opened.plaintext);
      worker.seen.push(request);
      const answer =
        request.head.path === '/cocoon/v1/audit'
          ? auditAnswer(value.lineId.toString('hex'), JSON.parse(request.body.toString()) as { from: number })
          : options.engine(request);
      return reply(envelope, opened.replyContext, request, answer);
    },
  };

  const reply = (
    { ticket }: JobEnvelope,
    context: Parameters<typeof createReplySealer>[0],
    request: RequestPlaintext,
    answer: EngineAnswer,
  ): Buffer[] => {
    const { tricks } = worker;
    const { value } = ticket;
    const nonce = Buffer.alloc(32, 0x77);
    const sealer = createReplySealer(context, nonce);
    const head = encodeResponseHead({
      status: answer.status,
      headers: { 'content-type': answer.contentType },
    });
    const contents = [
      head,
      ...answer.pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece)),
    ];
    const chunks = contents.map((content, i) =>
      sealer.seal(
        i === contents.length - 1 ? ChunkKind.LastContent : ChunkKind.Content,
        encodeContent(content),
      ),
    );

    const named = request.head.headers['x-cocoon-ask'];
    const ask = asks.find((one) => askLayout.hash(one).toString('hex') === named) ?? worker.ask;
    const honest: Usage = {
      promptTokens: 0,
      cachedTokens: 0,
      completionTokens: 0,
      reasoningTokens: 0,
      audioMs: 0,
      ...answer.usage,
    };
    const usage = tricks.usage?.(honest) ?? honest;
    const fee = jobFee(ask, usage);
    const plain: JobRecord = {
      ticketHash: ticketLayout.hash(value),
      modelHash: MODEL_HASH,
      imageId,
      askHash: askLayout.hash(ask),
      requestHash: value.requestHash,
      responseHash: sealer.responseHash(),
      ...usage,
      fee: tricks.fee?.(fee) ?? fee,
      startedAt: Math.floor(clock.now()),
      endedAt: Math.floor(clock.now()),
      outcome: JobOutcome.Completed,
    };
    const record = tricks.record?.(plain) ?? plain;
    const line = value.lineId.toString('hex');
    const { range, proof } = appendWithProof(
      ranges.get(line) ?? EMPTY_RANGE,
      leafHash(jobRecordImage(record)),
    );
    ranges.set(line, range);
    items.set(line, [
      ...(items.get(line) ?? []),
      {
        ticket: encodeSigned(ticketLayout, ticket).toString('base64'),
        record: jobRecordImage(record).toString('base64'),
      },
    ]);
    const total = (worker.totals.get(line) ?? 0n) + record.fee;
    worker.totals.set(line, total);

    const truth: Receipt = {
      domain: value.domain,
      lineId: value.lineId,
      total,
      jobs: BigInt(range.count),
      jobsRoot: rootOf(range),
      issuedAt: Math.floor(clock.now()),
      flags: 0,
    };
    const receipt = tricks.receipt?.(truth) ?? truth;
    const signer = tricks.signWith ? keyPairFromSeed(tricks.signWith) : keys;
    const signed = { value: receipt, signature: sign(receiptLayout.hash(receipt), signer) };
    const settlement = sealer.seal(
      ChunkKind.Settlement,
      encodeSettlement(record, tricks.proof?.(proof) ?? proof),
    );
    const frames = [
      encodeFrame(FrameKind.Head, nonce),
      ...chunks.map((chunk) => encodeFrame(FrameKind.Chunk, chunk)),
      encodeFrame(FrameKind.KeepAlive, Buffer.alloc(0)),
      encodeFrame(FrameKind.Chunk, settlement),
      encodeFrame(FrameKind.Receipt, encodeSigned(receiptLayout, signed)),
    ];
    return tricks.frames?.(frames) ?? frames;
  };
  return worker;
}

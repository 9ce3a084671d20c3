import {
  ChunkKind,
  createReplyOpener,
  createResponseReader,
  decodeContent,
  decodeSettlement,
  encodeRequestPlaintext,
  sealRequest,
  type ReplyContext,
  type RequestPlaintext,
  type Settlement,
} from '../../../../src/channel';
import { nano } from '../../../../src/protocol/amounts';
import { sign, type KeyPair } from '../../../../src/protocol/ed25519';
import { sha256 } from '../../../../src/protocol/hash';
import { lineId, type Line } from '../../../../src/protocol/line';
import {
  decodeSigned,
  receiptLayout,
  ticketLayout,
  type Receipt,
  type Signed,
  type Ticket,
} from '../../../../src/protocol/signed';
import { encodeEnvelopeHead, FrameKind, type Frame } from '../../../../src/protocol/wire';

/** What a test may bend; the rest of the job stays genuine. */
export interface JobBend {
  ticket?: Partial<Ticket>;
  signer?: KeyPair;
  line?: Line;
  escrow?: Buffer;
  /** Changes the sealed text without the ticket. */
  plaintext?: Partial<RequestPlaintext>;
  /** Changes the ciphertext after the ticket was signed. */
  ciphertext?: (sealed: Buffer) => Buffer;
  recipientKey?: Buffer;
}

export interface SealedJob {
  bytes: Buffer;
  ticket: Ticket;
  replyContext: ReplyContext;
}

export interface JobFacts {
  escrow: Buffer;
  domain: Buffer;
  line: Line;
  signer: KeyPair;
  recipientKey: Buffer;
  statementHash: Buffer;
  modelHash: Buffer;
  jobId: Buffer;
  now: number;
  maxFee: bigint;
  path: string;
  body: object | null;
  headers?: Record<string, string>;
}

export function sealJob(facts: JobFacts, bend: JobBend = {}): SealedJob {
  const line = bend.line ?? facts.line;
  const escrow = bend.escrow ?? facts.escrow;
  const base = {
    domain: facts.domain,
    lineId: lineId(line),
    jobId: facts.jobId,
    maxFee: facts.maxFee,
    issuedAt: Math.floor(facts.now),
    notAfter: Math.floor(facts.now) + 300,
    ...bend.ticket,
  };
  const plaintext = encodeRequestPlaintext({
    jobId: base.jobId,
    issuedAt: base.issuedAt,
    notAfter: base.notAfter,
    modelHash: facts.modelHash,
    maxFee: nano(base.maxFee),
    head: { method: facts.body ? 'POST' : 'GET', path: facts.path, headers: facts.headers ?? {} },
    body: facts.body ? Buffer.from(JSON.stringify(facts.body)) : Buffer.alloc(0),
    ...bend.plaintext,
  });
  const { ciphertext, replyContext } = sealRequest({
    statementHash: facts.statementHash,
    escrowDomain: base.domain,
    lineId: base.lineId,
    jobId: base.jobId,
    recipientKey: bend.recipientKey ?? facts.recipientKey,
    plaintext,
  });
  const ticket: Ticket = { requestHash: sha256(ciphertext), ...base };
  const signature = sign(ticketLayout.hash(ticket), bend.signer ?? facts.signer);
  const head = encodeEnvelopeHead({ line, escrow, ticket: { value: ticket, signature } });
  const sent = bend.ciphertext ? bend.ciphertext(ciphertext) : ciphertext;
  return { bytes: Buffer.concat([head, sent]), ticket, replyContext };
}

export interface OpenedReply {
  status: number;
  body: string;
  settlement: Settlement;
  receipt: Signed<Receipt>;
  responseHash: Buffer;
  /** Error code inside the sealed body, when there is one. */
  code: string | null;
}

/** Opens a whole reply; throws when anything of it is missing. */
export function openReply(job: SealedJob, frames: Frame[]): OpenedReply {
  const kept = frames.filter(({ kind }) => kind !== FrameKind.KeepAlive);
  const [head, ...rest] = kept;
  const last = rest.pop();
  if (head?.kind !== FrameKind.Head || last?.kind !== FrameKind.Receipt) throw new Error('the reply was cut');
  const opener = createReplyOpener(job.replyContext, head.payload);
  const reader = createResponseReader();
  let status = 0;
  let settlement: Settlement | null = null;
  const body: Buffer[] = [];
  for (const { payload } of rest) {
    const { kind, plaintext } = opener.open(payload);
    if (kind === ChunkKind.Settlement) {
      settlement = decodeSettlement(plaintext);
      continue;
    }
    const read = reader.push(decodeContent(plaintext));
    status = read.head?.status ?? 0;
    body.push(read.body);
  }
  opener.assertEnded();
  if (!settlement) throw new Error('the reply has no settlement');
  const text = Buffer.concat(body).toString('utf8');
  return {
    status,
    body: text,
    settlement,
    receipt: decodeSigned(receiptLayout, last.payload),
    responseHash: opener.responseHash(),
    code: /"code":"([a-z_]+)"/.exec(text)?.[1] ?? null,
  };
}

import { encodeRequestPlaintext, sealRequest, type Timers } from '../channel';
import type { Clock, EscrowState } from '../chain/types';
import { nano } from '../protocol/amounts';
import { CocoonError } from '../protocol/errors';
import { sha256 } from '../protocol/hash';
import { ticketLayout, type Receipt, type Ticket } from '../protocol/signed';
import { encodeEnvelopeHead, FRAMES_CONTENT_TYPE, JOB_CONTENT_TYPE } from '../protocol/wire';
import type { Caller } from './caller';
import { keptEvidence } from './evidence/kept';
import { CLIENT_LIMITS } from './limits';
import type { HeldLine, UsableLine } from './heldLine';
import type { Lines } from './lines';
import type { Candidate, Market } from './market';
import type { Usage } from '../protocol/price';
import { readLimited } from './readLimited';
import { readReply, withTimeout, type ReplyEvent } from './replyReader';
import { signWith, type Signer } from './signer';
import { verifySettlement, type Delivered } from './settlement';
import { readErrorBody } from './toldError';

/** What a worker is asked to do, and what it may bill for it at most. */
export interface Order {
  path: string;
  body: Buffer;
  /** Of the body; JSON by default. */
  contentType?: string;
  /** For the books. */
  model: string;
  maxFeeNano: bigint;
  bound: Usage;
  choices: number;
}

/** One ticket's job: its reply, and the verification of its bill. */
export interface RunningJob {
  /** Hex; also the id of its receipt. */
  id: string;
  ticket: Ticket;
  candidate: Candidate;
  events: AsyncGenerator<ReplyEvent, void>;
  /** Says that nobody reads the reply any more; without effect once it is settled. */
  dropped(): void;
  /** Verifies and books the bill. Throws CocoonError naming what is wrong; then nothing is booked. */
  settle(bill: Extract<ReplyEvent, { kind: 'bill' }>, delivered: Delivered): JobCost;
}

export interface JobCost {
  receiptId: string;
  /** Account hash of the Worker contract in hex. */
  worker: string;
  costNano: bigint;
  receipt: Receipt;
}

export interface JobDeps {
  clock: Clock;
  timers: Timers;
  fetch: typeof globalThis.fetch;
  random(bytes: number): Buffer;
  signer: Signer;
  lines: Lines;
  market: Market;
  /** Whose money it is, when the client serves several; never set for the client's own jobs. */
  caller?: Caller;
}

/** Signs a ticket, seals the request to the worker and sends both. The ticket is journaled before a byte leaves. */
export async function startJob(
  target: { candidate: Candidate; usable: UsableLine; escrow: EscrowState; order: Order },
  signal: AbortSignal,
  deps: JobDeps,
): Promise<RunningJob> {
  const { candidate, usable, escrow, order } = target;
  const sealed = sealJob(target, deps);
  const ticketHash = ticketLayout.hash(sealed.ticket);
  const { jobId, maxFee, requestHash } = sealed.ticket;
  const id = jobId.toString('hex');
  deps.caller?.reserve({ id, model: order.model, maxFeeNano: maxFee });
  const signing = (): Promise<Buffer> => signWith(deps.signer, ticketHash);
  const ticket = await deps.lines
    .issue(usable.line, sealed.ticket, order.model, signing)
    .catch((error: unknown) => {
      deps.caller?.released(id);
      throw error;
    });
  const head = encodeEnvelopeHead({ line: usable.line.line, escrow: escrow.address.hash, ticket });
  let refused = false;
  let body: AsyncIterable<Uint8Array>;
  try {
    const answer = await post(candidate.router, Buffer.concat([head, sealed.ciphertext]), signal, deps);
    refused = answer instanceof CocoonError;
    if (answer instanceof CocoonError) throw answer;
    body = answer;
  } catch (error) {
    deps.lines.dropped(usable.line, id, refused);
    if (refused) deps.caller?.released(id);
    throw error;
  }

  return {
    id,
    ticket: sealed.ticket,
    candidate,
    dropped: () => deps.lines.dropped(usable.line, id, false),
    events: readReply(body, sealed.replyContext, deps.timers),
    settle(bill, delivered) {
      const receipt = keepingProof(deps.lines, usable.line, bill.receipt, () =>
        verifySettlement(
          usable.line,
          {
            domain: escrow.domain,
            ticketHash,
            maxFeeNano: maxFee,
            requestHash,
            responseHash: bill.responseHash,
            modelHash: candidate.ask.modelHash,
            imageId: candidate.worker.imageId,
            bound: order.bound,
            choices: order.choices,
            named: candidate.ask,
            notAfter: sealed.ticket.notAfter,
            // Jobs beside this one may have used a raise that came after it began.
            capNano: deps.lines.capNano(usable.line) ?? usable.entry.capNano,
            askOf: (hash) => deps.market.knownAsk(candidate.worker.id, hash)?.ask ?? null,
            delivered,
          },
          bill.settlement,
          bill.receipt,
        ),
      );
      const known = deps.market.knownAsk(candidate.worker.id, bill.settlement.record.askHash);
      const sentTo = { candidate, escrow, signer: deps.signer, line: usable.line.line };
      const evidence = known && keptEvidence({ ...sentTo, signedAsk: known.signedAsk });
      deps.lines.settle(usable.line, jobId, bill.settlement, receipt, evidence);
      deps.caller?.settled(id, bill.settlement.record.fee);
      return {
        receiptId: id,
        worker: candidate.worker.address.toString('hex'),
        costNano: bill.settlement.record.fee,
        receipt: receipt.value,
      };
    },
  };
}

/** Two histories of one line are a proof that costs the worker its stake: it is kept before the bill is refused. */
function keepingProof<T>(lines: Lines, line: HeldLine, receipt: Buffer, verify: () => T): T {
  try {
    return verify();
  } catch (error) {
    lines.refused(line, receipt);
    throw error;
  }
}

function sealJob(
  { candidate, usable, escrow, order }: Parameters<typeof startJob>[0],
  { clock, random }: JobDeps,
) {
  const jobId = random(16);
  const lineId = Buffer.from(usable.line.id, 'hex');
  const issuedAt = Math.floor(clock.now());
  const notAfter = issuedAt + CLIENT_LIMITS.ticketSeconds;
  const maxFee = nano(order.maxFeeNano);
  const plaintext = encodeRequestPlaintext({
    jobId,
    issuedAt,
    notAfter,
    modelHash: candidate.ask.modelHash,
    maxFee,
    head: {
      method: 'POST',
      path: order.path,
      headers: {
        'content-type': order.contentType ?? 'application/json',
        'x-cocoon-ask': candidate.askHash.toString('hex'),
      },
    },
    body: order.body,
  });
  const { ciphertext, replyContext } = sealRequest({
    recipientKey: candidate.worker.hpkeKey,
    statementHash: candidate.worker.statementHash,
    escrowDomain: escrow.domain,
    lineId,
    jobId,
    plaintext,
  });
  const ticket: Ticket = {
    domain: escrow.domain,
    lineId,
    jobId,
    requestHash: sha256(ciphertext),
    maxFee,
    issuedAt,
    notAfter,
  };
  return { ticket, ciphertext, replyContext };
}

/** The reply as it comes, or the error that was answered instead of one. Throws when nothing was answered. */
async function post(
  router: string,
  body: Buffer,
  signal: AbortSignal,
  { fetch, timers }: JobDeps,
): Promise<AsyncIterable<Uint8Array> | CocoonError> {
  let response: Response;
  try {
    const sent = fetch(`${router}/v1/jobs`, {
      method: 'POST',
      headers: { 'content-type': JOB_CONTENT_TYPE },
      body,
      signal,
      redirect: 'error',
    });
    response = await withTimeout(sent, CLIENT_LIMITS.replyHeadMs, timers);
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new CocoonError('router_unreachable', `The router ${router} does not answer.`, { cause });
  }
  if (response.ok && response.body && response.headers.get('content-type') === FRAMES_CONTENT_TYPE) {
    return asUnreachable(response.body as AsyncIterable<Uint8Array>, signal);
  }
  if (response.ok)
    throw new CocoonError(
      'reply_unauthentic',
      'The router answered with something else than a sealed reply.',
    );
  const read = readLimited(response, CLIENT_LIMITS.errorBodyBytes);
  const text = await withTimeout(read, CLIENT_LIMITS.replySilenceMs, timers).catch(() => '');
  return readErrorBody(text, 'router_unreachable');
}

/** A connection that breaks in the middle is a cut reply, whatever the transport calls it. */
async function* asUnreachable(
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  try {
    yield* body;
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new CocoonError('stream_truncated', 'The connection broke in the middle of the reply.', { cause });
  }
}

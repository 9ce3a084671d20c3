import { createHash } from 'node:crypto';
import type { Clock } from '../chain/types';
import {
  ChunkKind,
  createReplySealer,
  encodeSettlement,
  RESPONSE_NONCE_BYTES,
  type Timers,
} from '../channel';
import { CocoonError } from '../protocol/errors';
import { JobOutcome, type JobRecord } from '../protocol/jobRecord';
import { encodeSigned, receiptLayout, ticketLayout } from '../protocol/signed';
import { FrameKind } from '../protocol/wire';
import type { AcceptedJob } from './acceptance';
import type { Engine } from './engine';
import { execute, writeError, type Execution } from './execution';
import type { FaultPoint } from './groupCommit';
import { refuseUnless } from './jobChecks';
import type { Ledger, LineAccount } from './ledger';
import { answerForLine, isLinePath } from './lineService';
import { billWithin, boundedUsage, NO_USAGE, type Evidence } from './metering';
import type { ReceiptSigner } from './receipts';
import { createSealedWriter, type SealedWriter } from './sealedWriter';

export interface JobRunConfig {
  imageId: Buffer;
  /** Keeps escrows' prefixes apart in the engine's cache; null for engines that cannot. */
  cacheSalt: Buffer | null;
  continuousUsage: boolean;
}

export interface JobRunDeps {
  clock: Clock;
  timers: Timers;
  random: (bytes: number) => Buffer;
  ledger: Ledger;
  engine: Engine;
  signReceipt: ReceiptSigner;
  faultPoint: FaultPoint;
}

/** What a job came to: what was executed, and whether the line ends with it. */
interface Answer {
  execution: Execution;
  final: boolean;
}

/**
 * Runs one accepted job: nonce, sealed answer, record on disk, receipt. The order is the promise: the record is
 * durable before a signature exists. Rejects only where nothing was billed.
 */
export async function runJob(
  accepted: AcceptedJob,
  signal: AbortSignal,
  config: JobRunConfig,
  deps: JobRunDeps,
): Promise<JobRecord> {
  const { reply, job } = accepted;
  const { ledger, clock } = deps;
  const startedAt = Math.floor(clock.now());
  const nonce = deps.random(RESPONSE_NONCE_BYTES);
  reply.append(FrameKind.Head, nonce);
  const sealer = createReplySealer(accepted.replyContext, nonce);
  const writer = createSealedWriter(reply, sealer, deps.timers);

  const { execution, final } = await answer(accepted, writer, signal, config, deps);
  // When the client left, what had reached it is all that may be billed; else everything, once it is sealed.
  const cutText = reply.abandoned.aborted ? reply.deliveredText() : null;
  deps.faultPoint('job.engine-ended');
  writer.finish();
  const complete = execution.complete && cutText === null;
  const bill = billOf(accepted, execution, { complete, deliveredTextBytes: cutText ?? reply.appendedText() });
  const record: JobRecord = {
    ...bill.usage,
    ticketHash: ticketLayout.hash(job.ticket),
    modelHash: accepted.model.hash,
    imageId: config.imageId,
    askHash: accepted.ask.hash,
    requestHash: job.ticket.requestHash,
    responseHash: sealer.responseHash(),
    fee: bill.fee,
    startedAt,
    endedAt: Math.floor(clock.now()),
    outcome: complete ? JobOutcome.Completed : JobOutcome.Partial,
  };

  const { tally, proof } = await ledger.finish(job, record);
  deps.faultPoint('job.recorded');
  const ended = final ? await ledger.finalise(job.account) : null;
  const receipt = deps.signReceipt(ended ?? tally);
  reply.append(FrameKind.Chunk, sealer.seal(ChunkKind.Settlement, encodeSettlement(record, proof)));
  reply.append(FrameKind.Receipt, encodeSigned(receiptLayout, receipt));
  deps.faultPoint('job.receipt-out');
  return record;
}

async function answer(
  accepted: AcceptedJob,
  writer: SealedWriter,
  signal: AbortSignal,
  config: JobRunConfig,
  deps: JobRunDeps,
): Promise<Answer> {
  const { request, reply, model, ask, job } = accepted;
  const { method, path } = request.head;
  if (isLinePath(path)) return answerLine(accepted, writer, deps.ledger);
  const contentType = request.head.headers['content-type'] ?? 'application/json';
  const execution = await execute(
    { method, path, contentType, body: request.body },
    {
      model: model.offered,
      prices: ask.ask,
      maxFee: job.ticket.maxFee,
      cacheSalt: config.cacheSalt && saltOf(config.cacheSalt, job.account),
      continuousUsage: config.continuousUsage,
    },
    { engine: deps.engine, writer, log: reply, signal },
  );
  return { execution, final: false };
}

/** Audits and final receipts cost nothing. */
function answerLine({ request, job }: AcceptedJob, writer: SealedWriter, ledger: Ledger): Answer {
  const execution = { reported: null, complete: true, request: null };
  try {
    const { body, final } = answerForLine(request.head.path, request.body, ledger, job.account);
    // This job reserves its own maximum; anything beyond is a job that still runs.
    const others = job.account.reservedNano - job.ticket.maxFee;
    refuseUnless(!final || others === 0n, 'worker_busy', 'A job of this line is still running.');
    writer.head({ status: 200, headers: { 'content-type': 'application/json' } });
    writer.write(body, 0);
    return { execution, final };
  } catch (error) {
    if (!(error instanceof CocoonError)) throw error;
    writeError(error, writer);
    return { execution, final: false };
  }
}

function billOf(
  { ask, job }: AcceptedJob,
  { request, reported }: Execution,
  seen: Pick<Evidence, 'complete' | 'deliveredTextBytes'>,
): ReturnType<typeof billWithin> {
  // What never reached the engine, or was refused by it, is free.
  const usage = request ? boundedUsage(reported, { ...request, ...seen }) : NO_USAGE;
  return billWithin(ask.ask, usage, job.ticket.maxFee);
}

/** One salt per escrow: another client's prompt is never found in the engine's cache. */
function saltOf(secret: Buffer, account: LineAccount): string {
  return createHash('sha256').update(secret).update(account.escrow).digest('base64');
}

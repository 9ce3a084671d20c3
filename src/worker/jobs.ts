import { createHash } from 'node:crypto';
import type { EscrowCache } from '../chain/escrowCache';
import type { Clock, EscrowState } from '../chain/types';
import {
  ChunkKind,
  createReplySealer,
  decodeRequestPlaintext,
  encodeSettlement,
  RESPONSE_NONCE_BYTES,
  type ReplyContext,
  type RequestPlaintext,
  type Timers,
} from '../channel';
import { CocoonError, errorBody, type ErrorCode } from '../protocol/errors';
import { JobOutcome, type JobRecord } from '../protocol/jobRecord';
import { LIMITS } from '../protocol/limits';
import { encodeSigned, receiptLayout, ticketLayout } from '../protocol/signed';
import { decodeEnvelope, FrameKind, type JobEnvelope } from '../protocol/wire';
import type { Asks, BindingAsk } from './asks';
import type { Engine } from './engine';
import type { RequestRules } from './engineRequest';
import { execute, writeError, type Execution } from './execution';
import type { FaultPoint } from './groupCommit';
import type { HpkeKeyring } from './hpkeKeys';
import { checkEnvelope, checkLine, checkPlaintext, checkSigner, checkTimes, refuseUnless } from './jobChecks';
import type { Ledger, LineAccount, RunningJob } from './ledger';
import { JobState } from './ledgerSchema';
import { WORKER_LIMITS } from './limits';
import { answerForLine, isLinePath } from './lineService';
import type { Logger } from './logger';
import { billWithin, boundedUsage, NO_USAGE } from './metering';
import type { ReceiptSigner } from './receipts';
import type { ReplyCache } from './replyCache';
import { createReplyLog, type ReplyLog } from './replyLog';
import { createSealedWriter, type SealedWriter } from './sealedWriter';
import type { Standing } from './standing';
import { after } from './timers';

export interface ServedModel {
  offered: RequestRules['model'];
  hash: Buffer;
}

export interface JobsConfig {
  worker: Buffer;
  workerKey: Buffer;
  imageId: Buffer;
  models: readonly ServedModel[];
  slots: number;
  /** Keeps escrows' prefixes apart in the engine's cache; null for engines that cannot. */
  cacheSalt: Buffer | null;
  continuousUsage: boolean;
}

export interface JobsDeps {
  clock: Clock;
  timers: Timers;
  random: (bytes: number) => Buffer;
  escrows: EscrowCache;
  ledger: Ledger;
  hpke: HpkeKeyring;
  asks: Asks;
  engine: Engine;
  signReceipt: ReceiptSigner;
  replies: ReplyCache;
  log: Logger;
  faultPoint: FaultPoint;
  standing: () => Standing;
  /** Null while jobs are taken, else the reason why not. */
  closed: () => CocoonError | null;
  /** The number of running jobs changed. */
  onLoad: (running: number) => void;
  onEnd: (end: JobEnd) => void;
  onRefused: (code: ErrorCode) => void;
}

export interface JobEnd {
  record: JobRecord;
  seconds: number;
}

export interface Jobs {
  /** Runs a job, or finds the reply to a repeated ticket. Throws CocoonError before anything ran. */
  submit(bytes: Buffer): Promise<ReplyLog>;
  running(): number;
  /** Resolves when no job runs. */
  idle(): Promise<void>;
}

interface AcceptedJob {
  envelope: JobEnvelope;
  request: RequestPlaintext;
  replyContext: ReplyContext;
  model: ServedModel;
  ask: BindingAsk;
  job: RunningJob;
  reply: ReplyLog;
  saved: Promise<void>;
}

export function createJobs(config: JobsConfig, deps: JobsDeps): Jobs {
  const { clock, ledger, replies } = deps;
  let running = 0;
  let idlers: (() => void)[] = [];

  const load = (change: 1 | -1): void => {
    running += change;
    deps.onLoad(running);
    if (running > 0) return;
    idlers.forEach((resolve) => resolve());
    idlers = [];
  };

  /** Everything from here to `begin` happens in one turn, so two jobs cannot both see the same room. */
  const accept = (envelope: JobEnvelope, state: EscrowState | null): AcceptedJob | ReplyLog => {
    // The same ticket may have come twice while the escrow was read.
    const repeated = findReply(envelope, ledger, replies);
    if (repeated) return repeated;
    const { ticket, line, ciphertext } = envelope;
    const { domain, jobId, lineId, maxFee } = ticket.value;
    refuseUnless(state !== null, 'escrow_unknown', 'There is no such escrow.');
    checkSigner(envelope, state);
    refuseUnless(ledger.known(domain, jobId) === null, 'ticket_replayed', 'The job id was used before.');

    const opened = deps.hpke.open({ escrowDomain: domain, lineId, jobId }, ciphertext);
    const request = decodeRequestPlaintext(opened.plaintext);
    checkPlaintext(envelope, request);
    const model = config.models.find(({ hash }) => hash.equals(request.modelHash));
    const ask = deps.asks.binding(request.modelHash, askHashOf(request));
    refuseUnless(model !== undefined && ask !== null, 'model_not_found', 'The worker serves no such model.');

    const account = ledger.account(domain, lineId);
    checkLine(envelope, state, { account, standing: deps.standing(), ask: ask.ask }, clock.now());
    refuseUnless(running < config.slots, 'worker_busy', 'All slots are taken.');

    const { job, saved } = ledger.begin(
      account ?? ledger.openAccount({ domain, escrow: envelope.escrow, line }),
      ticket,
    );
    deps.log.debug({ job: jobId.toString('hex'), maxFee: maxFee.toString() }, 'job accepted');
    const reply = createReplyLog();
    replies.put(jobKey(envelope), reply);
    load(1);
    return { envelope, request, replyContext: opened.replyContext, model, ask, job, reply, saved };
  };

  const submit = async (bytes: Buffer): Promise<ReplyLog> => {
    const envelope = decodeEnvelope(bytes);
    checkEnvelope(envelope, config);
    const repeated = findReply(envelope, ledger, replies);
    if (repeated) return repeated;

    const closed = deps.closed();
    if (closed) throw closed;
    refuseUnless(running < config.slots, 'worker_busy', 'All slots are taken.');
    checkTimes(envelope.ticket, clock.now());
    const accepted = await acceptFresh(envelope);
    if (!('saved' in accepted)) return accepted;
    try {
      await accepted.saved;
    } catch (error) {
      // Not acknowledged: after a restart it may be known or not, but it never ran.
      replies.forget(jobKey(envelope));
      load(-1);
      throw error;
    }
    void run(accepted);
    return accepted.reply;
  };

  /** A refusal that a newer block could lift is looked at again with a newer block. */
  const acceptFresh = async (envelope: JobEnvelope): Promise<AcceptedJob | ReplyLog> => {
    try {
      return accept(envelope, await deps.escrows.read(envelope.escrow, WORKER_LIMITS.escrowFreshSeconds));
    } catch (error) {
      if (!(error instanceof CocoonError) || !MAY_BE_OUTDATED.has(error.code)) throw error;
      return accept(envelope, await deps.escrows.read(envelope.escrow, 0));
    }
  };

  const run = async (accepted: AcceptedJob): Promise<void> => {
    const { reply, job } = accepted;
    const deadline = new AbortController();
    const cancelDeadline = after(deps.timers, LIMITS.jobMaxSeconds * 1000, () => deadline.abort());
    try {
      await serve(accepted, AbortSignal.any([reply.abandoned, deadline.signal]));
    } catch (error) {
      deps.log.error({ err: error }, 'a job ended without a bill');
      reply.append(FrameKind.Error, errorFrame(error));
      await ledger.abandon(job).catch(() => undefined);
    } finally {
      cancelDeadline();
      reply.end();
      replies.ended(jobKey(accepted.envelope));
      load(-1);
    }
  };

  const serve = async (accepted: AcceptedJob, signal: AbortSignal): Promise<void> => {
    const { reply, job, envelope } = accepted;
    const startedAt = clock.now();
    const nonce = deps.random(RESPONSE_NONCE_BYTES);
    reply.append(FrameKind.Head, nonce);
    const sealer = createReplySealer(accepted.replyContext, nonce);
    const writer = createSealedWriter(reply, sealer, deps.timers);

    const { execution, final } = await answer(accepted, writer, signal);
    // What was out before the client left is all that may be billed.
    const abandoned = reply.abandoned.aborted;
    const cut = abandoned ? reply.delivered() : null;
    deps.faultPoint('job.engine-ended');
    writer.finish();
    const complete = execution.complete && !abandoned;
    const usage = execution.request
      ? boundedUsage(execution.reported, {
          requestBytes: execution.request.requestBytes,
          deliveredTextBytes: (cut ?? reply.appended()).textBytes,
          deliveredBodyBytes: (cut ?? reply.appended()).bodyBytes,
          maxTokens: execution.request.maxTokens,
          choices: execution.request.choices,
          complete,
        })
      : NO_USAGE;
    const bill = billWithin(accepted.ask.ask, usage, job.ticket.maxFee);
    const record: JobRecord = {
      ...bill.usage,
      ticketHash: ticketLayout.hash(job.ticket),
      modelHash: accepted.model.hash,
      imageId: config.imageId,
      askHash: accepted.ask.hash,
      requestHash: job.ticket.requestHash,
      responseHash: sealer.responseHash(),
      fee: bill.fee,
      startedAt: Math.floor(startedAt),
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
    deps.log.info(
      { job: envelope.ticket.value.jobId.toString('hex'), feeNano: bill.fee.toString(), complete },
      'job ended',
    );
    deps.onEnd({ record, seconds: clock.now() - startedAt });
  };

  const answer = async (
    accepted: AcceptedJob,
    writer: SealedWriter,
    signal: AbortSignal,
  ): Promise<{ execution: Execution; final: boolean }> => {
    const { request, reply, model, ask, job } = accepted;
    const { method, path } = request.head;
    if (isLinePath(path)) return answerLine(accepted, writer);
    const execution = await execute(
      { method, path, body: request.body },
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
  };

  const answerLine = (
    { request, job }: AcceptedJob,
    writer: SealedWriter,
  ): { execution: Execution; final: boolean } => {
    const nothing = { reported: null, complete: true, request: null };
    try {
      const { body, final } = answerForLine(request.head.path, request.body, ledger, job.account);
      // The line's own job reserves its maxFee, which for these is 0; anything else is a job still running.
      const others = job.account.reservedNano - job.ticket.maxFee;
      refuseUnless(!final || others === 0n, 'worker_busy', 'A job of this line is still running.');
      writer.head({ status: 200, headers: { 'content-type': 'application/json' } });
      writer.write(body, 0);
      return { execution: nothing, final };
    } catch (error) {
      if (!(error instanceof CocoonError)) throw error;
      writeError(error, writer);
      return { execution: nothing, final: false };
    }
  };

  return {
    async submit(bytes) {
      try {
        return await submit(bytes);
      } catch (error) {
        deps.onRefused(error instanceof CocoonError ? error.code : 'internal');
        throw error;
      }
    },
    running: () => running,
    idle: () => (running === 0 ? Promise.resolve() : new Promise((resolve) => idlers.push(resolve))),
  };
}

/** Refusals that depend on how old the state is that was looked at. */
const MAY_BE_OUTDATED = new Set([
  ...['escrow_unknown', 'ticket_wrong_domain', 'ticket_bad_signature', 'line_unknown'],
  ...['line_cap_exceeded', 'line_below_min_cap'],
]);

function findReply(envelope: JobEnvelope, ledger: Ledger, replies: ReplyCache): ReplyLog | null {
  const { value } = envelope.ticket;
  const known = ledger.known(value.domain, value.jobId);
  // Another ticket under a known job id is refused later, once its signature is known to be genuine.
  if (!known?.ticketHash.equals(ticketLayout.hash(value))) return null;
  const reply = replies.get(jobKey(envelope));
  if (reply) return reply;
  if (known.state === JobState.Billed) throw new CocoonError('reply_gone', 'The reply is no longer kept.');
  throw new CocoonError('worker_failed', 'The job was interrupted; it was not billed.');
}

function jobKey(envelope: JobEnvelope): string {
  const { domain, jobId } = envelope.ticket.value;
  return domain.toString('latin1') + jobId.toString('latin1');
}

function askHashOf(request: RequestPlaintext): Buffer | null {
  const text = request.head.headers['x-cocoon-ask'];
  return text !== undefined && /^[0-9a-f]{64}$/.test(text) ? Buffer.from(text, 'hex') : null;
}

/** One salt per escrow: another client's prompt is never found in the engine's cache. */
function saltOf(secret: Buffer, account: LineAccount): string {
  return createHash('sha256').update(secret).update(account.escrow).digest('base64');
}

function errorFrame(error: unknown): Buffer {
  const known = error instanceof CocoonError ? error : new CocoonError('internal', 'The worker failed.');
  return Buffer.from(JSON.stringify(errorBody(known)));
}

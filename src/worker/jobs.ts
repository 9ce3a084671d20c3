import { CocoonError, errorBody, type ErrorCode } from '../protocol/errors';
import type { JobRecord } from '../protocol/jobRecord';
import { LIMITS } from '../protocol/limits';
import { decodeEnvelope, FrameKind } from '../protocol/wire';
import { createAcceptance, type AcceptanceDeps, type AcceptedJob, type ServedModel } from './acceptance';
import { checkEnvelope, checkTimes, refuseUnless } from './jobChecks';
import { runJob, type JobRunConfig, type JobRunDeps } from './jobRun';
import type { Logger } from './logger';
import type { ReplyLog } from './replyLog';
import { after } from './timers';

export interface JobsConfig extends JobRunConfig {
  /** Account hash of the Worker contract. */
  worker: Buffer;
  workerKey: Buffer;
  models: readonly ServedModel[];
  slots: number;
}

export interface JobsDeps extends AcceptanceDeps, JobRunDeps {
  log: Logger;
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

export function createJobs(config: JobsConfig, deps: JobsDeps): Jobs {
  const { clock, ledger, replies, log } = deps;
  let running = 0;
  let idlers: (() => void)[] = [];
  const load = (change: 1 | -1): void => {
    running += change;
    deps.onLoad(running);
    if (running > 0) return;
    idlers.forEach((resolve) => resolve());
    idlers = [];
  };

  const hasRoom = (): boolean => running < config.slots;
  const acceptance = createAcceptance(config, deps, () => {
    if (!hasRoom()) return false;
    load(1);
    return true;
  });

  const submit = async (bytes: Buffer): Promise<ReplyLog> => {
    const envelope = decodeEnvelope(bytes);
    checkEnvelope(envelope, config);
    const repeated = acceptance.findReply(envelope);
    if (repeated) return repeated;

    const closed = deps.closed();
    if (closed) throw closed;
    refuseUnless(hasRoom(), 'worker_busy', 'All slots are taken.');
    checkTimes(envelope.ticket, clock.now());
    const accepted = await acceptance.accept(envelope);
    return 'saved' in accepted ? start(accepted) : accepted;
  };

  const start = async (accepted: AcceptedJob): Promise<ReplyLog> => {
    try {
      await accepted.saved;
    } catch (error) {
      // Not acknowledged: after a restart it may be known or not, but it never ran.
      replies.forget(accepted.key);
      load(-1);
      throw error;
    }
    void run(accepted);
    return accepted.reply;
  };

  const run = async (accepted: AcceptedJob): Promise<void> => {
    const { reply, job, key } = accepted;
    const name = job.ticket.jobId.toString('hex');
    const startedAt = clock.now();
    const deadline = new AbortController();
    const cancelDeadline = after(deps.timers, LIMITS.jobMaxSeconds * 1000, () => deadline.abort());
    try {
      const signal = AbortSignal.any([reply.abandoned, deadline.signal]);
      const record = await runJob(accepted, signal, config, deps);
      log.info({ job: name, feeNano: record.fee.toString(), outcome: record.outcome }, 'job ended');
      deps.onEnd({ record, seconds: clock.now() - startedAt });
    } catch (error) {
      log.error({ err: error, job: name }, 'a job ended without a bill');
      reply.append(FrameKind.Error, errorFrame(error));
      await ledger.abandon(job).catch(() => undefined);
    } finally {
      cancelDeadline();
      reply.end();
      replies.ended(key);
      load(-1);
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

function errorFrame(error: unknown): Buffer {
  const known = error instanceof CocoonError ? error : new CocoonError('internal', 'The worker failed.');
  return Buffer.from(JSON.stringify(errorBody(known)));
}

import type { EscrowCache } from '../chain/escrowCache';
import type { Clock, EscrowState } from '../chain/types';
import { decodeRequestPlaintext, type ReplyContext, type RequestPlaintext } from '../channel';
import { CocoonError } from '../protocol/errors';
import { ticketLayout } from '../protocol/signed';
import type { JobEnvelope } from '../protocol/wire';
import type { Asks, BindingAsk } from './asks';
import type { RequestRules } from './engineRequest';
import type { HpkeKeyring } from './hpkeKeys';
import { checkLine, checkPlaintext, checkSigner, refuseUnless } from './jobChecks';
import type { Ledger, RunningJob } from './ledger';
import { JobState } from './ledgerSchema';
import { WORKER_LIMITS } from './limits';
import type { ReplyCache } from './replyCache';
import { createReplyLog, type ReplyLog } from './replyLog';
import type { Standing } from './standing';

export interface ServedModel {
  offered: RequestRules['model'];
  hash: Buffer;
}

/** A job that holds a slot and a reservation. The ciphertext is not kept. */
export interface AcceptedJob {
  /** Names the job in the reply cache. */
  key: string;
  request: RequestPlaintext;
  replyContext: ReplyContext;
  model: ServedModel;
  ask: BindingAsk;
  job: RunningJob;
  reply: ReplyLog;
  /** Resolves when the ticket is on disk: before, nothing may run. */
  saved: Promise<void>;
}

export interface AcceptanceDeps {
  clock: Clock;
  escrows: EscrowCache;
  ledger: Ledger;
  hpke: HpkeKeyring;
  asks: Asks;
  replies: ReplyCache;
  standing: () => Standing;
}

export interface Acceptance {
  /** The reply to a ticket that was served before. Throws CocoonError when it was, and the reply is not kept. */
  findReply(envelope: JobEnvelope): ReplyLog | null;
  /** Throws CocoonError with the first thing that is wrong. */
  accept(envelope: JobEnvelope): Promise<AcceptedJob | ReplyLog>;
}

/** Decides whether a job runs: its ticket, its line as the chain shows it, its sealed text, and a slot for it. */
export function createAcceptance(
  config: { models: readonly ServedModel[] },
  deps: AcceptanceDeps,
  takeSlot: () => boolean,
): Acceptance {
  const { clock, ledger, replies } = deps;

  const findReply = (envelope: JobEnvelope): ReplyLog | null => {
    const { value } = envelope.ticket;
    const known = ledger.known(value.domain, value.jobId);
    // Another ticket under a known job id is refused later, once its signature is known to be genuine.
    if (!known?.ticketHash.equals(ticketLayout.hash(value))) return null;
    const reply = replies.get(jobKey(envelope));
    if (reply) return reply;
    if (known.state === JobState.Billed) throw new CocoonError('reply_gone', 'The reply is no longer kept.');
    throw new CocoonError('worker_failed', 'The job was interrupted; it was not billed.');
  };

  /** The request inside, and what it is priced by. */
  const open = ({ ticket, ciphertext }: JobEnvelope) => {
    const { domain, jobId, lineId } = ticket.value;
    const { plaintext, replyContext } = deps.hpke.open({ escrowDomain: domain, lineId, jobId }, ciphertext);
    const request = decodeRequestPlaintext(plaintext);
    checkPlaintext(ticket, request);
    const model = config.models.find(({ hash }) => hash.equals(request.modelHash));
    const ask = deps.asks.binding(request.modelHash, askHashOf(request));
    refuseUnless(model !== undefined && ask !== null, 'model_not_found', 'The worker serves no such model.');
    return { request, replyContext, model, ask };
  };

  /** Everything here happens in one turn, so two jobs cannot both see the same room. */
  const acceptAt = (envelope: JobEnvelope, state: EscrowState | null): AcceptedJob | ReplyLog => {
    // The same ticket may have come twice while the escrow was read.
    const repeated = findReply(envelope);
    if (repeated) return repeated;
    const { ticket, line, escrow } = envelope;
    const { domain, jobId, lineId } = ticket.value;
    refuseUnless(state !== null, 'escrow_unknown', 'There is no such escrow.');
    checkSigner(ticket, state);
    refuseUnless(ledger.known(domain, jobId) === null, 'ticket_replayed', 'The job id was used before.');
    const opened = open(envelope);
    const account = ledger.account(domain, lineId);
    const own = { account, standing: deps.standing(), ask: opened.ask.ask };
    checkLine(envelope, state, own, clock.now());
    refuseUnless(takeSlot(), 'worker_busy', 'All slots are taken.');

    const key = jobKey(envelope);
    const reply = createReplyLog();
    replies.put(key, reply);
    return {
      ...opened,
      key,
      reply,
      ...ledger.begin(account ?? ledger.openAccount({ domain, escrow, line }), ticket),
    };
  };

  return {
    findReply,
    async accept(envelope) {
      const { escrow } = envelope;
      try {
        return acceptAt(envelope, await deps.escrows.read(escrow, WORKER_LIMITS.escrowFreshSeconds));
      } catch (error) {
        // A refusal that a newer block could lift is looked at again with a newer block.
        if (!(error instanceof CocoonError) || !MAY_BE_OUTDATED.has(error.code)) throw error;
        return acceptAt(envelope, await deps.escrows.read(escrow, 0));
      }
    },
  };
}

/** Refusals that depend on how old the state is that was looked at. */
const MAY_BE_OUTDATED = new Set([
  ...['escrow_unknown', 'ticket_wrong_domain', 'ticket_bad_signature', 'line_unknown'],
  ...['line_cap_exceeded', 'line_below_min_cap'],
]);

function jobKey(envelope: JobEnvelope): string {
  const { domain, jobId } = envelope.ticket.value;
  return domain.toString('latin1') + jobId.toString('latin1');
}

function askHashOf(request: RequestPlaintext): Buffer | null {
  const text = request.head.headers['x-cocoon-ask'];
  return text !== undefined && /^[0-9a-f]{64}$/.test(text) ? Buffer.from(text, 'hex') : null;
}

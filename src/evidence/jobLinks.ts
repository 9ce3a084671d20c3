import { JobOutcome, type JobRecord } from '../protocol/jobRecord';
import { LIMITS } from '../protocol/limits';
import { lineId } from '../protocol/line';
import { leafHash, rootFromProof } from '../protocol/mountainRange';
import { jobFee } from '../protocol/price';
import { askLayout, receiptLayout, ticketLayout, verifySigned } from '../protocol/signed';
import { demand, type LinkCheck } from './link';
import { coins, contract, count, percent, short, when } from './words';

/** From the answer to the worker's key, and to what it cost. */

type JobLink = 'answer' | 'record' | 'inclusion' | 'receipt' | 'ticket' | 'line' | 'ask' | 'fee';

export const JOB_LINKS: Record<JobLink, LinkCheck> = {
  answer({ bundle, parts }) {
    const { requestHash, responseHash } = parts.record();
    demand(requestHash.toString('hex') === bundle.requestHash, 'the record is of another request');
    demand(responseHash.toString('hex') === bundle.responseHash, 'the record is of another answer');
    return `answer ${short(responseHash)} to request ${short(requestHash)}`;
  },

  record({ parts }) {
    const record = parts.record();
    const { value: ticket } = parts.ticket();
    demand(record.ticketHash.equals(ticketLayout.hash(ticket)), 'the record is of another ticket');
    const { startedAt, endedAt } = record;
    const skew = LIMITS.clockSkewSeconds;
    demand(startedAt >= ticket.issuedAt - skew, 'the job began before its ticket was issued');
    demand(startedAt <= ticket.notAfter + skew, 'the job began after its ticket had run out');
    demand(endedAt >= startedAt, 'the job ended before it began');
    demand(endedAt - startedAt <= LIMITS.jobMaxSeconds + skew, 'the job took longer than a job may');
    const outcome = record.outcome === JobOutcome.Completed ? 'completed' : 'cut short';
    return `${outcome}, ${usage(record)}, at ${when(endedAt)}`;
  },

  inclusion({ parts }) {
    const proof = parts.proof();
    const { jobs, jobsRoot } = parts.receipt().value;
    // Decoding refuses what no worker writes, so that each record has one form only.
    parts.record();
    const root = rootFromProof(leafHash(parts.recordImage), proof);
    demand(root !== null, 'the proof has not the shape that its numbers demand');
    demand(root.equals(jobsRoot), "the record is no leaf of the receipt's root");
    demand(BigInt(proof.count) === jobs, `the proof is of ${proof.count} jobs, the receipt of ${jobs}`);
    return `job ${proof.index + 1} of ${proof.count} under root ${short(jobsRoot)}`;
  },

  receipt({ parts }) {
    const receipt = parts.receipt();
    const { domain, lineId: id, total, jobs, issuedAt } = receipt.value;
    const line = parts.line();
    demand(domain.equals(parts.escrowDomain()), 'the receipt is for another escrow, network or birth');
    demand(id.equals(lineId(line)), 'the receipt is for another line');
    demand(verifySigned(receiptLayout, receipt, line.workerKey), "the line's worker key did not sign it");
    demand(total >= parts.record().fee, 'the receipt counts less than this one job');
    return `line ${short(id)}: ${count(jobs, 'job')}, ${coins(total)} so far, at ${when(issuedAt)}`;
  },

  ticket({ bundle, parts }) {
    const ticket = parts.ticket();
    const { domain, lineId: id, requestHash, maxFee, issuedAt, notAfter } = ticket.value;
    demand(domain.equals(parts.escrowDomain()), 'the ticket is for another escrow, network or birth');
    demand(id.equals(lineId(parts.line())), 'the ticket is for another line');
    demand(requestHash.toString('hex') === bundle.requestHash, 'the ticket is for another request');
    demand(verifySigned(ticketLayout, ticket, parts.signer), 'the signer did not sign it');
    demand(notAfter >= issuedAt, 'the ticket ran out before it was issued');
    demand(notAfter - issuedAt <= LIMITS.ticketMaxSeconds, 'the ticket is longer than a ticket may be');
    return `at most ${coins(maxFee)}, issued ${when(issuedAt)}, by signer ${short(parts.signer)}`;
  },

  line({ bundle, parts }) {
    const { workerAddress, feeBps, settleBy } = parts.line();
    demand(workerAddress.equals(parts.worker), 'the line pays another Worker contract');
    const share = feeBps === 0 ? 'no router share' : `${percent(feeBps)} to the router`;
    return `${contract(workerAddress, bundle.network.id)}, ${share}, to ${when(settleBy).slice(0, 10)}`;
  },

  ask({ parts }) {
    const ask = parts.ask();
    const { domain, promptPrice, completionPrice, audioPrice, notBefore, notAfter } = ask.value;
    demand(domain.equals(parts.workerDomain()), 'the ask is for another Worker contract');
    demand(verifySigned(askLayout, ask, parts.line().workerKey), 'the worker key did not sign it');
    demand(parts.record().askHash.equals(askLayout.hash(ask.value)), 'the record was priced by another ask');
    demand(
      parts.record().modelHash.equals(ask.value.modelHash),
      'the ask is for another model than the job ran',
    );
    const issuedAt = parts.ticket().value.issuedAt;
    const skew = LIMITS.clockSkewSeconds;
    demand(notBefore <= issuedAt + skew && issuedAt < notAfter + skew, 'the ask was not in date');
    const perMillion = `${coins(promptPrice)} prompt, ${coins(completionPrice)} completion per million tokens`;
    return audioPrice > 0n ? `${perMillion}, ${coins(audioPrice)} a minute` : perMillion;
  },

  fee({ parts }) {
    const record = parts.record();
    const fee = jobFee(parts.ask().value, record);
    demand(record.fee === fee, `the record asks ${coins(record.fee)}, the ask makes it ${coins(fee)}`);
    const { maxFee } = parts.ticket().value;
    demand(fee <= maxFee, `the fee is ${coins(fee)}, the ticket allows ${coins(maxFee)}`);
    return `${coins(fee)} for ${usage(record)}`;
  },
};

function usage(record: JobRecord): string {
  const { promptTokens, cachedTokens, completionTokens, audioMs } = record;
  const cached = cachedTokens > 0 ? ` (${cachedTokens} cached)` : '';
  const audio = audioMs > 0 ? `${audioMs / 1_000} s of audio` : '';
  if (promptTokens + completionTokens === 0 && audio !== '') return audio;
  const tokens = `${promptTokens} prompt${cached} + ${completionTokens} completion tokens`;
  return audio === '' ? tokens : `${tokens}, ${audio}`;
}

import type { EscrowState } from '../chain/types';
import { verify } from '../protocol/ed25519';
import { CocoonError, type ErrorCode } from '../protocol/errors';
import { sha256 } from '../protocol/hash';
import { LIMITS } from '../protocol/limits';
import { lineId } from '../protocol/line';
import { ticketLayout, type Ask, type Signed, type Ticket } from '../protocol/signed';
import type { JobEnvelope } from '../protocol/wire';
import type { RequestPlaintext } from '../channel';
import type { LineAccount } from './ledger';
import type { Standing } from './standing';

/** Every reason for which a worker runs no job, each with its own code. All of them come before anything is run. */

/** What the envelope alone shows: no clock, no chain, no ledger. */
export function checkEnvelope(envelope: JobEnvelope, self: { worker: Buffer; workerKey: Buffer }): void {
  const { line, ticket, ciphertext } = envelope;
  const { value } = ticket;
  refuseUnless(
    line.workerAddress.equals(self.worker),
    'line_wrong_worker',
    'The line names another contract.',
  );
  refuseUnless(
    line.workerKey.equals(self.workerKey),
    'line_wrong_worker',
    'The line names another worker key.',
  );
  refuseUnless(lineId(line).equals(value.lineId), 'ticket_wrong_line', 'The ticket is for another line.');
  refuseUnless(
    sha256(ciphertext).equals(value.requestHash),
    'ticket_wrong_request',
    'The ticket is for another request.',
  );
}

export function checkTimes({ value }: Signed<Ticket>, now: number): void {
  refuseUnless(
    value.issuedAt <= now + LIMITS.clockSkewSeconds,
    'ticket_not_yet_valid',
    'The ticket was issued in the future.',
  );
  refuseUnless(now <= value.notAfter, 'ticket_expired', 'The ticket has expired.');
  refuseUnless(
    value.notAfter - value.issuedAt <= LIMITS.ticketMaxSeconds,
    'ticket_too_long',
    'The ticket lives too long.',
  );
}

/** Who may sign, and for which escrow: against the finalized state. */
export function checkSigner({ value, signature }: Signed<Ticket>, state: EscrowState): void {
  refuseUnless(value.domain.equals(state.domain), 'ticket_wrong_domain', 'The ticket is for another escrow.');
  refuseUnless(
    state.signer !== null && verify(ticketLayout.hash(value), signature, state.signer),
    'ticket_bad_signature',
    "The ticket is not signed by the escrow's signer.",
  );
}

/** Whether the line can pay for one more job. `account` is null for a line that was never used. */
export function checkLine(
  envelope: JobEnvelope,
  state: EscrowState,
  own: { account: LineAccount | null; standing: Standing; ask: Ask },
  now: number,
): void {
  const { line, ticket } = envelope;
  const entry = state.lines.get(ticket.value.lineId.toString('hex'));
  refuseUnless(entry !== undefined, 'line_unknown', 'The escrow has no such line.');
  refuseUnless(
    entry.settleBy === line.settleBy,
    'line_unknown',
    'The entry of this line settles at another time.',
  );
  refuseUnless(
    entry.closeAt === 0 && own.account?.final !== true,
    'line_closing',
    'The line is being closed.',
  );
  refuseUnless(
    now < line.settleBy - LIMITS.noTicketsBeforeSettleBySeconds,
    'line_near_end',
    'The line settles within a day.',
  );
  refuseUnless(
    line.settleBy <= own.standing.lastSettleBy,
    'line_too_long',
    'The line settles after the last date of the worker key.',
  );
  const listed = own.standing.fees.get(line.feeTo.toString('hex')) ?? 0;
  refuseUnless(line.feeBps <= listed, 'line_fee_too_high', "The line's router fee is above the listed one.");
  refuseUnless(entry.capNano >= own.ask.minCap, 'line_below_min_cap', "The cap is below the ask's minimum.");

  const earned = own.account?.totalNano ?? 0n;
  // The chain paid more than this ledger knows of: the ledger is not the one of this key.
  refuseUnless(entry.paidNano <= earned, 'internal', 'The line was paid beyond what this worker recorded.');
  const running = own.account?.reservedNano ?? 0n;
  refuseUnless(
    earned + running + ticket.value.maxFee <= entry.capNano,
    'line_cap_exceeded',
    'Earned, running and this job together pass the cap.',
  );
}

/** The signer meant this very text: what stands inside the ciphertext repeats the ticket. */
export function checkPlaintext({ value }: Signed<Ticket>, request: RequestPlaintext): void {
  refuseUnless(
    request.jobId.equals(value.jobId) &&
      request.issuedAt === value.issuedAt &&
      request.notAfter === value.notAfter &&
      request.maxFee === value.maxFee,
    'ticket_wrong_request',
    'The sealed request repeats another ticket.',
  );
}

export function refuseUnless(condition: boolean, code: ErrorCode, message: string): asserts condition {
  if (!condition) throw new CocoonError(code, message);
}

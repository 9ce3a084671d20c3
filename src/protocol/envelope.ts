import { SIGNATURE_BYTES } from './ed25519';
import { CocoonError } from './errors';
import { requireBytes } from './fields';
import { LIMITS } from './limits';
import { LINE_BYTES, parseLine, lineImage, type Line } from './line';
import { ticketLayout, type Signed, type Ticket } from './signed';

export const WIRE_VERSION = 1;
export const JOB_CONTENT_TYPE = 'application/cocoon-job';

/**
 * One job as it travels from client to router to worker:
 * version 1 ‖ line 90 ‖ escrow account hash 32 ‖ ticket 120 ‖ signature 64 ‖ request ciphertext.
 */
export interface JobEnvelope {
  line: Line;
  escrow: Buffer;
  ticket: Signed<Ticket>;
  ciphertext: Buffer;
}

const ESCROW_BYTES = 32;
export const ENVELOPE_HEAD_BYTES = 1 + LINE_BYTES + ESCROW_BYTES + ticketLayout.size + SIGNATURE_BYTES;

/** Throws RangeError on a field that does not fit. */
export function encodeEnvelopeHead(envelope: Omit<JobEnvelope, 'ciphertext'>): Buffer {
  requireBytes('JobEnvelope.escrow', envelope.escrow, ESCROW_BYTES);
  requireBytes('JobEnvelope.ticket.signature', envelope.ticket.signature, SIGNATURE_BYTES);
  return Buffer.concat([
    Buffer.from([WIRE_VERSION]),
    lineImage(envelope.line),
    envelope.escrow,
    ticketLayout.image(envelope.ticket.value),
    envelope.ticket.signature,
  ]);
}

/**
 * Throws CocoonError `ticket_malformed` or `body_too_large`. The ciphertext stays a part of `bytes`, since it can
 * be megabytes; everything else is copied out.
 */
export function decodeEnvelope(bytes: Buffer): JobEnvelope {
  if (bytes.length > ENVELOPE_HEAD_BYTES + LIMITS.requestMaxBytes) {
    throw new CocoonError(
      'body_too_large',
      `A job takes at most ${LIMITS.requestMaxBytes} bytes of ciphertext.`,
    );
  }
  if (bytes.length <= ENVELOPE_HEAD_BYTES || bytes[0] !== WIRE_VERSION) {
    throw new CocoonError(
      'ticket_malformed',
      `A job is a ${ENVELOPE_HEAD_BYTES}-byte head of version 1 and a ciphertext.`,
    );
  }
  try {
    let at = 1;
    const take = (size: number): Buffer => bytes.subarray(at, (at += size));
    return {
      line: parseLine(take(LINE_BYTES)),
      escrow: Buffer.from(take(ESCROW_BYTES)),
      ticket: {
        value: ticketLayout.parse(take(ticketLayout.size)),
        signature: Buffer.from(take(SIGNATURE_BYTES)),
      },
      ciphertext: bytes.subarray(at),
    };
  } catch (cause) {
    throw new CocoonError('ticket_malformed', 'The job head cannot be read.', { cause });
  }
}

import { CocoonError } from '../protocol/errors';
import { aeadOpen, aeadSeal, TAG_BYTES } from './aead';
import { keySchedule, type HpkeContext } from './hpke';
import { decap, encap, generateHpkeKeyPair, KEY_BYTES, type HpkeKeyPair } from './kem';

/**
 * One request, sealed to one worker. `info` binds the worker's statement (so the very VM that was attested) and the
 * associated data binds escrow, line and job: a router cannot pair a ciphertext with another ticket.
 */
const INFO = Buffer.from('cocoon/request/v1\0', 'latin1');
const RESPONSE_LABEL = Buffer.from('cocoon response v1', 'latin1');

/** What both sides know about a request besides its text. */
export interface RequestBinding {
  /** SHA-256 of the worker's statement. */
  statementHash: Buffer;
  escrowDomain: Buffer;
  lineId: Buffer;
  jobId: Buffer;
}

/** What the reply's keys are made of; it stays with the two ends. */
export interface ReplyContext {
  readonly enc: Buffer;
  readonly secret: Buffer;
}

export const REQUEST_OVERHEAD_BYTES = KEY_BYTES + TAG_BYTES;

/** Seals with a fresh ephemeral key; `ephemeral` is injected by tests only. */
export function sealRequest(
  request: RequestBinding & { recipientKey: Buffer; plaintext: Buffer; ephemeral?: HpkeKeyPair },
): { ciphertext: Buffer; replyContext: ReplyContext } {
  const { shared, enc } = encap(request.recipientKey, request.ephemeral ?? generateHpkeKeyPair());
  const context = keySchedule(shared, infoOf(request));
  const ciphertext = aeadSeal(context.key, context.baseNonce, aadOf(request), request.plaintext, enc);
  return { ciphertext, replyContext: replyContextOf(enc, context) };
}

/** Throws CocoonError `channel_open_failed`, which says nothing about which part was wrong. */
export function openRequest(request: RequestBinding & { keys: HpkeKeyPair; ciphertext: Buffer }): {
  plaintext: Buffer;
  replyContext: ReplyContext;
} {
  if (request.ciphertext.length < REQUEST_OVERHEAD_BYTES) {
    throw new CocoonError('channel_open_failed', 'The ciphertext is too short.');
  }
  const enc = Buffer.from(request.ciphertext.subarray(0, KEY_BYTES));
  const context = keySchedule(decap(enc, request.keys), infoOf(request));
  const sealed = request.ciphertext.subarray(KEY_BYTES);
  const plaintext = aeadOpen(context.key, context.baseNonce, aadOf(request), sealed);
  if (!plaintext) {
    throw new CocoonError('channel_open_failed', 'The request does not open with this key, line and job.');
  }
  return { plaintext, replyContext: replyContextOf(enc, context) };
}

function infoOf(binding: RequestBinding): Buffer {
  return Buffer.concat([INFO, binding.statementHash]);
}

function aadOf(binding: RequestBinding): Buffer {
  return Buffer.concat([binding.escrowDomain, binding.lineId, binding.jobId]);
}

function replyContextOf(enc: Buffer, context: HpkeContext): ReplyContext {
  return { enc, secret: context.exportSecret(RESPONSE_LABEL, 32) };
}

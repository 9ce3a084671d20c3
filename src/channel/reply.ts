import { createSha256 } from '../protocol/crypto';
import { CocoonError } from '../protocol/errors';
import { LIMITS } from '../protocol/limits';
import { aeadOpen, aeadSeal, sequenceNonce, TAG_BYTES } from './aead';
import type { ReplyContext } from './request';
import { responseKeys } from './responseKeys';

/**
 * A reply is a run of sealed chunks: contents, the last content, the settlement. A chunk's number is in its nonce and
 * its kind in the associated data, so a chunk that is dropped, doubled, moved or renamed does not open, and a reply
 * whose last content never came is told from one that ended.
 */
export enum ChunkKind {
  Content = 0,
  LastContent = 1,
  Settlement = 2,
}

export const RESPONSE_NONCE_BYTES = 32;

export interface ReplySealer {
  /** `kind:u8 ‖ sealed`, ready to be a chunk frame's payload. Throws RangeError when kinds come out of order. */
  seal(kind: ChunkKind, plaintext: Uint8Array): Buffer;
  /** SHA-256 of every content chunk sealed so far, kind bytes included, joined: the record's `responseHash`. */
  responseHash(): Buffer;
}

export interface ReplyOpener {
  /** Opens the next chunk frame's payload. Throws CocoonError `reply_unauthentic`. */
  open(payload: Buffer): { kind: ChunkKind; plaintext: Buffer };
  responseHash(): Buffer;
  /** True once the last content was opened. */
  contentEnded(): boolean;
  /** Throws CocoonError `stream_truncated` unless the last content was opened. */
  assertEnded(): void;
}

export function createReplySealer(context: ReplyContext, responseNonce: Buffer): ReplySealer {
  const keys = replyKeys(context, responseNonce);
  const order = chunkOrder();
  return {
    seal(kind, plaintext) {
      if (!order.allows(kind)) throw new RangeError(`a ${ChunkKind[kind]} chunk cannot stand here`);
      if (1 + plaintext.length + TAG_BYTES > LIMITS.chunkMaxBytes) {
        throw new RangeError(`a chunk of ${plaintext.length} bytes is too large`);
      }
      const aad = Buffer.from([kind]);
      const nonce = sequenceNonce(keys.nonce, order.sequence());
      const payload = aeadSeal(keys.key, nonce, aad, plaintext, aad);
      order.accept(kind, payload);
      return payload;
    },
    responseHash: order.responseHash,
  };
}

export function createReplyOpener(context: ReplyContext, responseNonce: Buffer): ReplyOpener {
  const keys = replyKeys(context, responseNonce);
  const order = chunkOrder();
  return {
    open(payload) {
      const kind = payload[0];
      if (kind === undefined || !isKind(kind) || !order.allows(kind)) {
        throw new CocoonError(
          'reply_unauthentic',
          `Chunk ${order.sequence()} of the reply is of a wrong kind.`,
        );
      }
      const nonce = sequenceNonce(keys.nonce, order.sequence());
      const plaintext = aeadOpen(keys.key, nonce, payload.subarray(0, 1), payload.subarray(1));
      if (!plaintext) {
        throw new CocoonError('reply_unauthentic', `Chunk ${order.sequence()} of the reply does not open.`);
      }
      order.accept(kind, payload);
      return { kind, plaintext };
    },
    responseHash: order.responseHash,
    contentEnded: order.contentEnded,
    assertEnded() {
      if (!order.contentEnded()) {
        throw new CocoonError('stream_truncated', 'The reply ended before its authenticated end.');
      }
    },
  };
}

function replyKeys(context: ReplyContext, responseNonce: Buffer): { key: Buffer; nonce: Buffer } {
  if (responseNonce.length !== RESPONSE_NONCE_BYTES) {
    throw new CocoonError('reply_unauthentic', 'The response nonce must have 32 bytes.');
  }
  return responseKeys(context, responseNonce);
}

interface ChunkOrder {
  allows(kind: ChunkKind): boolean;
  sequence(): bigint;
  accept(kind: ChunkKind, payload: Buffer): void;
  contentEnded(): boolean;
  responseHash(): Buffer;
}

/** The grammar `Content* LastContent Settlement?`, and the hash over its contents, for both ends. */
function chunkOrder(): ChunkOrder {
  const hash = createSha256();
  let sequence = 0n;
  let ended = false;
  let settled = false;
  return {
    allows: (kind) => (kind === ChunkKind.Settlement ? ended && !settled : !ended),
    sequence: () => sequence,
    accept(kind, payload) {
      sequence += 1n;
      if (kind === ChunkKind.Settlement) {
        settled = true;
        return;
      }
      hash.update(payload);
      ended = kind === ChunkKind.LastContent;
    },
    contentEnded: () => ended,
    responseHash: () => hash.digest(),
  };
}

function isKind(value: number): value is ChunkKind {
  return ChunkKind[value] !== undefined;
}

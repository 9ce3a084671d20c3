import { CocoonError } from './errors';
import { LIMITS } from './limits';

export const FRAMES_CONTENT_TYPE = 'application/cocoon-frames';

/** Frames of a reply: `length:u32 kind:u8 payload`, the length counting kind and payload. */
export enum FrameKind {
  /** 32-byte response nonce; always first. */
  Head = 1,
  /** One sealed chunk. */
  Chunk = 2,
  /** Signed receipt; always last, forwarded only once it is stored durably. */
  Receipt = 3,
  /** JSON error body in OpenAI's shape; ends the reply. */
  Error = 4,
  /** Empty; sent while the engine is silent. */
  KeepAlive = 5,
}

export interface Frame {
  kind: FrameKind;
  payload: Buffer;
}

const FRAME_HEAD_BYTES = 5;

/** Throws RangeError on a payload that no parser would take. */
export function encodeFrame(kind: FrameKind, payload: Uint8Array): Buffer {
  if (payload.length > LIMITS.framePayloadMaxBytes) {
    throw new RangeError(`Frame: ${payload.length} bytes, at most ${LIMITS.framePayloadMaxBytes}`);
  }
  const out = Buffer.allocUnsafe(FRAME_HEAD_BYTES + payload.length);
  out.writeUInt32BE(1 + payload.length, 0);
  out.writeUInt8(kind, 4);
  out.set(payload, FRAME_HEAD_BYTES);
  return out;
}

export interface FrameParser {
  /** The frames that these bytes complete. Throws CocoonError `stream_truncated` on a malformed one, and ever after. */
  push(bytes: Uint8Array): Frame[];
  /** Bytes of an unfinished frame; non-zero at the end of a stream means that it was cut. */
  pending(): number;
}

/**
 * Splits a byte stream into frames. Each byte is copied once, into a payload of its own size: so a large frame in
 * tiny pieces costs no more than in one, at most one payload is held, and no payload shares memory with the input.
 */
export function createFrameParser(maxPayloadBytes: number = LIMITS.framePayloadMaxBytes): FrameParser {
  const head = Buffer.alloc(FRAME_HEAD_BYTES);
  let headFilled = 0;
  let payload: Buffer = Buffer.alloc(0);
  let payloadFilled = 0;
  let failed = false;

  const readHead = (): void => {
    const length = head.readUInt32BE(0);
    failed = length < 1 || length > 1 + maxPayloadBytes || FrameKind[head[4]!] === undefined;
    if (!failed) payload = Buffer.allocUnsafe(length - 1);
  };

  return {
    push(bytes) {
      const frames: Frame[] = [];
      let at = 0;
      while (at < bytes.length && !failed) {
        if (headFilled < FRAME_HEAD_BYTES) {
          const copied = copyInto(head, headFilled, bytes, at);
          headFilled += copied;
          at += copied;
          if (headFilled < FRAME_HEAD_BYTES) break;
          readHead();
          if (failed) break;
        }
        const copied = copyInto(payload, payloadFilled, bytes, at);
        payloadFilled += copied;
        at += copied;
        if (payloadFilled === payload.length) {
          frames.push({ kind: head.readUInt8(4), payload });
          headFilled = payloadFilled = 0;
        }
      }
      if (failed) throw new CocoonError('stream_truncated', 'The reply holds a malformed frame.');
      return frames;
    },
    pending: () => headFilled + payloadFilled,
  };
}

/** Copies what fits, and says how much that was. */
function copyInto(target: Buffer, filled: number, source: Uint8Array, at: number): number {
  const size = Math.min(target.length - filled, source.length - at);
  target.set(source.subarray(at, at + size), filled);
  return size;
}

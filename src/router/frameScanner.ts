import { CocoonError } from '../protocol/errors';
import { LIMITS } from '../protocol/limits';
import { FrameKind } from '../protocol/wire';
import { RECEIPT_BYTES } from './storedReceipt';

/** What one piece of a reply contained. */
export interface Scan {
  /** Whole frames to pass on as they came; neighbours share one buffer, nothing is copied. */
  forward: Buffer[];
  /** Set once the reply's last frame is there. An error frame is already in `forward`, a receipt is not. */
  last: { kind: FrameKind.Receipt; receipt: Buffer } | { kind: FrameKind.Error } | null;
}

const FRAME_HEAD_BYTES = 5;
const NONCE_BYTES = 32;

const NOTHING: Scan = { forward: [], last: null };

/**
 * Cuts a reply at frame boundaries without looking into it. Only whole frames are passed on: a client can open
 * nothing less than a frame, and so an error frame can always follow. Throws CocoonError `stream_truncated`.
 */
export function createFrameScanner(): { push(piece: Buffer): Scan } {
  let held: Buffer[] = [];
  let heldBytes = 0;
  /** Size of the frame that is held in part; 0 while its head is incomplete. */
  let heldFrameBytes = 0;
  let total = 0;

  const hold = (piece: Buffer): void => {
    if (piece.length === 0) return;
    held.push(piece);
    heldBytes += piece.length;
  };
  const takeHeld = (): Buffer[] => {
    const parts = held;
    held = [];
    heldBytes = 0;
    heldFrameBytes = 0;
    return parts;
  };

  const scan = (bytes: Buffer, forward: Buffer[]): Scan => {
    let at = 0;
    while (bytes.length - at >= FRAME_HEAD_BYTES) {
      const size = frameSize(bytes, at);
      const kind = bytes.readUInt8(at + 4) as FrameKind;
      if (bytes.length - at < size) {
        heldFrameBytes = size;
        break;
      }
      if (kind === FrameKind.Receipt) {
        if (at > 0) forward.push(bytes.subarray(0, at));
        return {
          forward,
          last: { kind, receipt: Buffer.from(bytes.subarray(at + FRAME_HEAD_BYTES, at + size)) },
        };
      }
      at += size;
      if (kind !== FrameKind.Error) continue;
      forward.push(bytes.subarray(0, at));
      return { forward, last: { kind } };
    }
    if (at > 0) forward.push(bytes.subarray(0, at));
    hold(bytes.subarray(at));
    return { forward, last: null };
  };

  return {
    push(piece) {
      total += piece.length;
      if (total > LIMITS.responseMaxBytes) throw malformed('The reply is too long.');
      if (heldBytes === 0) return scan(piece, []);
      if (heldBytes + piece.length < Math.max(heldFrameBytes, FRAME_HEAD_BYTES)) {
        hold(piece);
        return NOTHING;
      }
      const missing = heldFrameBytes - heldBytes;
      const kind = heldFrameBytes > 0 ? Buffer.concat(held, FRAME_HEAD_BYTES)[4] : undefined;
      if (kind !== FrameKind.Chunk) return scan(Buffer.concat([...takeHeld(), piece]), []);
      // The common long frame: its parts are passed on as they are.
      return scan(piece.subarray(missing), [...takeHeld(), piece.subarray(0, missing)]);
    },
  };
}

/** Size of the frame whose head starts at `at`. */
function frameSize(bytes: Buffer, at: number): number {
  const payload = bytes.readUInt32BE(at) - 1;
  switch (bytes.readUInt8(at + 4) as FrameKind) {
    case FrameKind.Head:
      if (payload !== NONCE_BYTES) throw malformed('A head frame takes 32 bytes.');
      break;
    case FrameKind.Receipt:
      if (payload !== RECEIPT_BYTES) throw malformed(`A receipt frame takes ${RECEIPT_BYTES} bytes.`);
      break;
    case FrameKind.KeepAlive:
      if (payload !== 0) throw malformed('A keep-alive frame is empty.');
      break;
    case FrameKind.Chunk:
    case FrameKind.Error:
      if (payload < 0 || payload > LIMITS.framePayloadMaxBytes) throw malformed('A frame is too long.');
      break;
    default:
      throw malformed('A frame has an unknown kind.');
  }
  return FRAME_HEAD_BYTES + payload;
}

function malformed(message: string): CocoonError {
  return new CocoonError('stream_truncated', message);
}

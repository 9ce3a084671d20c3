import { sha256 } from './hash';

/**
 * A line is a one-way payment channel inside an escrow, from its client to one worker key. Its fields never
 * change; its id is their hash, so the escrow stores only amounts and times.
 *
 * line$_ workerAddress:bits256 settleBy:uint32 feeBps:uint16 feeTo:bits160 workerKey:bits256 = Line
 */
export interface Line {
  /** Account hash of the Worker contract (workchain 0). */
  workerAddress: Buffer;
  /** Unix seconds; receipts are paid up to and including this second. */
  settleBy: number;
  /** The router's share in basis points of the gross amount; 0 when there is none. */
  feeBps: number;
  /** First 160 bits of the fee recipient's account hash; zero when feeBps is 0. */
  feeTo: Buffer;
  /** Ed25519 key that signs this line's receipts. */
  workerKey: Buffer;
}

export const LINE_BYTES = 90;
export const LINE_ID_BYTES = 20;
export const NO_FEE_RECIPIENT: Buffer = Buffer.alloc(20);

export function lineImage(line: Line): Buffer {
  if (line.workerAddress.length !== 32 || line.workerKey.length !== 32 || line.feeTo.length !== 20) {
    throw new RangeError('Line: workerAddress and workerKey take 32 bytes, feeTo 20');
  }
  const out = Buffer.allocUnsafe(LINE_BYTES);
  out.set(line.workerAddress, 0);
  out.writeUInt32BE(line.settleBy, 32);
  out.writeUInt16BE(line.feeBps, 36);
  out.set(line.feeTo, 38);
  out.set(line.workerKey, 58);
  return out;
}

export function parseLine(image: Uint8Array): Line {
  if (image.length !== LINE_BYTES)
    throw new RangeError(`Line: ${image.length} bytes, expected ${LINE_BYTES}`);
  const bytes = Buffer.from(image);
  return {
    workerAddress: bytes.subarray(0, 32),
    settleBy: bytes.readUInt32BE(32),
    feeBps: bytes.readUInt16BE(36),
    feeTo: bytes.subarray(38, 58),
    workerKey: bytes.subarray(58, 90),
  };
}

/** The first 160 bits of the SHA-256 of the line's byte image. */
export function lineId(line: Line): Buffer {
  return sha256(lineImage(line)).subarray(0, LINE_ID_BYTES);
}

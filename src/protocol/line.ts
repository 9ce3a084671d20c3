import { byteImage } from './fields';
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

export const lineFields = byteImage('Line', Buffer.alloc(0), {
  workerAddress: 'bytes32',
  settleBy: 'u32',
  feeBps: 'u16',
  feeTo: 'bytes20',
  workerKey: 'bytes32',
});

export const LINE_BYTES = 90;
export const LINE_ID_BYTES = 20;
export const NO_FEE_RECIPIENT: Buffer = Buffer.alloc(20);

export function lineImage(line: Line): Buffer {
  return lineFields.image(line);
}

/** Throws RangeError on anything but 90 bytes. */
export function parseLine(image: Uint8Array): Line {
  return lineFields.parse(image);
}

/** The first 160 bits of the SHA-256 of the line's byte image. */
export function lineId(line: Line): Buffer {
  return sha256(lineImage(line)).subarray(0, LINE_ID_BYTES);
}

import { z } from 'zod';
import { CocoonError } from '../protocol/errors';
import { LIMITS } from '../protocol/limits';
import type { Nano } from '../protocol/amounts';
import { CHANNEL_LIMITS } from './limits';
import { REQUEST_OVERHEAD_BYTES } from './request';

/**
 * What is inside a sealed request. The first fields repeat the ticket, so the worker can tell that the signer meant
 * this very text:
 *
 * version:u8=1 ‖ jobId:16 ‖ issuedAt:u32 ‖ notAfter:u32 ‖ modelHash:32 ‖ maxFee:u64 ‖ headLength:u32 ‖ head ‖
 * bodyLength:u32 ‖ body ‖ zero padding
 */
export interface RequestPlaintext {
  jobId: Buffer;
  /** Unix seconds, as in the ticket. */
  issuedAt: number;
  notAfter: number;
  modelHash: Buffer;
  maxFee: Nano;
  head: RequestHead;
  body: Buffer;
}

const requestHeadSchema = z.strictObject({
  method: z.enum(['GET', 'POST']),
  path: z.string().startsWith('/').max(256),
  headers: z.record(z.string().max(64), z.string().max(2048)),
});
export type RequestHead = z.infer<typeof requestHeadSchema>;

const VERSION = 1;
const FIXED_BYTES = 1 + 16 + 4 + 4 + 32 + 8 + 4;

/** Throws CocoonError `body_too_large`; RangeError when a fixed field has another size. */
export function encodeRequestPlaintext(request: RequestPlaintext): Buffer {
  if (request.jobId.length !== 16 || request.modelHash.length !== 32) {
    throw new RangeError('RequestPlaintext: jobId takes 16 bytes, modelHash 32');
  }
  const head = Buffer.from(JSON.stringify(request.head));
  const size = FIXED_BYTES + head.length + 4 + request.body.length;
  const padded = requestBucket(size);
  if (
    padded + REQUEST_OVERHEAD_BYTES > LIMITS.requestMaxBytes ||
    head.length > CHANNEL_LIMITS.requestHeadMaxBytes
  ) {
    throw new CocoonError(
      'body_too_large',
      `A request takes at most ${LIMITS.requestMaxBytes} sealed bytes.`,
    );
  }
  const out = Buffer.alloc(padded);
  out.writeUInt8(VERSION, 0);
  out.set(request.jobId, 1);
  out.writeUInt32BE(request.issuedAt, 17);
  out.writeUInt32BE(request.notAfter, 21);
  out.set(request.modelHash, 25);
  out.writeBigUInt64BE(request.maxFee, 57);
  out.writeUInt32BE(head.length, 65);
  out.set(head, FIXED_BYTES);
  out.writeUInt32BE(request.body.length, FIXED_BYTES + head.length);
  out.set(request.body, FIXED_BYTES + head.length + 4);
  return out;
}

/** Throws CocoonError `channel_open_failed` on anything that the encoder above cannot have written. */
export function decodeRequestPlaintext(bytes: Buffer): RequestPlaintext {
  if (bytes.length < FIXED_BYTES + 4 || bytes[0] !== VERSION) throw malformed('not a version 1 request');
  const headLength = bytes.readUInt32BE(65);
  const bodyAt = FIXED_BYTES + headLength + 4;
  if (headLength > CHANNEL_LIMITS.requestHeadMaxBytes || bodyAt > bytes.length)
    throw malformed('its head is cut');
  const bodyLength = bytes.readUInt32BE(bodyAt - 4);
  const end = bodyAt + bodyLength;
  if (end > bytes.length || bytes.length !== requestBucket(end))
    throw malformed('its body is cut or badly padded');
  if (!isZero(bytes.subarray(end))) throw malformed('its padding is not zero');
  return {
    jobId: Buffer.from(bytes.subarray(1, 17)),
    issuedAt: bytes.readUInt32BE(17),
    notAfter: bytes.readUInt32BE(21),
    modelHash: Buffer.from(bytes.subarray(25, 57)),
    maxFee: bytes.readBigUInt64BE(57) as Nano,
    head: parseHead(bytes.subarray(FIXED_BYTES, bodyAt - 4)),
    body: bytes.subarray(bodyAt, end),
  };
}

const ZEROS = Buffer.alloc(64 * 1024);

/** Compared in blocks: padding may be megabytes, which byte by byte would hold up every other job. */
function isZero(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at += ZEROS.length) {
    const block = bytes.subarray(at, at + ZEROS.length);
    if (!block.equals(ZEROS.subarray(0, block.length))) return false;
  }
  return true;
}

/** The padded size for `bytes`: 1 KiB, then powers of two, then eighths of the power of two below. */
export function requestBucket(bytes: number): number {
  let power: number = CHANNEL_LIMITS.requestBucketMinBytes;
  if (bytes <= power) return power;
  while (power * 2 <= bytes) power *= 2;
  if (power === bytes) return bytes;
  if (power < CHANNEL_LIMITS.requestBucketDoublingBytes) return power * 2;
  const step = power / 8;
  return Math.ceil(bytes / step) * step;
}

function parseHead(bytes: Buffer): RequestHead {
  try {
    return requestHeadSchema.parse(JSON.parse(bytes.toString('utf8')));
  } catch (cause) {
    throw new CocoonError('channel_open_failed', 'The sealed request has no readable head.', { cause });
  }
}

function malformed(why: string): CocoonError {
  return new CocoonError('channel_open_failed', `The sealed request is malformed: ${why}.`);
}

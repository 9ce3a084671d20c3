import type { Nano } from './amounts';
import type { Usage } from './price';

/**
 * What a job was and cost: plain bytes, one leaf of the line's `jobsRoot`. It holds no content, only hashes.
 */
export interface JobRecord extends Usage {
  /** Hash of the ticket that permitted the job. */
  ticketHash: Buffer;
  modelHash: Buffer;
  imageId: Buffer;
  /** Hash of the ask that priced it. */
  askHash: Buffer;
  /** SHA-256 of the request ciphertext and of the sealed response chunks. */
  requestHash: Buffer;
  responseHash: Buffer;
  fee: Nano;
  startedAt: number;
  endedAt: number;
  outcome: JobOutcome;
}

export enum JobOutcome {
  Completed = 1,
  /** The client hung up or the engine failed; billed for what was delivered. */
  Partial = 2,
}

export const JOB_RECORD_BYTES = 230;
const VERSION = 1;

export function jobRecordImage(record: JobRecord): Buffer {
  const out = Buffer.alloc(JOB_RECORD_BYTES);
  out.writeUInt8(VERSION, 0);
  out.set(hash32(record.ticketHash), 1);
  out.set(hash32(record.modelHash), 33);
  out.set(hash32(record.imageId), 65);
  out.set(hash32(record.askHash), 97);
  out.set(hash32(record.requestHash), 129);
  out.set(hash32(record.responseHash), 161);
  out.writeUInt32BE(record.promptTokens, 193);
  out.writeUInt32BE(record.cachedTokens, 197);
  out.writeUInt32BE(record.completionTokens, 201);
  out.writeUInt32BE(record.reasoningTokens, 205);
  out.writeUInt32BE(record.audioMs, 209);
  out.writeBigUInt64BE(record.fee, 213);
  out.writeUInt32BE(record.startedAt, 221);
  out.writeUInt32BE(record.endedAt, 225);
  out.writeUInt8(record.outcome, 229);
  return out;
}

/** Reads a record; throws RangeError on a wrong size, version or outcome. */
export function parseJobRecord(image: Uint8Array): JobRecord {
  const bytes = Buffer.from(image);
  const outcome = bytes[229];
  if (bytes.length !== JOB_RECORD_BYTES || bytes[0] !== VERSION || (outcome !== 1 && outcome !== 2)) {
    throw new RangeError('JobRecord: not a version 1 record');
  }
  return {
    ticketHash: bytes.subarray(1, 33),
    modelHash: bytes.subarray(33, 65),
    imageId: bytes.subarray(65, 97),
    askHash: bytes.subarray(97, 129),
    requestHash: bytes.subarray(129, 161),
    responseHash: bytes.subarray(161, 193),
    promptTokens: bytes.readUInt32BE(193),
    cachedTokens: bytes.readUInt32BE(197),
    completionTokens: bytes.readUInt32BE(201),
    reasoningTokens: bytes.readUInt32BE(205),
    audioMs: bytes.readUInt32BE(209),
    fee: bytes.readBigUInt64BE(213) as Nano,
    startedAt: bytes.readUInt32BE(221),
    endedAt: bytes.readUInt32BE(225),
    outcome,
  };
}

function hash32(bytes: Buffer): Buffer {
  if (bytes.length !== 32) throw new RangeError(`JobRecord: a hash of ${bytes.length} bytes, expected 32`);
  return bytes;
}

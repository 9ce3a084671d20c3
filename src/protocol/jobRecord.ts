import type { Nano } from './amounts';
import { byteImage } from './fields';
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
const OUTCOMES: ReadonlySet<number> = new Set([JobOutcome.Completed, JobOutcome.Partial]);

export const jobRecordFields = byteImage('JobRecord', Buffer.from([VERSION]), {
  ticketHash: 'bytes32',
  modelHash: 'bytes32',
  imageId: 'bytes32',
  askHash: 'bytes32',
  requestHash: 'bytes32',
  responseHash: 'bytes32',
  promptTokens: 'u32',
  cachedTokens: 'u32',
  completionTokens: 'u32',
  reasoningTokens: 'u32',
  audioMs: 'u32',
  fee: 'u64',
  startedAt: 'u32',
  endedAt: 'u32',
  outcome: 'u8',
});

/** Throws RangeError that names the field which does not fit. */
export function jobRecordImage(record: JobRecord): Buffer {
  requireOutcome(record.outcome);
  return jobRecordFields.image(record);
}

/** Reads a record; throws RangeError on a wrong size, version or outcome. */
export function parseJobRecord(image: Uint8Array): JobRecord {
  const record = jobRecordFields.parse(image);
  requireOutcome(record.outcome);
  return { ...record, fee: record.fee as Nano };
}

function requireOutcome(outcome: number): void {
  if (!OUTCOMES.has(outcome)) throw new RangeError(`JobRecord.outcome: ${outcome} is unknown`);
}

import { z } from 'zod';
import { CocoonError } from '../protocol/errors';
import { JOB_RECORD_BYTES, jobRecordImage, parseJobRecord, type JobRecord } from '../protocol/jobRecord';
import { LIMITS } from '../protocol/limits';
import { decodeProof, encodeProof, type InclusionProof } from '../protocol/mountainRange';
import { CHANNEL_LIMITS } from './limits';

/** What stands inside the chunks of a reply: padded contents, which joined are a response, and the settlement. */
const LENGTH_BYTES = 2;
const LARGEST_CLASS: number = CHANNEL_LIMITS.contentClasses.at(-1)!;
/** More data than this takes several chunks. */
export const CONTENT_MAX_BYTES = LARGEST_CLASS - LENGTH_BYTES;

/** `length:u16 ‖ data ‖ zero padding` to a size class, so that a chunk's size does not spell its tokens. */
export function encodeContent(data: Uint8Array): Buffer {
  if (data.length > CONTENT_MAX_BYTES)
    throw new RangeError(`content of ${data.length} bytes takes several chunks`);
  const size = CHANNEL_LIMITS.contentClasses.find((bytes) => bytes >= LENGTH_BYTES + data.length)!;
  const out = Buffer.alloc(size);
  out.writeUInt16BE(data.length, 0);
  out.set(data, LENGTH_BYTES);
  return out;
}

/** Throws CocoonError `reply_unauthentic`. */
export function decodeContent(plaintext: Buffer): Buffer {
  const length = plaintext.length < LENGTH_BYTES ? -1 : plaintext.readUInt16BE(0);
  if (length < 0 || LENGTH_BYTES + length > plaintext.length) {
    throw new CocoonError('reply_unauthentic', 'A content chunk is shorter than it says.');
  }
  return plaintext.subarray(LENGTH_BYTES, LENGTH_BYTES + length);
}

/** `data` in pieces that fit a chunk each; one empty piece for no data. */
export function splitContent(data: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at === 0 || at < data.length; at += CONTENT_MAX_BYTES) {
    pieces.push(data.subarray(at, at + CONTENT_MAX_BYTES));
  }
  return pieces;
}

const responseHeadSchema = z.strictObject({
  status: z.number().int().min(200).max(599),
  headers: z.record(z.string().max(64), z.string().max(2048)),
});
export type ResponseHead = z.infer<typeof responseHeadSchema>;

/** `headLength:u32 ‖ head`: the first bytes of the joined contents; the body follows. */
export function encodeResponseHead(head: ResponseHead): Buffer {
  const json = Buffer.from(JSON.stringify(head));
  const out = Buffer.allocUnsafe(4 + json.length);
  out.writeUInt32BE(json.length, 0);
  out.set(json, 4);
  return out;
}

/** Takes the head off joined contents as they come. */
export function createResponseReader(): {
  /** `body` is what of `data` is past the head; `head` is null until all of it has come. */
  push(data: Buffer): { head: ResponseHead | null; body: Buffer };
} {
  let head: ResponseHead | null = null;
  let waiting: Buffer = Buffer.alloc(0);
  return {
    push(data) {
      if (head) return { head, body: data };
      waiting = Buffer.concat([waiting, data]);
      if (waiting.length < 4) return { head, body: Buffer.alloc(0) };
      const length = waiting.readUInt32BE(0);
      if (length > CHANNEL_LIMITS.responseHeadMaxBytes) {
        throw new CocoonError('reply_unauthentic', 'The head of the reply is too long.');
      }
      if (waiting.length < 4 + length) return { head, body: Buffer.alloc(0) };
      head = parseResponseHead(waiting.subarray(4, 4 + length));
      return { head, body: waiting.subarray(4 + length) };
    },
  };
}

/** What the worker says a job cost, and that its record is a leaf of the receipt's root. */
export interface Settlement {
  record: JobRecord;
  /** The record's exact bytes, the leaf. */
  image: Buffer;
  proof: InclusionProof;
}

/** `record:230 ‖ proofLength:u16 ‖ proof`. */
export function encodeSettlement(record: JobRecord, proof: InclusionProof): Buffer {
  const encoded = encodeProof(proof);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(encoded.length, 0);
  return Buffer.concat([jobRecordImage(record), length, encoded]);
}

/** Throws CocoonError `receipt_bad_proof`. */
export function decodeSettlement(plaintext: Buffer): Settlement {
  try {
    const image = Buffer.from(plaintext.subarray(0, JOB_RECORD_BYTES));
    const length = plaintext.readUInt16BE(JOB_RECORD_BYTES);
    const proof = plaintext.subarray(JOB_RECORD_BYTES + 2);
    if (length !== proof.length || length > LIMITS.inclusionProofMaxBytes) {
      throw new RangeError(`a proof of ${proof.length} bytes`);
    }
    return { record: parseJobRecord(image), image, proof: decodeProof(proof) };
  } catch (cause) {
    throw new CocoonError('receipt_bad_proof', 'The settlement of the reply cannot be read.', { cause });
  }
}

function parseResponseHead(bytes: Buffer): ResponseHead {
  try {
    return responseHeadSchema.parse(JSON.parse(bytes.toString('utf8')));
  } catch (cause) {
    throw new CocoonError('reply_unauthentic', 'The head of the reply cannot be read.', { cause });
  }
}

import { z } from 'zod';
import { SIGNATURE_BYTES, sign, verify, type KeyPair } from './ed25519';
import { CocoonError } from './errors';
import { requireBytes } from './fields';
import { sha256 } from './hash';
import { LIMITS } from './limits';
import { LINE_BYTES, parseLine, lineImage, type Line } from './line';
import { ticketLayout, type Signed, type Ticket } from './signed';

/** How clients, routers and workers meet: docs/wire.md says it in words. */
export const WIRE_VERSION = 1;
export const JOB_CONTENT_TYPE = 'application/cocoon-job';
export const FRAMES_CONTENT_TYPE = 'application/cocoon-frames';
/** HTTP/1.1 upgrade protocol by which a worker hands its router an HTTP/2 connection in reverse. */
export const LINK_PROTOCOL = 'cocoon-link/1';

/**
 * One job as it travels from client to router to worker:
 * version 1 ‖ line 90 ‖ escrow account hash 32 ‖ ticket 120 ‖ signature 64 ‖ request ciphertext.
 */
export interface JobEnvelope {
  line: Line;
  escrow: Buffer;
  ticket: Signed<Ticket>;
  ciphertext: Buffer;
}

const ESCROW_BYTES = 32;
export const ENVELOPE_HEAD_BYTES = 1 + LINE_BYTES + ESCROW_BYTES + ticketLayout.size + SIGNATURE_BYTES;

/** Throws RangeError on a field that does not fit. */
export function encodeEnvelopeHead(envelope: Omit<JobEnvelope, 'ciphertext'>): Buffer {
  requireBytes('JobEnvelope.escrow', envelope.escrow, ESCROW_BYTES);
  requireBytes('JobEnvelope.ticket.signature', envelope.ticket.signature, SIGNATURE_BYTES);
  return Buffer.concat([
    Buffer.from([WIRE_VERSION]),
    lineImage(envelope.line),
    envelope.escrow,
    ticketLayout.image(envelope.ticket.value),
    envelope.ticket.signature,
  ]);
}

/**
 * Throws CocoonError `ticket_malformed` or `body_too_large`. The ciphertext stays a part of `bytes`, since it can
 * be megabytes; everything else is copied out.
 */
export function decodeEnvelope(bytes: Buffer): JobEnvelope {
  if (bytes.length > ENVELOPE_HEAD_BYTES + LIMITS.requestMaxBytes) {
    throw new CocoonError(
      'body_too_large',
      `A job takes at most ${LIMITS.requestMaxBytes} bytes of ciphertext.`,
    );
  }
  if (bytes.length <= ENVELOPE_HEAD_BYTES || bytes[0] !== WIRE_VERSION) {
    throw new CocoonError(
      'ticket_malformed',
      `A job is a ${ENVELOPE_HEAD_BYTES}-byte head of version 1 and a ciphertext.`,
    );
  }
  try {
    let at = 1;
    const take = (size: number): Buffer => bytes.subarray(at, (at += size));
    return {
      line: parseLine(take(LINE_BYTES)),
      escrow: Buffer.from(take(ESCROW_BYTES)),
      ticket: {
        value: ticketLayout.parse(take(ticketLayout.size)),
        signature: Buffer.from(take(SIGNATURE_BYTES)),
      },
      ciphertext: bytes.subarray(at),
    };
  } catch (cause) {
    throw new CocoonError('ticket_malformed', 'The job head cannot be read.', { cause });
  }
}

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

const hex = (bytes: number) =>
  z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`), `${bytes} bytes in lower-case hex`);
const base64 = z
  .string()
  .max(4096)
  .regex(/^[A-Za-z0-9+/]*={0,2}$/);

export const offeredModelSchema = z.strictObject({
  /** The name in OpenAI requests, for example "tiny-llama". */
  id: z.string().min(1).max(200),
  hash: hex(32),
  contextLength: z.number().int().positive(),
  maxOutputTokens: z.number().int().positive(),
  capabilities: z.array(z.enum(['chat', 'completions', 'embeddings', 'audio'])),
});

/** What a worker offers. Signed as the exact text that travels, so nobody re-serialises it. */
export const workerOfferSchema = z.strictObject({
  version: z.literal(WIRE_VERSION),
  seq: z.number().int().nonnegative(),
  issuedAt: z.number().int().nonnegative(),
  /** Account hash of the Worker contract. */
  worker: hex(32),
  workerKey: hex(32),
  imageId: hex(32),
  /** Statement bytes; its hash is what the Worker contract recorded. */
  statement: base64,
  /** Signed HpkeCertificate. */
  certificate: base64,
  /** Signed Asks, one per model. */
  asks: z.array(base64).max(64),
  models: z.array(offeredModelSchema).max(64),
  slots: z.number().int().positive().max(4096),
  /** Highest router fee that this worker's provider has listed. */
  maxFeeBps: z.number().int().min(0).max(10_000),
});
export type WorkerOffer = z.infer<typeof workerOfferSchema>;
export type OfferedModel = z.infer<typeof offeredModelSchema>;

const OFFER_TEXT_MAX = 256 * 1024;

/** An offer as it travels: the signed text and its signature in hex. */
export const signedOfferSchema = z.strictObject({
  text: z.string().max(OFFER_TEXT_MAX),
  signature: hex(SIGNATURE_BYTES),
});
export type SignedOffer = z.infer<typeof signedOfferSchema>;

const OFFER_CONTEXT = Buffer.from('cocoon/offer/v1\0', 'latin1');
export const HELLO_NONCE_BYTES = 32;
const HELLO_CONTEXT = Buffer.from('cocoon/hello/v1\0', 'latin1');

export function signOffer(offer: WorkerOffer, keys: KeyPair): SignedOffer {
  const text = JSON.stringify(offer);
  return { text, signature: sign(sha256(OFFER_CONTEXT, Buffer.from(text)), keys).toString('hex') };
}

/** The offer inside, or null when the text is malformed or not signed by the key that it names. */
export function openOffer(signed: SignedOffer): WorkerOffer | null {
  if (signed.text.length > OFFER_TEXT_MAX) return null;
  let json: unknown;
  try {
    json = JSON.parse(signed.text);
  } catch {
    return null;
  }
  const offer = workerOfferSchema.safeParse(json);
  if (!offer.success) return null;
  const digest = sha256(OFFER_CONTEXT, Buffer.from(signed.text));
  const genuine = verify(
    digest,
    Buffer.from(signed.signature, 'hex'),
    Buffer.from(offer.data.workerKey, 'hex'),
  );
  return genuine ? offer.data : null;
}

/** What a worker signs to show that it holds its key now: over the router's fresh nonce and its own offer. */
export function helloDigest(nonce: Buffer, offer: SignedOffer): Buffer {
  requireBytes('hello nonce', nonce, HELLO_NONCE_BYTES);
  return sha256(HELLO_CONTEXT, nonce, sha256(Buffer.from(offer.text)));
}

/** One row of a router's order book: the worker's own signed words, then what the router measured. */
export const bookEntrySchema = z.strictObject({
  offer: signedOfferSchema,
  freeSlots: z.number().int().nonnegative(),
  draining: z.boolean(),
  /** Distinct paying escrows served in the last day, and the share of their jobs that completed. */
  distinctEscrows: z.number().int().nonnegative(),
  successRate: z.number().min(0).max(1),
  medianLatencyMs: z.number().nonnegative().nullable(),
});
export type BookEntry = z.infer<typeof bookEntrySchema>;

export const orderBookSchema = z.strictObject({
  version: z.literal(WIRE_VERSION),
  networkId: z.number().int(),
  registry: hex(32),
  time: z.number().int(),
  router: z.strictObject({ feeBps: z.number().int().min(0).max(10_000), feeTo: hex(20) }),
  entries: z.array(bookEntrySchema).max(4096),
});
export type OrderBook = z.infer<typeof orderBookSchema>;

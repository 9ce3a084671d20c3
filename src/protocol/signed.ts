import { SIGNATURE_BYTES, verify } from './ed25519';
import { requireBytes } from './fields';
import { layout, type Layout, type Struct, type Fields } from './layout';

/** Each tag is crc32 of the TL-B line above it, with the top bit cleared. */
export const TAG = {
  ticket: 0x697a6134,
  receipt: 0x3d12bc9b,
  hpkeCertificate: 0x4fe19c6d,
  ask: 0x4b1e1ac9,
  allocate: 0x28a5fed7,
} as const;

/**
 * Permission for one job, signed by the client's signer in the escrow's domain.
 *
 * ticket domain:bits256 lineId:bits160 jobId:bits128 requestHash:bits256 maxFee:uint64 issuedAt:uint32 notAfter:uint32 = Ticket
 *
 * `requestHash` is the SHA-256 of the request ciphertext; `notAfter` is the latest start of the job, Unix seconds.
 */
export const ticketLayout = layout('Ticket', TAG.ticket, {
  domain: 'bytes32',
  lineId: 'bytes20',
  jobId: 'bytes16',
  requestHash: 'bytes32',
  maxFee: 'u64',
  issuedAt: 'u32',
  notAfter: 'u32',
});
export type Ticket = LayoutValue<typeof ticketLayout>;

/**
 * Cumulative usage of one line, signed by the worker key in the escrow's domain.
 *
 * receipt domain:bits256 lineId:bits160 total:uint64 jobs:uint64 jobsRoot:bits256 issuedAt:uint32 flags:uint8 = Receipt
 *
 * `total` is gross of the router's fee, nanotons; `jobsRoot` commits to all `jobs` job records of the line.
 */
export const receiptLayout = layout('Receipt', TAG.receipt, {
  domain: 'bytes32',
  lineId: 'bytes20',
  total: 'u64',
  jobs: 'u64',
  jobsRoot: 'bytes32',
  issuedAt: 'u32',
  flags: 'u8',
});
export type Receipt = LayoutValue<typeof receiptLayout>;
/** Receipt flag: the worker will bill no more on this line, so what is left of its cap may be freed. */
export const RECEIPT_FINAL = 1;

/**
 * A day's HPKE key, signed by the worker key in the worker's domain.
 *
 * hpke_certificate domain:bits256 hpkeKey:bits256 statementHash:bits256 notBefore:uint32 notAfter:uint32 = HpkeCertificate
 */
export const hpkeCertificateLayout = layout('HpkeCertificate', TAG.hpkeCertificate, {
  domain: 'bytes32',
  hpkeKey: 'bytes32',
  statementHash: 'bytes32',
  notBefore: 'u32',
  notAfter: 'u32',
});
export type HpkeCertificate = LayoutValue<typeof hpkeCertificateLayout>;

/**
 * A worker's price for one model, signed by the worker key in the worker's domain.
 *
 * ask domain:bits256 modelHash:bits256 promptPrice:uint64 cachedPrice:uint64 completionPrice:uint64 audioPrice:uint64 minCap:uint64 seq:uint32 notBefore:uint32 notAfter:uint32 = Ask
 *
 * Prices are nanotons per million tokens; `audioPrice` nanotons per minute. `minCap` is the smallest line it serves.
 */
export const askLayout = layout('Ask', TAG.ask, {
  domain: 'bytes32',
  modelHash: 'bytes32',
  promptPrice: 'u64',
  cachedPrice: 'u64',
  completionPrice: 'u64',
  audioPrice: 'u64',
  minCap: 'u64',
  seq: 'u32',
  notBefore: 'u32',
  notAfter: 'u32',
});
export type Ask = LayoutValue<typeof askLayout>;

type LayoutValue<L> = L extends Layout<infer F> ? Struct<F> : never;

/** A structure with the signature over its cell hash. */
export interface Signed<T> {
  value: T;
  signature: Buffer;
}

/** Whether the structure was signed by that key. Fields beyond their range throw RangeError, as they do in `hash`. */
export function verifySigned<F extends Fields>(
  of: Layout<F>,
  signed: Signed<Struct<F>>,
  publicKey: Buffer,
): boolean {
  return verify(of.hash(signed.value), signed.signature, publicKey);
}

/** `image ‖ signature`: how a signed structure travels and is stored. */
export function encodeSigned<F extends Fields>(of: Layout<F>, signed: Signed<Struct<F>>): Buffer {
  requireBytes(`signature of ${of.name}`, signed.signature, SIGNATURE_BYTES);
  return Buffer.concat([of.image(signed.value), signed.signature]);
}

/** Throws RangeError on a wrong size or tag; says nothing about the signature. Shares no memory with `bytes`. */
export function decodeSigned<F extends Fields>(of: Layout<F>, bytes: Uint8Array): Signed<Struct<F>> {
  requireBytes(`signed ${of.name}`, bytes, of.size + SIGNATURE_BYTES);
  return { value: of.parse(bytes.subarray(0, of.size)), signature: Buffer.from(bytes.subarray(of.size)) };
}

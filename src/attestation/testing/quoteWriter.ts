import { createHash } from 'node:crypto';
import { sign, type SigningKey } from './keys';

/**
 * Writes TDX quotes, version 4 and 5, byte by byte (layout: Intel TDX DCAP quoting library API, appendix 3). Every field
 * can be given, and everything above it is signed again; `Tampering` changes bytes after they were signed.
 */

/** Which body: version 4, version 5 with body 1.0, version 5 with body 1.5. */
export type QuoteForm = 'v4' | 'v5-td10' | 'v5-td15';

export interface HeaderFields {
  version: number;
  keyType: number;
  teeType: number;
  /** Bytes 8 to 11: two numbers that nothing uses. */
  svns: Buffer;
  /** 16 bytes. */
  vendorId: Buffer;
  /** 20 bytes. */
  userData: Buffer;
}

/** Widths in bytes, in the order of the body. */
const BODY = {
  teeTcbSvn: 16,
  mrSeam: 48,
  mrSignerSeam: 48,
  seamAttributes: 8,
  tdAttributes: 8,
  xfam: 8,
  mrTd: 48,
  mrConfigId: 48,
  mrOwner: 48,
  mrOwnerConfig: 48,
  rtmr0: 48,
  rtmr1: 48,
  rtmr2: 48,
  rtmr3: 48,
  reportData: 64,
} as const;

const BODY_TD15 = { teeTcbSvn2: 16, mrServiceTd: 48 } as const;

export type BodyFields = Record<keyof typeof BODY | keyof typeof BODY_TD15, Buffer>;

/** The quoting enclave's report; `reportData` as a whole, else it binds the attestation key. */
export interface QeFields {
  cpuSvn: Buffer;
  miscSelect: Buffer;
  reserved1: Buffer;
  attributes: Buffer;
  mrEnclave: Buffer;
  reserved2: Buffer;
  mrSigner: Buffer;
  reserved3: Buffer;
  isvProdId: number;
  isvSvn: number;
  reserved4: Buffer;
  reportData: Buffer;
}

/** A signed report of the quoting enclave: one for each attestation key. */
export interface SignedQe {
  report: Buffer;
  signature: Buffer;
  authData: Buffer;
}

export interface Container {
  /** Outer certification data: 6. */
  outerType: number;
  /** Inner certification data: 5. */
  innerType: number;
  /** PEM. */
  chain: Buffer;
  /** After the end. */
  padding: Buffer;
  /** Added to a size that the quote names, after all else is right. */
  lengthErrors: { bodySize?: number; authData?: number; outer?: number; qeAuthData?: number; inner?: number };
}

export interface QuoteParts {
  form: QuoteForm;
  header: HeaderFields;
  /** Version 5: type and size of the body, when they shall not be the form's. */
  bodyType?: number;
  body: BodyFields;
  attestationKey: SigningKey;
  /** Who signs; the attestation key unless given. */
  signingKey?: SigningKey;
  qe: SignedQe;
  container: Container;
  /** After signing: what the quote shows in place of its signature and key. */
  shown?: { signature?: (signature: Buffer) => Buffer; attestationKey?: Buffer };
}

export function writeQuote(parts: QuoteParts): Buffer {
  const signed = Buffer.concat([header(parts.header), descriptor(parts), tdBody(parts)]);
  const signature = sign(parts.signingKey ?? parts.attestationKey, signed);
  const authentication = Buffer.concat([
    parts.shown?.signature?.(signature) ?? signature,
    parts.shown?.attestationKey ?? parts.attestationKey.publicKey,
    certification(parts),
  ]);
  const { padding, lengthErrors } = parts.container;
  return Buffer.concat([
    signed,
    u32(authentication.length + (lengthErrors.authData ?? 0)),
    authentication,
    padding,
  ]);
}

/** The report of the quoting enclave over `attestationKey`, signed by the machine's PCK. */
export function writeQeReport(fields: QeFields, authData: Buffer, pck: SigningKey): SignedQe {
  const report = Buffer.concat([
    fields.cpuSvn,
    fields.miscSelect,
    fields.reserved1,
    fields.attributes,
    fields.mrEnclave,
    fields.reserved2,
    fields.mrSigner,
    fields.reserved3,
    u16(fields.isvProdId),
    u16(fields.isvSvn),
    fields.reserved4,
    fields.reportData,
  ]);
  return { report, signature: sign(pck, report), authData };
}

/** SHA-256 of attestation key ‖ authentication data, and 32 zeros. */
export function qeReportData(attestationKey: Uint8Array, authData: Uint8Array): Buffer {
  const digest = createHash('sha256').update(attestationKey).update(authData).digest();
  return Buffer.concat([digest, Buffer.alloc(32)]);
}

/** PEM with lines of 64 characters, as Intel writes it. */
export function pem(...certificates: readonly Uint8Array[]): string {
  return certificates
    .map((certificate) => {
      const lines = Buffer.from(certificate)
        .toString('base64')
        .match(/.{1,64}/g)!;
      return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
    })
    .join('');
}

function header(fields: HeaderFields): Buffer {
  return Buffer.concat([
    u16(fields.version),
    u16(fields.keyType),
    u32(fields.teeType),
    fields.svns,
    fields.vendorId,
    fields.userData,
  ]);
}

function descriptor({ form, bodyType, container }: QuoteParts): Buffer {
  if (form === 'v4') return Buffer.alloc(0);
  const [type, size] = form === 'v5-td10' ? [2, 584] : [3, 648];
  return Buffer.concat([u16(bodyType ?? type), u32(size + (container.lengthErrors.bodySize ?? 0))]);
}

function tdBody({ form, body }: QuoteParts): Buffer {
  const widths = form === 'v5-td15' ? { ...BODY, ...BODY_TD15 } : BODY;
  return Buffer.concat(
    Object.entries(widths).map(([name, width]) => {
      const field = body[name as keyof BodyFields];
      if (field.length !== width) throw new Error(`${name} has ${width} bytes, not ${field.length}`);
      return field;
    }),
  );
}

function certification({ qe, container }: QuoteParts): Buffer {
  const { lengthErrors } = container;
  const inner = Buffer.concat([
    qe.report,
    qe.signature,
    u16(qe.authData.length + (lengthErrors.qeAuthData ?? 0)),
    qe.authData,
    u16(container.innerType),
    u32(container.chain.length + (lengthErrors.inner ?? 0)),
    container.chain,
  ]);
  return Buffer.concat([u16(container.outerType), u32(inner.length + (lengthErrors.outer ?? 0)), inner]);
}

export function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

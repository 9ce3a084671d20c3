import { copyOf, reader, readUint, type Reader } from './bytes';
import { AttestationError, under } from './errors';
import { MAX_QUOTE_BYTES } from './limits';
import { parsePemBytes } from './pem';
import { parseQeReport, QE_REPORT_BYTES, type QeReport } from './qeReport';
import { parseTdBody, TD10_BODY_BYTES, TD15_BODY_BYTES, type TdBody } from './tdBody';

/** An Intel TDX quote, version 4 or 5, as its quoting enclave wrote it. Every field is a view of one private copy. */
export interface Quote {
  version: 4 | 5;
  /** 4: version 4; 5: version 5 with body 1.0; 6: version 5 with body 1.5. */
  kind: 4 | 5 | 6;
  /** 48 bytes. */
  header: Uint8Array;
  /** 16 bytes of the header; Intel's quoting enclave is `QE_VENDOR_INTEL`. */
  qeVendorId: Uint8Array;
  /** 20 bytes of the header. */
  userData: Uint8Array;
  body: TdBody;
  /** Header ‖ body type and size (version 5) ‖ body: exactly what the attestation key signed. */
  signed: Uint8Array;
  /** r ‖ s by the attestation key. */
  signature: Uint8Array;
  /** x ‖ y, made by the quoting enclave. */
  attestationKey: Uint8Array;
  /** 384 bytes: what the platform's PCK signed. */
  qeReport: Uint8Array;
  qe: QeReport;
  /** r ‖ s by the PCK. */
  qeReportSignature: Uint8Array;
  qeAuthData: Uint8Array;
  /** DER of leaf, intermediate authority and root, in this order. */
  certificates: Uint8Array[];
  /** Bytes after the end: nothing signs them, and clouds pad with them. */
  padding: Uint8Array;
}

export const QE_VENDOR_INTEL = '939a7233f79c4ca9940a0db3957f0607';

const HEADER_BYTES = 48;
const KEY_TYPE_P256 = 2;
const TEE_TDX = 0x81;
const BODY_TYPES: Record<number, { kind: 5 | 6; bytes: number }> = {
  2: { kind: 5, bytes: TD10_BODY_BYTES },
  3: { kind: 6, bytes: TD15_BODY_BYTES },
};
/** Certification data: the outer part holds the QE report, the inner one the PCK chain as PEM. */
const TYPE_QE_REPORT = 6;
const TYPE_PCK_CHAIN = 5;
const CHAIN_LENGTH = 3;

/**
 * Reads a quote; every size it names must be consumed exactly, only padding may follow. Throws AttestationError:
 * `quote_version` (neither 4 nor 5), `tee_type` (not TDX), `quote_malformed` (everything else).
 */
export function parseQuote(bytes: Uint8Array): Quote {
  if (bytes.length > MAX_QUOTE_BYTES) fail(`has more than ${MAX_QUOTE_BYTES} bytes`);
  const whole = copyOf(bytes);
  const from = reader(whole, 'quote_malformed');
  const header = from.take(HEADER_BYTES, 'the header');
  const version = requireHeader(header);
  const { kind, bodyBytes } = readDescriptor(version, from);
  const body = parseTdBody(from.take(bodyBytes, 'the TD body'));
  const signed = whole.subarray(0, whole.length - from.left());
  const authentication = from.take(
    from.u32('the size of the authentication data'),
    'the authentication data',
  );
  return {
    version,
    kind,
    header,
    qeVendorId: header.subarray(12, 28),
    userData: header.subarray(28, 48),
    body,
    signed,
    ...readAuthentication(authentication),
    padding: from.take(from.left(), 'padding'),
  };
}

function requireHeader(header: Uint8Array): 4 | 5 {
  const version = readUint(header.subarray(0, 2));
  if (version !== 4 && version !== 5) {
    throw new AttestationError('quote_version', `the quote has version ${version}, not 4 or 5`);
  }
  const keyType = readUint(header.subarray(2, 4));
  const tee = readUint(header.subarray(4, 8));
  if (tee !== TEE_TDX) {
    throw new AttestationError(
      'tee_type',
      `the quote is of TEE type 0x${tee.toString(16)}, not of TDX (0x81)`,
    );
  }
  if (keyType !== KEY_TYPE_P256) fail(`names key type ${keyType}, not ${KEY_TYPE_P256} (ECDSA P-256)`);
  return version;
}

/** Version 5 says which body follows, and how long it is. */
function readDescriptor(version: 4 | 5, from: Reader): { kind: Quote['kind']; bodyBytes: number } {
  if (version === 4) return { kind: 4, bodyBytes: TD10_BODY_BYTES };
  const type = from.u16('the body type');
  const size = from.u32('the body size');
  const known = BODY_TYPES[type];
  if (known === undefined) return fail(`has body type ${type}, not 2 (TD 1.0) or 3 (TD 1.5)`);
  if (size !== known.bytes) fail(`gives its body ${size} bytes where type ${type} has ${known.bytes}`);
  return { kind: known.kind, bodyBytes: size };
}

type Authentication = Pick<
  Quote,
  'signature' | 'attestationKey' | 'qeReport' | 'qe' | 'qeReportSignature' | 'qeAuthData' | 'certificates'
>;

function readAuthentication(bytes: Uint8Array): Authentication {
  const outer = reader(bytes, 'quote_malformed');
  const signature = outer.take(64, "the quote's signature");
  const attestationKey = outer.take(64, 'the attestation key');
  const inner = reader(certificationData(outer, TYPE_QE_REPORT), 'quote_malformed');
  outer.end('the certification data');
  const qeReport = inner.take(QE_REPORT_BYTES, 'the QE report');
  const qeReportSignature = inner.take(64, "the QE report's signature");
  const qeAuthData = inner.take(
    inner.u16('the size of the QE authentication data'),
    'the QE authentication data',
  );
  const chain = certificationData(inner, TYPE_PCK_CHAIN);
  inner.end('the PCK chain');
  return {
    signature,
    attestationKey,
    qeReport,
    qe: parseQeReport(qeReport),
    qeReportSignature,
    qeAuthData,
    certificates: readChain(chain),
  };
}

function certificationData(from: Reader, wanted: number): Uint8Array {
  const type = from.u16('the type of certification data');
  if (type !== wanted) fail(`has certification data of type ${type} where ${wanted} is expected`);
  return from.take(from.u32('the size of certification data'), 'the certification data');
}

function readChain(pem: Uint8Array): Uint8Array[] {
  const certificates = under('quote_malformed', 'PCK chain', () => parsePemBytes(pem));
  if (certificates.length !== CHAIN_LENGTH)
    fail(`carries ${certificates.length} certificates, not ${CHAIN_LENGTH}`);
  return certificates;
}

function fail(reason: string): never {
  throw new AttestationError('quote_malformed', `the quote ${reason}`);
}

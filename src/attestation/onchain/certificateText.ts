import { boolean, integer, octets, sequence, tagged } from './der';

/**
 * The signed text of Intel's PCK certificates, written from their values, as the Platform contract writes it. A
 * certificate whose text is another cannot be brought to the chain: comparing here says so before any gas is spent.
 */

/** What both certificates have. */
export interface CertificateValues {
  /** Below 2^160. */
  serial: bigint;
  /** Unix seconds, of the years 2000 (from March) to 2049. */
  notBefore: number;
  notAfter: number;
  /** x ‖ y, 64 bytes. */
  publicKey: Uint8Array;
  /** Subject key identifier, 20 bytes. */
  keyId: Uint8Array;
  /** Key identifier of who signs, 20 bytes. */
  issuerKeyId: Uint8Array;
}

export type CaName = 'platform' | 'processor';

/** What a leaf has beyond them. */
export interface LeafValues extends CertificateValues {
  ca: CaName;
  /** At most 110 bytes of ASCII. */
  crlAddress: string;
  ppid: Uint8Array;
  cpuSvn: Uint8Array;
  fmspc: Uint8Array;
  pceId: Uint8Array;
  pceSvn: number;
  sgxSvns: readonly number[];
  type: number;
  /** Only of the platform CA. */
  platform: { instanceId: Uint8Array; flags: readonly [boolean, boolean, boolean] } | null;
}

const CN = {
  root: 'Intel SGX Root CA',
  platform: 'Intel SGX PCK Platform CA',
  processor: 'Intel SGX PCK Processor CA',
  leaf: 'Intel SGX PCK Certificate',
} as const;
const ROOT_CRL = 'https://certificates.trustedservices.intel.com/IntelSGXRootCA.der';

const hex = (digits: string): Buffer => Buffer.from(digits, 'hex');
const VERSION_3 = hex('a003020102');
const ECDSA_SHA256 = hex('300a06082a8648ce3d040302');
const KEY_ON_P256 = hex('301306072a8648ce3d020106082a8648ce3d030107');
const REST_OF_NAME = hex(
  '311a3018060355040a0c11496e74656c20436f72706f726174696f6e3114301206035504070c0b53616e746120436c61' +
    '7261310b300906035504080c024341310b3009060355040613025553',
);
const USAGE_AND_CONSTRAINTS = {
  ca: hex('300e0603551d0f0101ff04040302010630120603551d130101ff040830060101ff020100'),
  leaf: hex('300e0603551d0f0101ff0404030206c0300c0603551d130101ff04023000'),
} as const;
const SGX_OID = '2a864886f84d010d01';

export function caText(values: CertificateValues, ca: CaName): Buffer {
  const extensions = [...identity(values, ROOT_CRL), USAGE_AND_CONSTRAINTS.ca];
  return certificateText(values, CN.root, CN[ca], extensions);
}

export function leafText(values: LeafValues): Buffer {
  const sgx = sequence(tagged(0x06, hex(SGX_OID)), octets(sgxExtension(values)));
  const extensions = [...identity(values, values.crlAddress), USAGE_AND_CONSTRAINTS.leaf, sgx];
  return certificateText(values, CN[values.ca], CN.leaf, extensions);
}

function certificateText(
  { serial, notBefore, notAfter, publicKey }: CertificateValues,
  issuer: string,
  subject: string,
  extensions: readonly Buffer[],
): Buffer {
  return sequence(
    VERSION_3,
    integer(serial),
    ECDSA_SHA256,
    name(issuer),
    sequence(utcTime(notBefore), utcTime(notAfter)),
    name(subject),
    sequence(KEY_ON_P256, tagged(0x03, hex('0004'), publicKey)),
    tagged(0xa3, sequence(...extensions)),
  );
}

function name(commonName: string): Buffer {
  const attribute = sequence(hex('0603550403'), tagged(0x0c, Buffer.from(commonName, 'ascii')));
  return sequence(tagged(0x31, attribute), REST_OF_NAME);
}

/** Twelve digits and a Z. */
function utcTime(unix: number): Buffer {
  const digits = new Date(unix * 1000).toISOString().replace(/[^0-9]/g, '');
  return tagged(0x17, Buffer.from(`${digits.slice(2, 14)}Z`, 'ascii'));
}

/** Authority key identifier, CRL distribution point, subject key identifier. */
function identity({ issuerKeyId, keyId }: CertificateValues, crlAddress: string): Buffer[] {
  const address = tagged(0x86, Buffer.from(crlAddress, 'ascii'));
  return [
    sequence(hex('0603551d23'), octets(sequence(tagged(0x80, issuerKeyId)))),
    sequence(hex('0603551d1f'), octets(sequence(sequence(tagged(0xa0, tagged(0xa0, address)))))),
    sequence(hex('0603551d0e'), octets(octets(keyId))),
  ];
}

function sgxExtension(values: LeafValues): Buffer {
  const parts = [
    item('01', octets(values.ppid)),
    item('02', sequence(...tcb(values))),
    item('03', octets(values.pceId)),
    item('04', octets(values.fmspc)),
    item('05', tagged(0x0a, Buffer.of(values.type))),
  ];
  if (values.platform) {
    const flags = values.platform.flags.map((flag, i) => item(`070${i + 1}`, boolean(flag)));
    parts.push(item('06', octets(values.platform.instanceId)), item('07', sequence(...flags)));
  }
  return sequence(...parts);
}

function tcb({ sgxSvns, pceSvn, cpuSvn }: LeafValues): Buffer[] {
  const svns = [...sgxSvns, pceSvn].map((svn, i) =>
    item(`02${(i + 1).toString(16).padStart(2, '0')}`, integer(BigInt(svn))),
  );
  return [...svns, item('0212', octets(cpuSvn))];
}

const item = (suffix: string, value: Buffer): Buffer => sequence(tagged(0x06, hex(SGX_OID + suffix)), value);

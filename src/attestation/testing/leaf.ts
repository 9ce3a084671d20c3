import * as der from './derWriter';
import {
  CN,
  authorityKeyId,
  basicConstraints,
  crlAddress,
  extension,
  keyId,
  keyUsage,
  subjectKeyId,
  writeCertificate,
  type CertificateFields,
} from './certificateWriter';
import type { Authority } from './authorities';

/** PCK certificates: a machine's own, as Intel's two authorities write them. */

export const SGX_EXTENSION_OID = '1.2.840.113741.1.13.1';

export interface PckFields {
  /** 16 bytes. */
  ppid: Buffer;
  /** 16 numbers of 0..255. */
  sgxSvns: readonly number[];
  pceSvn: number;
  /** 16 bytes. */
  cpuSvn: Buffer;
  /** 2 bytes. */
  pceId: Buffer;
  /** 6 bytes. */
  fmspc: Buffer;
  /** 0 standard, 1 scalable. */
  sgxType: number;
  /** Only the platform CA writes these. */
  platform: { instanceId: Buffer; dynamicPlatform: boolean; cachedKeys: boolean; smtEnabled: boolean } | null;
}

/** Where Intel keeps the list of the platform CA or of the processor CA. */
export const PCK_CRL_ADDRESS = {
  platform: 'https://api.trustedservices.intel.com/sgx/certification/v4/pckcrl?ca=platform&encoding=der',
  processor: 'https://api.trustedservices.intel.com/sgx/certification/v4/pckcrl?ca=processor&encoding=der',
} as const;

export interface LeafFields {
  serial: Buffer;
  notBefore: number;
  notAfter: number;
  publicKey: Buffer;
  crlAddress: string;
  pck: PckFields;
}

/** What a vector may change beyond Intel's profile. */
export interface LeafTwist {
  issuer?: string;
  subject?: string;
  extensions?: (standard: Buffer[]) => Buffer[];
}

/** A PCK certificate signed by `authority`. */
export function writeLeaf(fields: LeafFields, authority: Authority, twist: LeafTwist = {}): Buffer {
  const extensions = [
    authorityKeyId(authority.keyId),
    crlAddress(fields.crlAddress),
    subjectKeyId(keyId(fields.publicKey)),
    keyUsage('signer'),
    basicConstraints(null),
    sgxExtension(fields.pck),
  ];
  const certificate: CertificateFields = {
    ...fields,
    issuer: twist.issuer ?? authority.name,
    subject: twist.subject ?? CN.leaf,
    extensions: twist.extensions?.(extensions) ?? extensions,
  };
  return writeCertificate(certificate, authority.key);
}

/** 1.2.840.113741.1.13.1, with what the processor CA leaves out left out when `platform` is null. */
export function sgxExtension(pck: PckFields): Buffer {
  return extension(SGX_EXTENSION_OID, sgxExtensionValue(pck));
}

function sgxExtensionValue(pck: PckFields): Buffer {
  return der.sequence(
    item('1', der.octetString(pck.ppid)),
    item('2', tcb(pck)),
    item('3', der.octetString(pck.pceId)),
    item('4', der.octetString(pck.fmspc)),
    item('5', der.enumerated(pck.sgxType)),
    ...(pck.platform === null
      ? []
      : [item('6', der.octetString(pck.platform.instanceId)), item('7', configuration(pck.platform))]),
  );
}

function tcb(pck: PckFields): Buffer {
  return der.sequence(
    ...pck.sgxSvns.map((svn, i) => item(`2.${i + 1}`, der.integer(svn))),
    item('2.17', der.integer(pck.pceSvn)),
    item('2.18', der.octetString(pck.cpuSvn)),
  );
}

function configuration(platform: NonNullable<PckFields['platform']>): Buffer {
  return der.sequence(
    item('7.1', der.boolean(platform.dynamicPlatform)),
    item('7.2', der.boolean(platform.cachedKeys)),
    item('7.3', der.boolean(platform.smtEnabled)),
  );
}

function item(path: string, value: Buffer): Buffer {
  return der.sequence(der.oid(`${SGX_EXTENSION_OID}.${path}`), value);
}

import type { Root } from '../../protocol/root';
import { equalBytes } from '../bytes';
import { parseCertificate, type Certificate } from '../certificate';
import { AttestationError } from '../errors';
import type { Quote } from '../quote';
import { caText, leafText, type CaName, type CertificateValues, type LeafValues } from './certificateText';
import { PINNED } from './pinned';

/** The chain of a quote as values, each with the signature over the text that they give. */
export interface Chain {
  leaf: LeafValues & Signed;
  ca: CertificateValues & Signed & { ca: CaName };
}

export interface Signed {
  /** The text: its hash is what was signed. */
  text: Uint8Array;
  /** r ‖ s. */
  signature: Uint8Array;
}

const CA_NAMES: Readonly<Record<string, CaName>> = {
  'Intel SGX PCK Platform CA': 'platform',
  'Intel SGX PCK Processor CA': 'processor',
};
/** What the contract can write: 1 March 2000 to the end of 2049, see contracts/shared/utc-time.tact. */
const DATES = { first: 951_868_800, end: 2_524_608_000 };
const CRL_ADDRESS_MAX_BYTES = 110;
const TYPE_MAX = 31;
const SERIAL_END = 1n << 160n;

/**
 * Reads leaf and CA of a quote. Throws AttestationError `quote_unbuildable` when the contract could not write one of
 * them from its values, `certificate_malformed` when it is no certificate. Nothing is verified here.
 */
export function readChain(quote: Quote, root: Root): Chain {
  const [leafDer, caDer] = quote.certificates;
  if (!leafDer || !caDer) throw unbuildable('the quote brings no certificate chain');
  const caCertificate = parseCertificate(caDer);
  const ca = CA_NAMES[caCertificate.subjectCn];
  if (!ca) throw unbuildable(`"${caCertificate.subjectCn}" is no CA of PCK certificates`);
  const leafCertificate = parseCertificate(leafDer);
  const caValues = { ...certificateValues(caCertificate, 'CA'), issuerKeyId: PINNED[root].rootKeyId };
  const leaf = { ...leafValues(leafCertificate, ca), issuerKeyId: caValues.keyId };
  return {
    ca: { ...caValues, ca, ...signed(caCertificate, caText(caValues, ca), 'CA') },
    leaf: { ...leaf, ...signed(leafCertificate, leafText(leaf), 'leaf') },
  };
}

/** An error that says why the chain's contract cannot be asked about this quote. */
export function unbuildable(reason: string): AttestationError {
  return new AttestationError(
    'quote_unbuildable',
    `The Platform contract cannot write this quote: ${reason}.`,
  );
}

function certificateValues(certificate: Certificate, what: string): Omit<CertificateValues, 'issuerKeyId'> {
  const { notBefore, notAfter, publicKey, ski } = certificate;
  const serial = BigInt(`0x${Buffer.from(certificate.serial).toString('hex')}`);
  if (serial >= SERIAL_END) throw unbuildable(`the ${what}'s serial number is longer than 20 bytes`);
  for (const date of [notBefore, notAfter])
    if (date < DATES.first || date >= DATES.end)
      throw unbuildable(`a date of the ${what} is not of 2000 to 2049`);
  if (ski?.length !== 20) throw unbuildable(`the ${what} has no key identifier of 20 bytes`);
  return { serial, notBefore, notAfter, publicKey, keyId: ski };
}

function leafValues(certificate: Certificate, ca: CaName): Omit<LeafValues, 'issuerKeyId'> {
  const { sgx, crlUrl } = certificate;
  if (!sgx) throw unbuildable('the leaf has no SGX extension');
  if (!crlUrl || crlUrl.length > CRL_ADDRESS_MAX_BYTES)
    throw unbuildable(`the leaf's CRL has no address of at most ${CRL_ADDRESS_MAX_BYTES} bytes`);
  if (sgx.type > TYPE_MAX) throw unbuildable(`the leaf is of the unknown type ${sgx.type}`);
  const { ppid, cpuSvn, fmspc, pceId, pceSvn, sgxSvns, type, platformInstanceId, flags } = sgx;
  if ((ca === 'platform') !== (platformInstanceId !== null && flags !== null))
    throw unbuildable(`the leaf's SGX extension is not that of a ${ca} CA`);
  const platform = platformInstanceId &&
    flags && {
      instanceId: platformInstanceId,
      flags: [flags.dynamicPlatform, flags.cachedKeys, flags.smtEnabled] as const,
    };
  return {
    ...certificateValues(certificate, 'leaf'),
    ca,
    crlAddress: crlUrl,
    ...{ ppid, cpuSvn, fmspc, pceId, pceSvn, sgxSvns, type },
    platform,
  };
}

function signed({ tbs, signature }: Certificate, text: Buffer, what: string): Signed {
  if (!equalBytes(text, tbs))
    throw unbuildable(`the ${what}'s text differs from Intel's at byte ${firstDifference(text, tbs)}`);
  return { text, signature };
}

export function firstDifference(a: Uint8Array, b: Uint8Array): number {
  const at = a.findIndex((byte, i) => byte !== b[i]);
  return at < 0 ? a.length : at;
}

import { toHex } from '../../attestation/bytes';
import { parseCertificate, type Certificate } from '../../attestation/certificate';
import type { PckExtension } from '../../attestation/pckExtension';
import type { Quote } from '../../attestation/quote';
import { isoText } from '../../attestation/time';
import { field, type Field, type Section } from './field';

const TYPES = ['standard', 'scalable', 'scalable with integrity'];

/** The three certificates that a quote carries: leaf, its authority, root. */
export function certificateSections(quote: Quote): Section[] {
  const [leaf, authority, root] = quote.certificates.map(parseCertificate);
  return [
    {
      title: 'PCK certificate of the processor',
      fields: [...certificateFields(leaf!), ...(leaf!.sgx === null ? [] : machineFields(leaf!.sgx))],
    },
    { title: 'Its authority', fields: certificateFields(authority!) },
    { title: 'Root', fields: certificateFields(root!) },
  ];
}

function certificateFields(certificate: Certificate): Field[] {
  const valid = `${isoText(certificate.notBefore)} to ${isoText(certificate.notAfter)}`;
  return [
    field('subject', certificate.subjectCn, `issued by ${certificate.issuerCn}`, 'another role'),
    field('serial', toHex(certificate.serial), 'what a revocation list names', 'another certificate'),
    field('validity', valid, 'both ends included', 'issued at another time'),
    field('public-key', toHex(certificate.publicKey), 'x and y on P-256', 'another key'),
    field('crl', certificate.crlUrl ?? 'none', 'where its issuer publishes revocations', 'another address'),
  ];
}

function machineFields(sgx: PckExtension): Field[] {
  const { dynamicPlatform, cachedKeys, smtEnabled } = sgx.flags ?? {};
  return [
    field(
      'ppid',
      toHex(sgx.ppid),
      "the machine's name for ever: its Platform contract follows from it",
      'another machine',
    ),
    field(
      'fmspc',
      toHex(sgx.fmspc),
      'processor family; TCB info and floors are per family',
      'another family',
    ),
    field('pce-id', toHex(sgx.pceId), 'provisioning certification enclave', 'another enclave'),
    field('sgx-svns', sgx.sgxSvns.join(' '), 'security versions of 16 components', 'another TCB level'),
    field('pce-svn', sgx.pceSvn, "that enclave's security version", 'another TCB level'),
    field(
      'cpu-svn',
      toHex(sgx.cpuSvn),
      'the same components as the processor encodes them',
      'another TCB level',
    ),
    field(
      'sgx-type',
      TYPES[sgx.type] ?? sgx.type,
      'how memory is protected',
      'another kind of memory protection',
    ),
    ...(sgx.platformInstanceId === null
      ? []
      : [
          field(
            'platform-instance',
            toHex(sgx.platformInstanceId),
            'changes when the machine is set up anew',
            'set up anew, or another machine',
          ),
        ]),
    ...(sgx.flags === null
      ? []
      : [
          field(
            'configuration',
            `dynamic platform ${yes(dynamicPlatform)}, cached keys ${yes(cachedKeys)}, SMT ${yes(smtEnabled)}`,
            'of the machine when the certificate was made',
            'configured otherwise',
          ),
        ]),
  ];
}

function yes(value: boolean | undefined): string {
  return value ? 'on' : 'off';
}

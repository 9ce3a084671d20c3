import { parsePlainCertificate, type PlainCertificate } from '../../../src/attestation/certificate';
import { authorityFault, leafFault, ROLE } from '../../../src/attestation/chain';
import { AUTHORITIES } from '../../../src/attestation/testing/authorities';

const signer = parsePlainCertificate(AUTHORITIES.tcbSigning.certificate);
const authority = parsePlainCertificate(AUTHORITIES.platformCa.certificate);

function used(certificate: PlainCertificate, usage: object): PlainCertificate {
  return { ...certificate, keyUsage: { ...certificate.keyUsage!, ...usage } };
}

describe('the role of an end entity', () => {
  const fault = (certificate: PlainCertificate) => leafFault(certificate, ROLE.tcbSigning);

  test('is filled by a certificate of that name that signs data alone', () => {
    expect(fault(signer)).toBeNull();
    expect(leafFault(signer, ROLE.leaf)).toMatch(/not "Intel SGX PCK Certificate"/);
    expect(fault({ ...signer, isCa: true })).toMatch(/is an authority/);
    expect(fault({ ...signer, keyUsage: null })).toMatch(/may not sign/);
    expect(fault(used(signer, { digitalSignature: false }))).toMatch(/may not sign/);
    expect(fault(used(signer, { keyCertSign: true }))).toMatch(/may sign certificates/);
    expect(fault(used(signer, { cRLSign: true }))).toMatch(/may sign certificates or lists/);
    expect(fault({ ...signer, unknownCritical: ['1.2.3'] })).toMatch(/critical extension 1\.2\.3/);
  });
});

describe('the role of an authority', () => {
  const fault = (certificate: PlainCertificate) =>
    authorityFault(certificate, [ROLE.platformCa, ROLE.processorCa]);

  test('is filled by an authority of that name that signs certificates and lists', () => {
    expect(fault(authority)).toBeNull();
    expect(authorityFault(authority, [ROLE.root])).toMatch(/not "Intel SGX Root CA"/);
    expect(fault({ ...authority, isCa: false })).toMatch(/no authority/);
    expect(fault({ ...authority, keyUsage: null })).toMatch(/may not sign certificates/);
    expect(fault(used(authority, { keyCertSign: false }))).toMatch(/may not sign certificates/);
    expect(fault(used(authority, { cRLSign: false }))).toMatch(/may not sign lists/);
    expect(fault({ ...authority, unknownCritical: ['1.2.3'] })).toMatch(/critical extension 1\.2\.3/);
  });
});

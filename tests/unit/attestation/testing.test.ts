import { X509Certificate, createPublicKey, verify } from 'node:crypto';
import { QuoteVerifier } from '@phala/dcap-qvl';
import { nodeCrypto } from '../../../src/attestation/crypto/node';
import { SIMULATED_ROOT, createSimulatedQuoteVerifier } from '../../../src/attestation/simulated';
import { AUTHORITIES } from '../../../src/attestation/testing/authorities';
import { createSimulatedHost } from '../../../src/attestation/testing/host';
import { keyFromSeed, malleated, sign, signingKey } from '../../../src/attestation/testing/keys';
import { AUTHORITY_ROLES, mintAuthority } from '../../../src/attestation/testing/mintAuthorities';
import { MINTED_AT, mintQuote } from '../../../src/attestation/testing/mint';

const FORMS = ['v4', 'v5-td10', 'v5-td15'] as const;
const CAS = ['platform', 'processor'] as const;
const everyForm = FORMS.flatMap((form) => CAS.map((ca) => ({ form, ca })));

/** Bytes that anybody can compute again. */
const seeded = (byte: number) => (length: number) => Buffer.alloc(length, byte);

describe('keys and signatures of the simulated root', () => {
  test('sign as RFC 6979, A.2.5 does', () => {
    const key = signingKey(
      Buffer.from('c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721', 'hex'),
    );
    expect(key.publicKey.toString('hex').slice(0, 64)).toBe(
      '60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6',
    );
    expect(sign(key, Buffer.from('sample')).toString('hex')).toBe(
      'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716' +
        'f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8',
    );
    expect(sign(key, Buffer.from('test')).toString('hex')).toBe(
      'f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367' +
        '019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083',
    );
  });

  test('are verified by OpenSSL, both signatures of each', () => {
    for (let i = 0; i < 20; i++) {
      const key = keyFromSeed(`key ${i}`);
      const message = Buffer.from(`message ${i}`);
      const signature = sign(key, message);
      expect(nodeCrypto.verifyP256(key.publicKey, message, signature)).toBe(true);
      expect(nodeCrypto.verifyP256(key.publicKey, message, malleated(signature))).toBe(true);
      expect(nodeCrypto.verifyP256(key.publicKey, Buffer.from('other'), signature)).toBe(false);
    }
  });
});

describe('the simulated authorities', () => {
  test.each(AUTHORITY_ROLES)('%s is what its public secret gives, to the byte', (role) => {
    expect(mintAuthority(role).equals(AUTHORITIES[role].certificate)).toBe(true);
  });

  test.each(AUTHORITY_ROLES)('%s is a certificate that OpenSSL reads, under the root', (role) => {
    const certificate = new X509Certificate(AUTHORITIES[role].certificate);
    const root = new X509Certificate(AUTHORITIES.root.certificate);
    expect(certificate.checkIssued(root)).toBe(true);
    expect(certificate.verify(root.publicKey)).toBe(true);
    expect(certificate.subject.split('\n')).toEqual([
      `CN=${AUTHORITIES[role].name}`,
      'O=Intel Corporation',
      'L=Santa Clara',
      'ST=CA',
      'C=US',
    ]);
    expect(certificate.ca).toBe(role !== 'tcbSigning');
  });

  test('the verifier of simulated networks pins this root', () => {
    expect(Buffer.from(SIMULATED_ROOT).equals(AUTHORITIES.root.certificate)).toBe(true);
  });
});

describe('a simulated host', () => {
  test.each(everyForm)(
    'makes quotes of form $form under the $ca CA that the verifier accepts',
    async ({ form, ca }) => {
      const host = createSimulatedHost({ random: seeded(7), nowUnix: MINTED_AT, ca });
      const reportData = Buffer.alloc(64, 3);
      const verdict = await createSimulatedQuoteVerifier(nodeCrypto).verify({
        quote: host.quote(reportData, { form }),
        collateral: host.collateral(MINTED_AT),
        atUnix: MINTED_AT,
      });
      expect(verdict.refusal).toBeNull();
      expect(verdict.tcbStatus).toBe('UpToDate');
      expect(verdict.ppid).toBe(host.ppid.toString('hex'));
      expect(verdict.reportData).toBe(reportData.toString('hex'));
    },
  );

  test('has the PPID and the family that are asked for', () => {
    const ppid = '00112233445566778899aabbccddeeff';
    const host = createSimulatedHost({ random: seeded(1), nowUnix: MINTED_AT, ppid, fmspc: '00806F050000' });
    expect(host.ppid.toString('hex')).toBe(ppid);
    expect(host.fmspc.toString('hex')).toBe('00806f050000');
  });

  test('is another machine for another seed, and the same for the same', () => {
    const hosts = [1, 2, 1].map((byte) => createSimulatedHost({ random: seeded(byte), nowUnix: MINTED_AT }));
    const [first, other, again] = hosts.map((host) => host.quote(Buffer.alloc(64)));
    expect(first!.equals(again!)).toBe(true);
    expect(first!.equals(other!)).toBe(false);
  });

  test('says in its body what it is told to', () => {
    const mrTd = Buffer.alloc(48, 0xaa);
    const rtmr3 = Buffer.alloc(48, 0xbb);
    const host = createSimulatedHost({ random: seeded(1), nowUnix: MINTED_AT, body: { mrTd } });
    const quote = host.quote(Buffer.alloc(64), { body: { rtmr3 } });
    expect(quote.subarray(184, 232).equals(mrTd)).toBe(true);
    expect(quote.subarray(520, 568).equals(rtmr3)).toBe(true);
  });
});

describe('minted quotes', () => {
  test.each(everyForm)('of form $form under the $ca CA are accepted by another verifier', ({ form, ca }) => {
    const { quote, collateral, atUnix } = mintQuote({ form, ca });
    const other = QuoteVerifier.newWithRootCa(AUTHORITIES.root.certificate);
    const report = other.verify(quote, collateral as never, atUnix) as { status: string };
    expect(report.status).toBe('UpToDate');
  });

  test('verify step by step, read by hand', () => {
    const { quote, machine } = mintQuote();
    const authentication = quote.subarray(636, 636 + quote.readUInt32LE(632));
    const [signature, key] = [authentication.subarray(0, 64), authentication.subarray(64, 128)];
    const [report, reportSignature] = [authentication.subarray(134, 518), authentication.subarray(518, 582)];
    const pem = authentication
      .subarray(622)
      .toString('ascii')
      .split(/(?<=-----END CERTIFICATE-----\n)/);
    const leaf = new X509Certificate(pem[0]!);

    expect(verify('sha256', quote.subarray(0, 632), p256(key), signature)).toBe(true);
    expect(
      verify('sha256', report, { key: leaf.publicKey, dsaEncoding: 'ieee-p1363' }, reportSignature),
    ).toBe(true);
    expect(leaf.verify(new X509Certificate(pem[1]!).publicKey)).toBe(true);
    expect(leaf.serialNumber.toLowerCase()).toBe(machine.leaf.serial.toString('hex'));
    expect(quote.subarray(636 + authentication.length).equals(Buffer.alloc(70))).toBe(true);
  });
});

function p256(key: Buffer) {
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    x: key.subarray(0, 32).toString('base64url'),
    y: key.subarray(32).toString('base64url'),
  };
  return { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' as const };
}

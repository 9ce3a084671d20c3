import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseCertificate } from '../../../src/attestation/certificate';
import {
  authorityKeyId,
  subjectKeyId,
  writeCertificate,
} from '../../../src/attestation/testing/certificateWriter';
import { mintCollateral } from '../../../src/attestation/testing/collateral';
import { keyFromSeed } from '../../../src/attestation/testing/keys';
import { writeLeaf } from '../../../src/attestation/testing/leaf';
import { MINTED_AT, mintQuote } from '../../../src/attestation/testing/mint';
import { authorityFields, type AuthorityRole } from '../../../src/attestation/testing/mintAuthorities';
import { parsePemChain } from '../../../src/attestation/pem';
import { parseQuote } from '../../../src/attestation/quote';

const NAMES = ['gcp-v4', 'intel-v4-bare-metal', 'td15-v5-no-tcb-level'];
const folder = process.env['COCOON_GENUINE_QUOTES'];
const present = folder !== undefined && NAMES.every((name) => existsSync(join(folder, `${name}.quote`)));
if (!present) console.warn('no genuine certificates: COCOON_GENUINE_QUOTES names no folder with quotes');

const anyKey = keyFromSeed('signs instead of Intel');
const genuine = (name: string) => parseQuote(readFileSync(join(folder!, `${name}.quote`)));
const collateralOf = (name: string) =>
  JSON.parse(readFileSync(join(folder!, `${name}.collateral.json`), 'utf8')) as Record<string, string>;

/** The signed text that our writer gives for the values of a genuine certificate of this role. */
function rewritten(der: Uint8Array, role: AuthorityRole): Uint8Array {
  const { aki, ski, serial, notBefore, notAfter, publicKey } = parseCertificate(der);
  const fields = authorityFields(role);
  const [, address, , ...others] = fields.extensions;
  const extensions = [authorityKeyId(aki!), address!, subjectKeyId(ski!), ...others];
  return parseCertificate(
    writeCertificate({ ...fields, serial, notBefore, notAfter, publicKey, extensions }, anyKey),
  ).tbs;
}

function rewrittenLeaf(der: Uint8Array): Uint8Array {
  const { aki, ski, serial, notBefore, notAfter, publicKey, crlUrl, sgx, issuerCn } = parseCertificate(der);
  const { type, flags, platformInstanceId, ...pck } = sgx!;
  const leaf = writeLeaf(
    {
      serial: Buffer.from(serial),
      notBefore,
      notAfter,
      publicKey: Buffer.from(publicKey),
      crlAddress: crlUrl!,
      pck: {
        ...pck,
        ppid: Buffer.from(pck.ppid),
        cpuSvn: Buffer.from(pck.cpuSvn),
        pceId: Buffer.from(pck.pceId),
        fmspc: Buffer.from(pck.fmspc),
        sgxType: type,
        platform: flags && { instanceId: Buffer.from(platformInstanceId!), ...flags },
      },
    },
    { name: issuerCn, key: anyKey, keyId: Buffer.from(aki!), certificate: Buffer.alloc(0) },
    { extensions: (all) => all.map((one, i) => (i === 2 ? subjectKeyId(ski!) : one)) },
  );
  return parseCertificate(leaf).tbs;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

(present ? describe : describe.skip)('the simulated root writes as Intel does', () => {
  test.each(NAMES)('the certificates of %s, byte for byte', (name) => {
    const [leaf, ca, root] = genuine(name).certificates;
    expect(hex(rewrittenLeaf(leaf!))).toBe(hex(parseCertificate(leaf!).tbs));
    expect(hex(rewritten(ca!, 'platformCa'))).toBe(hex(parseCertificate(ca!).tbs));
    expect(hex(rewritten(root!, 'root'))).toBe(hex(parseCertificate(root!).tbs));
  });

  test('the certificate of the TCB signer, byte for byte', () => {
    const [signer] = parsePemChain(collateralOf('gcp-v4')['tcb_info_issuer_chain']!);
    expect(hex(rewritten(signer!, 'tcbSigning'))).toBe(hex(parseCertificate(signer!).tbs));
  });

  test('a version 4 quote of the length of a genuine one, but for what signatures and numbers take', () => {
    const genuineBytes = readFileSync(join(folder!, 'intel-v4-bare-metal.quote')).length;
    expect(Math.abs(mintQuote().quote.length - genuineBytes)).toBeLessThanOrEqual(12);
  });

  test('collateral with the fields of a genuine one, in their order', () => {
    const { machine } = mintQuote();
    const minted = mintCollateral(machine, MINTED_AT);
    const real = collateralOf('intel-v4-bare-metal');
    expect(Object.keys(minted)).toEqual(Object.keys(real));
    for (const text of ['tcb_info', 'qe_identity'] as const)
      expect(namesIn(JSON.parse(minted[text]))).toEqual(namesIn(JSON.parse(real[text]!)));
  });
});

/** Names and kinds of everything in a JSON value, lists by their first entry. */
function namesIn(value: unknown): unknown {
  if (Array.isArray(value)) return [namesIn(value[0])];
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.entries(value).map(([name, inner]) => [name, namesIn(inner)]);
}

import { parseCrl } from '../../../src/attestation/crl';
import { parsePemBytes, parsePemChain } from '../../../src/attestation/pem';
import { parseQeIdentity } from '../../../src/attestation/qeIdentity';
import { parseTcbInfo } from '../../../src/attestation/tcbInfo';
import { AUTHORITIES } from '../../../src/attestation/testing/authorities';
import { writeCrl } from '../../../src/attestation/testing/crlWriter';
import type { Collateral } from '../../../src/attestation/collateral';
import { MINTED_AT, mintQuote } from '../../../src/attestation/testing/mint';
import { pem } from '../../../src/attestation/testing/quoteWriter';

/** The texts that verification reads, and what each reader refuses by itself. */

const collateral = mintQuote().collateral as Collateral;
const root = AUTHORITIES.root.certificate;

describe('a chain in PEM', () => {
  const one = pem(root);

  test('is read with any line ends, and with the zero byte that C puts behind', () => {
    expect(parsePemChain(`\n${one.replaceAll('\n', '\r\n')}\n`)).toEqual([new Uint8Array(root)]);
    expect(parsePemBytes(Buffer.from(`${one}\0`))).toEqual([new Uint8Array(root)]);
  });

  test.each([
    ['nothing', ''],
    ['words', 'certificate'],
    ['words before it', `x${one}`],
    ['a space behind it', `${one} `],
    ['words inside', one.replace('\n', '\nx:')],
    ['no end', one.slice(0, 200)],
    ['an empty certificate', '-----BEGIN CERTIFICATE----------END CERTIFICATE-----'],
    ['base64 of a wrong length', one.replace('M', '')],
    ['base64 whose last bits say something', '-----BEGIN CERTIFICATE-----\nMB==\n-----END CERTIFICATE-----'],
    ['five certificates', one.repeat(5)],
    ['a megabyte', one + '\n'.repeat(1_000_000)],
  ])('is refused with %s', (_, text) => {
    expect(() => parsePemChain(text)).toThrow(expect.objectContaining({ code: 'pem_malformed' }));
  });

  test.each([0x00, 0x80, 0x09])('is refused with the byte %i in it', (byte) => {
    const bytes = Buffer.from(one);
    bytes[40] = byte;
    expect(() => parsePemBytes(bytes)).toThrow(expect.objectContaining({ code: 'pem_malformed' }));
  });
});

type Json = Record<string, unknown>;
const changed = (text: string, change: (json: Json) => object) =>
  JSON.stringify(change(JSON.parse(text) as Json));

describe('TCB info', () => {
  const text = collateral.tcb_info;
  const levels = (JSON.parse(text) as { tcbLevels: Json[] }).tcbLevels;
  const level = levels[0]!;
  const tcb = level['tcb'] as Json;
  const refused = (broken: string) =>
    expect(() => parseTcbInfo(broken)).toThrow(expect.objectContaining({ code: 'tcb_info_malformed' }));

  test('has its levels best first, in whatever order they stand', () => {
    const turned = parseTcbInfo(changed(text, (json) => ({ ...json, tcbLevels: [...levels].reverse() })));
    expect(turned.levels).toEqual(parseTcbInfo(text).levels);
  });

  test.each([
    ['no JSON', '{'],
    ['a list', '[]'],
    ['null', 'null'],
    ['a space', text.replace(',', ', ')],
    ['a key twice', text.replace('{', '{"version":2,')],
    ['a fraction that is whole', text.replace('"version":3', '"version":3.0')],
    ['an exponent', text.replace('"version":3', '"version":3e0')],
    ['300,000 characters', text.replace('{', `{"note":"${'x'.repeat(300_000)}",`)],
  ])('is refused as %s', (_, broken) => refused(broken));

  test.each<[string, Json]>([
    ['another id', { id: 'SGX' }],
    ['version 2', { version: 2 }],
    ['another kind of TCB', { tcbType: 1 }],
    ['a date without its zone', { issueDate: '2026-06-01T12:00:00' }],
    ['a day that no calendar has', { nextUpdate: '2026-02-30T12:00:00Z' }],
    ['a short family', { fmspc: '00' }],
    ['a family that is no hex', { fmspc: '00806f05000g' }],
    ['a negative number', { tcbEvaluationDataNumber: -1 }],
    ['a number as text', { tcbEvaluationDataNumber: '17' }],
    ['no levels', { tcbLevels: [] }],
    ['levels that are no list', { tcbLevels: {} }],
    ['300 levels', { tcbLevels: new Array(300).fill(level) }],
    ['a status that nobody knows', { tcbLevels: [{ ...level, tcbStatus: 'Fine' }] }],
    ['a status that only a verifier gives', { tcbLevels: [{ ...level, tcbStatus: 'TDRelaunchAdvised' }] }],
    [
      '15 components',
      { tcbLevels: [{ ...level, tcb: { ...tcb, sgxtcbcomponents: new Array(15).fill({ svn: 1 }) } }] },
    ],
    [
      '17 components',
      { tcbLevels: [{ ...level, tcb: { ...tcb, tdxtcbcomponents: new Array(17).fill({ svn: 1 }) } }] },
    ],
    [
      'an SVN of 256',
      { tcbLevels: [{ ...level, tcb: { ...tcb, tdxtcbcomponents: new Array(16).fill({ svn: 256 }) } }] },
    ],
    [
      'a component that is a number',
      { tcbLevels: [{ ...level, tcb: { ...tcb, tdxtcbcomponents: new Array(16).fill(1) } }] },
    ],
    ['an advisory that is no text', { tcbLevels: [{ ...level, advisoryIDs: [7] }] }],
    ['no module', { tdxModule: null }],
    ['a module of another name', { tdxModuleIdentities: [{ id: 'TDX_1' }] }],
  ])('is refused with %s', (_, change) => refused(changed(text, (json) => ({ ...json, ...change }))));

  test('is refused with a module twice', () => {
    const twice = changed(text, (json) => {
      const modules = json['tdxModuleIdentities'] as object[];
      return { ...json, tdxModuleIdentities: [...modules, modules[0]] };
    });
    refused(twice);
  });

  test('a field that only a prototype has is missing', () => {
    refused(changed(text, ({ version: _, ...json }) => ({ ...json, ['__proto__x']: { version: 3 } })));
  });
});

describe('an enclave identity', () => {
  test.each<[string, Json]>([
    ['another enclave', { id: 'QE' }],
    ['version 1', { version: 1 }],
    ['a mask of another length', { attributesMask: '00' }],
    ['no level', { tcbLevels: [] }],
    [
      'a status of platforms',
      {
        tcbLevels: [
          { tcb: { isvsvn: 1 }, tcbDate: '2024-03-13T00:00:00Z', tcbStatus: 'ConfigurationNeeded' },
        ],
      },
    ],
  ])('is refused with %s', (_, change) => {
    const text = changed(collateral.qe_identity, (json) => ({ ...json, ...change }));
    expect(() => parseQeIdentity(text)).toThrow(expect.objectContaining({ code: 'qe_identity_malformed' }));
  });

  test('has MISCSELECT as a report has it', () => {
    const text = changed(collateral.qe_identity, (json) => ({ ...json, miscselect: '00000001' }));
    expect(Buffer.from(parseQeIdentity(text).miscSelect).toString('hex')).toBe('01000000');
  });
});

describe('a revocation list', () => {
  const written = (serials: string[]) =>
    writeCrl(
      {
        issuer: AUTHORITIES.root.name,
        thisUpdate: MINTED_AT,
        nextUpdate: MINTED_AT + 1,
        revoked: serials.map((serial) => Buffer.from(serial, 'hex')),
        authorityKeyId: AUTHORITIES.root.keyId,
      },
      AUTHORITIES.root.key,
    );
  const refused = (der: Uint8Array) =>
    expect(() => parseCrl(der)).toThrow(expect.objectContaining({ code: 'crl_malformed' }));

  test('names every revoked number', () => {
    const { revoked, thisUpdate, nextUpdate } = parseCrl(written(['01', '7f01']));
    expect([...revoked]).toEqual(['01', '7f01']);
    expect([thisUpdate, nextUpdate]).toEqual([MINTED_AT, MINTED_AT + 1]);
  });

  test('is refused with a number twice', () => {
    refused(written(['01', '01']));
  });

  test('is refused cut anywhere', () => {
    const der = written(['01', '7f01']);
    for (let length = 0; length < der.length; length++) refused(der.subarray(0, length));
  });

  test('is refused unread above a megabyte', () => {
    refused(Buffer.alloc(1_048_577, 0x30));
  });
});

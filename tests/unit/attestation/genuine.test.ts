import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { verify as verifyByOther } from '@phala/dcap-qvl';
import { nodeCrypto } from '../../../src/attestation/crypto/node';
import { webCrypto } from '../../../src/attestation/crypto/web';
import { createQuoteVerifier, type Verdict } from '../../../src/attestation/index';
import { createSimulatedQuoteVerifier } from '../../../src/attestation/simulated';

const folder = process.env['COCOON_GENUINE_QUOTES'];
if (!folder) console.warn('skipped: COCOON_GENUINE_QUOTES names no folder of genuine quotes');
const withQuotes = folder ? describe : describe.skip;

const unix = (text: string): number => Date.parse(text) / 1000;
const IN_DATE = unix('2025-06-25T00:00:00Z');

function read(name: string): { quote: Buffer; collateral: unknown } {
  const file = path.join(folder!, `${name}.collateral.json`);
  return {
    quote: readFileSync(path.join(folder!, `${name}.quote`)),
    collateral: existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null,
  };
}

function okOf({ checks }: Verdict, names: readonly string[]): boolean[] {
  return names.map((name) => checks.find((check) => check.name === name)!.ok);
}

/** All that a quote proves without collateral. */
const SIGNATURES = [
  'quote-format',
  'root-pinned',
  'pck-chain',
  'pck-date',
  'pck-extension',
  'qe-report-signature',
  'attestation-key-binding',
  'quote-signature',
];

withQuotes.each([
  ['node:crypto', nodeCrypto],
  ['WebCrypto', webCrypto()],
])('genuine quotes, with %s', (_, crypto) => {
  const verifier = createQuoteVerifier(crypto);

  test.each(['2025-06-20T00:00:00Z', '2025-07-01T12:00:00Z', '2025-07-19T10:00:00Z'])(
    'a bare-metal machine is up to date at %s',
    async (time) => {
      const verdict = await verifier.verify({ ...read('intel-v4-bare-metal'), atUnix: unix(time) });
      expect(verdict).toMatchObject({
        verdict: 'accepted',
        refusal: null,
        tcbStatus: 'UpToDate',
        advisories: [],
      });
      expect(verdict.fmspc).toBe('b0c06f000000');
      expect(verdict.checks.every(({ ok }) => ok)).toBe(true);
    },
  );

  test.each([
    ['2025-06-19T10:16:02Z', 'tcb-info-date'],
    ['2025-07-19T10:00:36Z', 'pck-crl-date'],
    ['2026-01-01T00:00:00Z', 'tcb-info-date'],
    ['2032-06-01T00:00:00Z', 'pck-date'],
  ])('its collateral is not for %s', async (time, refusal) => {
    const verdict = await verifier.verify({ ...read('intel-v4-bare-metal'), atUnix: unix(time) });
    expect(verdict).toMatchObject({ verdict: 'refused', refusal });
  });

  test("a cloud's machine is authentic and out of date, with its three advisories", async () => {
    const evidence = { ...read('gcp-v4'), atUnix: IN_DATE };
    const verdict = await verifier.verify(evidence);
    const advisories = ['INTEL-SA-00960', 'INTEL-SA-00982', 'INTEL-SA-00986'];
    expect(verdict).toMatchObject({
      verdict: 'refused',
      refusal: 'tcb-status',
      tcbStatus: 'OutOfDate',
      advisories,
    });
    expect(okOf(verdict, SIGNATURES)).not.toContain(false);

    const tolerant = { tolerateStatuses: ['OutOfDate'], tolerateAdvisories: advisories };
    expect(await verifier.verify({ ...evidence, policy: tolerant })).toMatchObject({ verdict: 'accepted' });
    const lessTolerant = { ...tolerant, tolerateAdvisories: advisories.slice(1) };
    expect(await verifier.verify({ ...evidence, policy: lessTolerant })).toMatchObject({
      refusal: 'advisories',
    });
  });

  test('a TD 1.5 quote without collateral is refused for that, its own signatures being valid', async () => {
    const verdict = await verifier.verify({ ...read('td15-v5-no-tcb-level'), atUnix: IN_DATE });
    expect(verdict).toMatchObject({ verdict: 'refused', refusal: 'collateral', tcbStatus: null });
    expect(okOf(verdict, SIGNATURES)).not.toContain(false);
    expect(okOf(verdict, ['platform-tcb', 'tcb-status', 'leaf-revoked', 'qe-identity'])).not.toContain(true);
  });

  test("with another family's collateral it is refused for the family", async () => {
    const { quote } = read('td15-v5-no-tcb-level');
    const { collateral } = read('intel-v4-bare-metal');
    const verdict = await verifier.verify({ quote, collateral, atUnix: IN_DATE });
    expect(verdict).toMatchObject({ verdict: 'refused', refusal: 'fmspc', tcbStatus: null });
    expect(okOf(verdict, [...SIGNATURES, 'platform-tcb'])).toEqual([...SIGNATURES.map(() => true), false]);
  });

  test('no genuine quote passes under the simulated root', async () => {
    const simulated = createSimulatedQuoteVerifier(crypto);
    const verdict = await simulated.verify({ ...read('intel-v4-bare-metal'), atUnix: IN_DATE });
    expect(verdict).toMatchObject({ verdict: 'refused', refusal: 'root-pinned', tcbStatus: null });
  });
});

withQuotes('a second opinion', () => {
  test.each([
    ['intel-v4-bare-metal', 'UpToDate'],
    ['gcp-v4', 'OutOfDate'],
  ])('another package finds %s to be %s too', (name, status) => {
    const { quote, collateral } = read(name);
    const report = verifyByOther(quote, collateral as Parameters<typeof verifyByOther>[1], IN_DATE);
    expect(report.status).toBe(status);
  });
});

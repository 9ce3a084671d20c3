import { createHash } from 'node:crypto';
import { CHECK_NAMES } from '../../../src/attestation/checks';
import { nodeCrypto } from '../../../src/attestation/crypto/node';
import { webCrypto } from '../../../src/attestation/crypto/web';
import { createQuoteVerifier } from '../../../src/attestation/index';
import { prepareCollateral } from '../../../src/attestation/prepare';
import { INTEL_ROOT } from '../../../src/attestation/roots';
import { createSimulatedQuoteVerifier, SIMULATED_ROOT } from '../../../src/attestation/simulated';
import { AUTHORITIES } from '../../../src/attestation/testing/authorities';
import { createSimulatedHost } from '../../../src/attestation/testing/host';
import { keyFromSeed } from '../../../src/attestation/testing/keys';
import { MINTED_AT, mintQuote, REPORT_DATA } from '../../../src/attestation/testing/mint';

const verifier = createSimulatedQuoteVerifier(nodeCrypto);
const minted = mintQuote();
const { quote, collateral, atUnix } = minted;

describe('the roots', () => {
  test("Intel's is the certificate that Intel publishes", () => {
    expect(INTEL_ROOT).toHaveLength(659);
    expect(createHash('sha256').update(INTEL_ROOT).digest('hex')).toBe(
      '44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3',
    );
  });

  test('the simulated one is that of the simulated authorities', () => {
    expect(Buffer.from(SIMULATED_ROOT)).toEqual(AUTHORITIES.root.certificate);
  });

  test('the production verifier refuses what the simulated root vouches for', async () => {
    const verdict = await createQuoteVerifier(nodeCrypto).verify(minted);
    expect(verdict).toMatchObject({ verdict: 'refused', refusal: 'root-pinned', tcbStatus: null });
  });

  test('simulated and genuine images never have the same name', async () => {
    const simulated = await verifier.verify(minted);
    const genuine = await createQuoteVerifier(nodeCrypto).verify(minted);
    expect(simulated.imageId).not.toBe(genuine.imageId);
    expect(simulated.shape).toBe(genuine.shape);
  });
});

describe('a verdict', () => {
  test('lists every check once, in one order, whatever happens', async () => {
    for (const bytes of [quote, Buffer.alloc(0), quote.subarray(0, 700)]) {
      const { checks } = await verifier.verify({ quote: bytes, collateral, atUnix });
      expect(checks.map(({ name }) => name)).toEqual(CHECK_NAMES);
      expect(checks.every(({ expected, seen }) => expected.length > 0 && seen.length > 0)).toBe(true);
    }
  });

  test('counts what could not be checked as not fine, and says what is to blame', async () => {
    const { checks, refusal } = await verifier.verify({ quote: quote.subarray(0, 700), collateral, atUnix });
    expect(refusal).toBe('quote-format');
    const signature = checks.find(({ name }) => name === 'quote-signature')!;
    expect(signature).toMatchObject({ ok: false, seen: 'not checked: see quote-format' });
  });

  test('says until when it holds: a second later something is out of date', async () => {
    const { validUntil, verdict } = await verifier.verify(minted);
    expect(verdict).toBe('accepted');
    const at = (seconds: number) => verifier.verify({ quote, collateral, atUnix: seconds });
    expect((await at(validUntil! - 1)).verdict).toBe('accepted');
    expect((await at(validUntil!)).verdict).toBe('refused');
    const shortLived = mintQuote({ leaf: { notAfter: MINTED_AT + 50 } });
    expect((await verifier.verify(shortLived)).validUntil).toBe(MINTED_AT + 51);
    expect((await verifier.verify({ ...shortLived, atUnix: MINTED_AT + 50 })).verdict).toBe('accepted');
    expect((await verifier.verify({ ...shortLived, atUnix: MINTED_AT + 51 })).refusal).toBe('pck-date');
  });

  test("tells the machine's TCB as floors are compared with it", async () => {
    expect((await verifier.verify(mintQuote({ form: 'v5-td15' }))).tcb).toEqual({
      ...{ pceId: 0, pceSvn: 11, qeIsvSvn: 6, sgxSvns: '03030202040100050000000000000000' },
      ...{ teeTcbSvn: `050102${'00'.repeat(13)}`, teeTcbSvn2: `050102${'00'.repeat(13)}` },
    });
    expect((await verifier.verify(minted)).tcb).toMatchObject({ teeTcbSvn2: '00'.repeat(16) });
    const nothing = await verifier.verify({ quote: Buffer.alloc(0), collateral, atUnix });
    expect(nothing).toMatchObject({ tcb: null, validUntil: null });
  });

  test('goes on after a failure, so that the list is complete', async () => {
    const { checks, refusal } = await verifier.verify({
      quote,
      collateral,
      atUnix: atUnix + 20 * 365 * 86_400,
    });
    expect(refusal).toBe('pck-date');
    const failed = checks.filter(({ ok }) => !ok).map(({ name }) => name);
    expect(failed).toEqual([
      'pck-date',
      'tcb-signer',
      'tcb-info-date',
      'qe-identity-date',
      'root-crl-date',
      'pck-crl-issuer',
      'pck-crl-date',
    ]);
  });

  test('clears nobody with a list that nobody signed', async () => {
    const { checks } = await verifier.verify(
      mintQuote({
        collateral: { pckCrl: { key: keyFromSeed('stranger') }, rootCrl: { key: keyFromSeed('stranger') } },
      }),
    );
    const ok = (name: string) => checks.find((check) => check.name === name)!.ok;
    expect(['leaf-revoked', 'ca-revoked', 'tcb-signer-revoked'].map(ok)).toEqual([false, false, false]);
  });

  test('gives no TCB status where something that it rests on is not authentic', async () => {
    for (const forged of [{ qeKey: keyFromSeed('stranger') }, { quoteKey: keyFromSeed('stranger') }]) {
      expect(await verifier.verify(mintQuote(forged))).toMatchObject({ verdict: 'refused', tcbStatus: null });
    }
  });

  test('names the platform, the software and what the TD said', async () => {
    const verdict = await verifier.verify(minted);
    expect(verdict).toMatchObject({
      verdict: 'accepted',
      refusal: null,
      ppid: minted.machine.leaf.pck.ppid.toString('hex'),
      fmspc: minted.machine.leaf.pck.fmspc.toString('hex'),
      reportData: REPORT_DATA.toString('hex'),
    });
  });

  test('does not change when the caller changes its bytes meanwhile', async () => {
    const bytes = Buffer.from(quote);
    const running = createSimulatedQuoteVerifier(webCrypto()).verify({ quote: bytes, collateral, atUnix });
    bytes.fill(0);
    expect((await running).verdict).toBe('accepted');
  });

  test.each([NaN, -1, 1.5, 1e15, Infinity])('is not given for the clock %p', async (clock) => {
    await expect(verifier.verify({ quote, collateral, atUnix: clock })).rejects.toMatchObject({
      code: 'clock_malformed',
    });
  });
});

describe('prepared collateral', () => {
  test('gives the same verdict, check by check, for every quote of the family', async () => {
    const prepared = await verifier.prepare(collateral);
    const host = createSimulatedHost({
      random: (length) => new Uint8Array(length).fill(9),
      nowUnix: MINTED_AT,
    });
    for (const bytes of [quote, host.quote(REPORT_DATA), quote.subarray(0, 100)]) {
      const cold = await verifier.verify({ quote: bytes, collateral, atUnix });
      expect(await verifier.verify({ quote: bytes, collateral: prepared, atUnix })).toEqual(cold);
    }
  });

  test('ends with the first of its parts, at which the verifier refuses it', async () => {
    const prepared = await verifier.prepare(collateral);
    const { validUntil } = prepared;
    const at = (clock: number) => verifier.verify({ quote, collateral: prepared, atUnix: clock });
    expect((await at(validUntil! - 1)).verdict).toBe('accepted');
    expect((await at(validUntil!)).refusal).toMatch(/-date$/);
  });

  test('is bound to its root, and cannot be made from JSON', async () => {
    const foreign = await prepareCollateral(collateral, INTEL_ROOT, nodeCrypto);
    await expect(verifier.verify({ quote, collateral: foreign, atUnix })).rejects.toMatchObject({
      code: 'collateral_malformed',
    });
    const lookalike = { ...(await verifier.prepare(collateral)) };
    expect(await verifier.verify({ quote, collateral: lookalike, atUnix })).toMatchObject({
      refusal: 'collateral',
    });
  });

  test.each([
    ['nothing', null],
    ['nothing at all', undefined],
    ['a number', 7],
    ['a text', 'text'],
    ['a list', []],
    ['an empty object', {}],
    ['an object with a field of another kind', { ...(collateral as object), tcb_info: 1 }],
  ])('of %s says what is missing', async (_, nothing) => {
    const { format, validUntil } = await verifier.prepare(nothing);
    expect(format.ok).toBe(false);
    expect(validUntil).toBeNull();
  });
});

describe('cryptography', () => {
  const x = Buffer.from('6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296', 'hex');
  const y = Buffer.from('4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5', 'hex');

  test.each([
    ['node:crypto', nodeCrypto],
    ['WebCrypto', webCrypto()],
  ])('%s hashes as written, and takes neither bad keys nor bad signatures', async (_, crypto) => {
    expect(Buffer.from(await crypto.sha256(Buffer.from('abc'))).toString('hex')).toMatch(/^ba7816bf/);
    expect(Buffer.from(await crypto.sha384(Buffer.from('abc'))).toString('hex')).toMatch(/^cb00753f/);
    const message = Buffer.from('message');
    const zero = Buffer.alloc(64);
    const offCurve = Buffer.concat([x, Buffer.from(y).fill(1, 31)]);
    const cases = [
      [zero, zero],
      [offCurve, zero],
      [Buffer.alloc(64, 0xff), zero],
      [Buffer.concat([x, y]), zero],
      [Buffer.concat([x, y]), Buffer.alloc(64, 0xff)],
      [Buffer.concat([x, y]), Buffer.alloc(63)],
      [Buffer.concat([x, y]).subarray(1), Buffer.alloc(64, 1)],
    ] as const;
    for (const [key, signature] of cases)
      expect(await crypto.verifyP256(key, message, signature)).toBe(false);
  });

  test('a page without WebCrypto hears so at once', () => {
    const found = Object.getOwnPropertyDescriptor(globalThis, 'crypto')!;
    Object.defineProperty(globalThis, 'crypto', { value: undefined, configurable: true });
    try {
      expect(() => webCrypto()).toThrow(/no WebCrypto/);
    } finally {
      Object.defineProperty(globalThis, 'crypto', found);
    }
  });
});

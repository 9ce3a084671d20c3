import { createHash } from 'node:crypto';
import type { Collateral } from '../../../src/attestation/collateral';
import { nodeCrypto } from '../../../src/attestation/crypto/node';
import { parseQuote } from '../../../src/attestation/quote';
import { createSimulatedQuoteVerifier } from '../../../src/attestation/simulated';
import { mintQuote } from '../../../src/attestation/testing/mint';

/** Nothing that a stranger changes may throw, or be accepted, unless nobody signed what was changed. */

const verifier = createSimulatedQuoteVerifier(nodeCrypto);
const { quote, collateral, atUnix } = mintQuote();
const parts = collateral as Collateral;
const FIELDS = Object.keys(parts) as (keyof Collateral)[];
const FLIPS = 1_000;

/** The same numbers at every run. */
function numbers(seed: string): (below: number) => number {
  let block = createHash('sha256').update(seed).digest();
  let at = 0;
  return (below) => {
    if (at + 4 > block.length) {
      block = createHash('sha256').update(block).digest();
      at = 0;
    }
    at += 4;
    return block.readUInt32LE(at - 4) % below;
  };
}

/** Where the signed and measured container ends; behind it is padding. */
const end = quote.length - parseQuote(quote).padding.length;
const LINE_ENDS = /[\r\n]/g;

/** Line ends of PEM, and the zero byte behind it, mean nothing. */
function sameText(a: string, b: string): boolean {
  return a.replace(LINE_ENDS, '').replace(/\0$/, '') === b.replace(LINE_ENDS, '').replace(/\0$/, '');
}

describe('a quote', () => {
  test('cut anywhere before its padding is refused as no quote, cut in its padding it stays good', async () => {
    const prepared = await verifier.prepare(collateral);
    for (let length = 0; length <= quote.length; length++) {
      const { verdict, refusal } = await verifier.verify({
        quote: quote.subarray(0, length),
        collateral: prepared,
        atUnix,
      });
      const expected =
        length >= end
          ? { verdict: 'accepted', refusal: null }
          : { verdict: 'refused', refusal: 'quote-format' };
      if (verdict !== expected.verdict || refusal !== expected.refusal) {
        throw new Error(`cut at ${length}: ${verdict} for ${refusal}`);
      }
    }
  });

  test(`with one changed byte is refused ${FLIPS} times, but in padding and line ends`, async () => {
    const prepared = await verifier.prepare(collateral);
    const below = numbers('a byte of a quote');
    const refusals = new Set<string | null>();
    for (let i = 0; i < FLIPS; i++) {
      const changed = Buffer.from(quote);
      const at = below(quote.length);
      changed[at]! ^= 1 + below(255);
      const { verdict, refusal } = await verifier.verify({ quote: changed, collateral: prepared, atUnix });
      refusals.add(refusal);
      const unsigned = at >= end || sameText(changed.toString('latin1'), quote.toString('latin1'));
      if ((verdict === 'accepted') !== unsigned) throw new Error(`byte ${at} as ${changed[at]}: ${verdict}`);
    }
    expect(refusals.size).toBeGreaterThan(6);
  });
});

describe('collateral', () => {
  test(`with one changed character is refused ${FLIPS} times, but in line ends and the case of hex`, async () => {
    const below = numbers('a character of collateral');
    const refusals = new Set<string | null>();
    for (let i = 0; i < FLIPS; i++) {
      const field = FIELDS[below(FIELDS.length)]!;
      const before = parts[field];
      const at = below(before.length);
      const code = before.charCodeAt(at) ^ (1 + below(127));
      const after = before.slice(0, at) + String.fromCharCode(code) + before.slice(at + 1);
      const { verdict, refusal } = await verifier.verify({
        quote,
        collateral: { ...parts, [field]: after },
        atUnix,
      });
      refusals.add(refusal);
      if ((verdict === 'accepted') !== sameMeaning(field, before, after)) {
        throw new Error(`${field}, character ${at} as ${code}: ${verdict}`);
      }
    }
    expect(refusals.size).toBeGreaterThan(6);
  });

  test('cut anywhere is refused, field by field', async () => {
    for (const field of FIELDS) {
      const text = parts[field];
      for (let length = 0; length < text.length; length += 37) {
        const { verdict } = await verifier.verify({
          quote,
          collateral: { ...parts, [field]: text.slice(0, length) },
          atUnix,
        });
        if (verdict !== 'refused') throw new Error(`${field} cut at ${length} is accepted`);
      }
    }
  });
});

function sameMeaning(field: keyof Collateral, before: string, after: string): boolean {
  if (field.endsWith('_chain')) return sameText(before, after);
  const isHex = field.endsWith('_crl') || field.endsWith('_signature');
  return isHex && before === after.toLowerCase();
}

import fc from 'fast-check';
import { jobFee, type Prices, type Usage } from '../../../src/protocol/price';

const price = fc.bigInt({ min: 0n, max: 10n ** 15n });
const pricesAny: fc.Arbitrary<Prices> = fc.record({
  promptPrice: price,
  cachedPrice: price,
  completionPrice: price,
  audioPrice: price,
});
const count = fc.integer({ min: 0, max: 10_000_000 });
const usageAny: fc.Arbitrary<Usage> = fc
  .record({ a: count, b: count, c: count, d: count, audioMs: count })
  .map(({ a, b, c, d, audioMs }) => ({
    promptTokens: Math.max(a, b),
    cachedTokens: Math.min(a, b),
    completionTokens: Math.max(c, d),
    reasoningTokens: Math.min(c, d),
    audioMs,
  }));

const nothing: Usage = {
  promptTokens: 0,
  cachedTokens: 0,
  completionTokens: 0,
  reasoningTokens: 0,
  audioMs: 0,
};
const free: Prices = { promptPrice: 0n, cachedPrice: 0n, completionPrice: 0n, audioPrice: 0n };
const U32 = 0xffff_ffff;
const U64 = 2n ** 64n - 1n;

describe('job fee', () => {
  it('is the smallest whole number of nanotons that covers the exact sum', () => {
    fc.assert(
      fc.property(pricesAny, usageAny, (prices, usage) => {
        const fee = jobFee(prices, usage);
        // Both sides times 6 x 10^6, the common denominator of millions of tokens and minutes of 60,000 ms.
        const exact =
          6n *
            (prices.promptPrice * BigInt(usage.promptTokens - usage.cachedTokens) +
              prices.cachedPrice * BigInt(usage.cachedTokens) +
              prices.completionPrice * BigInt(usage.completionTokens)) +
          100n * prices.audioPrice * BigInt(usage.audioMs);
        expect(fee * 6_000_000n >= exact).toBe(true);
        expect((fee - 1n) * 6_000_000n < exact).toBe(true);
      }),
    );
  });

  it('is rounded up once, not per kind of token', () => {
    const third = { ...nothing, promptTokens: 1, completionTokens: 1, audioMs: 1 };
    const prices = { ...free, promptPrice: 333_333n, completionPrice: 333_333n, audioPrice: 20_000n };
    expect(jobFee(prices, third)).toBe(1n);
    expect(jobFee({ ...prices, completionPrice: 333_335n }, third)).toBe(2n);
  });

  it('is zero for nothing and one nanoton for the least there is', () => {
    expect(jobFee({ ...free, promptPrice: U64 }, nothing)).toBe(0n);
    expect(jobFee({ ...free, promptPrice: 1n }, { ...nothing, promptTokens: 1 })).toBe(1n);
    expect(jobFee({ ...free, promptPrice: 1_000_000n }, { ...nothing, promptTokens: 1 })).toBe(1n);
    expect(jobFee({ ...free, audioPrice: 60_000n }, { ...nothing, audioMs: 1 })).toBe(1n);
    expect(jobFee({ ...free, audioPrice: 60_001n }, { ...nothing, audioMs: 1 })).toBe(2n);
  });

  it('charges cached tokens at their own price and reasoning tokens only as completion', () => {
    const prices = {
      promptPrice: 5_000_000n,
      cachedPrice: 1_000_000n,
      completionPrice: 7_000_000n,
      audioPrice: 0n,
    };
    const usage = { ...nothing, promptTokens: 10, cachedTokens: 4, completionTokens: 3, reasoningTokens: 2 };
    expect(jobFee(prices, usage)).toBe(6n * 5n + 4n * 1n + 3n * 7n);
  });

  it('keeps full precision at the largest prices and counts', () => {
    const most = { ...nothing, promptTokens: U32 };
    expect(jobFee({ ...free, promptPrice: U64 }, most)).toBe((U64 * BigInt(U32) + 999_999n) / 1_000_000n);
  });

  it.each([
    ['a negative count', { ...nothing, completionTokens: -1 }, 'Usage.completionTokens: -1'],
    ['a fraction', { ...nothing, audioMs: 0.5 }, 'Usage.audioMs: 0.5'],
    ['a count above 32 bits', { ...nothing, promptTokens: U32 + 1 }, 'Usage.promptTokens: 4294967296'],
    [
      'more cached than prompt tokens',
      { ...nothing, promptTokens: 1, cachedTokens: 2 },
      '2 cached of 1 prompt',
    ],
    ['more reasoning than completion', { ...nothing, reasoningTokens: 1 }, '1 reasoning of 0 completion'],
  ])('is refused for %s', (_, usage, message) => {
    expect(() => jobFee(free, usage)).toThrow(RangeError);
    expect(() => jobFee(free, usage)).toThrow(message);
  });

  it('is given when every token is cached and all completion is reasoning', () => {
    const all = { promptTokens: 2, cachedTokens: 2, completionTokens: 3, reasoningTokens: 3, audioMs: U32 };
    expect(jobFee({ ...free, cachedPrice: 500_000n }, all)).toBe(1n);
  });
});

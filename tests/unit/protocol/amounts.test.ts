import fc from 'fast-check';
import { formatCoins, nano, parseCoins } from '../../../src/protocol/amounts';

const amounts = fc.bigInt({ min: 0n, max: 10n ** 21n - 1n });

describe('amounts', () => {
  it('are printed and read back exactly', () => {
    fc.assert(fc.property(amounts, (amount) => expect(parseCoins(formatCoins(amount))).toBe(amount)));
  });

  it('are printed shortest, without an exponent', () => {
    fc.assert(
      fc.property(amounts, (amount) => expect(formatCoins(amount)).toMatch(/^\d+(\.\d{0,8}[1-9])?$/)),
    );
    expect(formatCoins(0n)).toBe('0');
    expect(formatCoins(1n)).toBe('0.000000001');
    expect(formatCoins(1_500_000_000n)).toBe('1.5');
    expect(formatCoins(-1_500_000_000n)).toBe('-1.5');
    expect(formatCoins(10n ** 30n)).toBe('1000000000000000000000');
  });

  it.each([
    '',
    ' ',
    '.5',
    '1.',
    '1,5',
    '-1',
    '+1',
    '1e9',
    '0x10',
    '١',
    '1.0000000001',
    '1000000000000',
    '1 2',
  ])('text "%s" is not an amount', (text) => expect(() => parseCoins(text)).toThrow(RangeError));

  it('take nine fraction digits and twelve whole ones, not one more', () => {
    expect(parseCoins('1.000000001')).toBe(1_000_000_001n);
    expect(parseCoins('999999999999')).toBe(999_999_999_999_000_000_000n);
    expect(parseCoins(' 2 ')).toBe(2_000_000_000n);
  });

  it.each(['', ' 1', '0x10', '1.5', '1e3', '--1', '9'.repeat(41), 1.5, NaN, Infinity, 2 ** 53])(
    'nanotons are never guessed from %p',
    (value) => expect(() => nano(value)).toThrow(RangeError),
  );

  it('nanotons are taken whole, also beyond 2^53', () => {
    expect(nano('9007199254740993')).toBe(9_007_199_254_740_993n);
    expect(nano(2 ** 53 - 1)).toBe(9_007_199_254_740_991n);
    expect(nano('-5')).toBe(-5n);
    expect(nano(7n)).toBe(7n);
  });
});

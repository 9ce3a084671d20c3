/** An amount in nanotons. Never a `number`: amounts exceed 2^53. */
export type Nano = bigint & { readonly __unit: 'nano' };

/** The coin's symbol, in the one place that knows it. */
export const COIN_SYMBOL = 'TON';
const NANO_PER_COIN = 1_000_000_000n;

/**
 * A whole number of nanotons. Throws RangeError on what is not exactly one: a fraction, a number beyond 2^53,
 * any text but decimal digits (BigInt alone reads `""` as 0 and `"0x10"` as 16).
 */
export function nano(value: bigint | number | string): Nano {
  const exact =
    typeof value === 'bigint' ||
    (typeof value === 'number' ? Number.isSafeInteger(value) : /^-?\d{1,40}$/.test(value));
  if (!exact) throw new RangeError(`"${value}" is not a whole number of nanotons`);
  return BigInt(value) as Nano;
}

/** `"1.5"` -> 1_500_000_000n. Throws RangeError on anything but a decimal with at most nine fraction digits. */
export function parseCoins(text: string): Nano {
  const match = /^(\d{1,12})(?:\.(\d{1,9}))?$/.exec(text.trim());
  if (!match) throw new RangeError(`"${text}" is not an amount: write for example 1.25`);
  return (BigInt(match[1]!) * NANO_PER_COIN + BigInt((match[2] ?? '').padEnd(9, '0'))) as Nano;
}

/** 1_500_000_000n -> `"1.5"`; exact, never exponential. */
export function formatCoins(amount: bigint): string {
  const sign = amount < 0n ? '-' : '';
  const magnitude = amount < 0n ? -amount : amount;
  const fraction = (magnitude % NANO_PER_COIN).toString().padStart(9, '0').replace(/0+$/, '');
  return `${sign}${magnitude / NANO_PER_COIN}${fraction ? `.${fraction}` : ''}`;
}

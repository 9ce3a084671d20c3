import type { Address } from '@ton/core';
import { COIN_SYMBOL, formatCoins } from '../protocol/amounts';

/** How values are said, the same wherever governance speaks. */

const DAY = 86_400;
const HOUR = 3_600;
const MINUTE = 60;
/** As many digits as tell two entries of a list apart; the whole stands among the fields. */
const SHORT_DIGITS = 8;

export function coins(nano: bigint): string {
  return `${formatCoins(nano)} ${COIN_SYMBOL}`;
}

/** `2027-01-01T00:00:00Z`. */
export function time(unix: number | bigint): string {
  return new Date(Number(unix) * 1_000).toISOString().replace('.000', '');
}

/** The two largest units: `14 d 23 h`, `5 min`, `12 s`. */
export function span(seconds: number): string {
  const units: [number, string][] = [
    [DAY, 'd'],
    [HOUR, 'h'],
    [MINUTE, 'min'],
    [1, 's'],
  ];
  const first = units.findIndex(([size]) => seconds >= size);
  if (first < 0) return '0 s';
  const [size, unit] = units[first]!;
  const rest = seconds % size;
  const [finer, finerUnit] = units[first + 1] ?? [Infinity, ''];
  const more = rest >= finer ? ` ${Math.floor(rest / finer)} ${finerUnit}` : '';
  return `${Math.floor(seconds / size)} ${unit}${more}`;
}

/** 32 bytes that a contract keeps as an integer, in hex. */
export function hex(value: bigint, bytes = 32): string {
  return value.toString(16).padStart(bytes * 2, '0');
}

export function short(hash: string): string {
  return `${hash.slice(0, SHORT_DIGITS)}...`;
}

/** `1.5%` for 150 basis points. */
export function percent(bps: number | bigint): string {
  return `${Number(bps) / 100}%`;
}

export function account(address: Address): string {
  return address.toString();
}

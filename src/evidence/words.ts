import { Address } from '@ton/core';
import { COIN_SYMBOL, formatCoins } from '../protocol/amounts';
import { EVIDENCE_LIMITS } from './limits';

/** Values as people read them: one line has room for one of each. */

/** `2026-11-25 20:43:10 UTC`. */
export function when(unix: number): string {
  return `${new Date(unix * 1_000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

export function coins(amountNano: bigint): string {
  return `${formatCoins(amountNano)} ${COIN_SYMBOL}`;
}

/** The first eight bytes of a hash. */
export function short(bytes: Uint8Array): string {
  const digits = Buffer.from(bytes).toString('hex');
  return digits.length > EVIDENCE_LIMITS.shortHex ? `${digits.slice(0, EVIDENCE_LIMITS.shortHex)}…` : digits;
}

const TESTNET = -3;

/** TON's friendly form of a contract. */
export function contract(hash: Buffer, networkId: number): string {
  return new Address(0, hash).toString({ testOnly: networkId === TESTNET });
}

export function percent(bps: number): string {
  return `${bps / 100}%`;
}

export function count(n: number | bigint, what: string): string {
  return `${n} ${what}${BigInt(n) === 1n ? '' : 's'}`;
}

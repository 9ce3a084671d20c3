import type { Cell } from '@ton/core';
import * as binding from '../build/Escrow/Escrow_Escrow';
import { nano, type Nano } from '../src/protocol/amounts';

/** The chain's prices as its configuration keeps them: fixed point with 16 fraction bits. */
export interface ChainPrices {
  flatGasLimit: bigint;
  flatGasPriceNano: bigint;
  gasPrice16: bigint;
  lumpNano: bigint;
  bitPrice16: bigint;
  cellPrice16: bigint;
  /** Nanotons per cell and second, times 2^16. */
  storageCellPrice16: bigint;
  storageBitPrice16: bigint;
}

/** Basechain of mainnet since spring 2026. */
export const PRICES_2026: ChainPrices = {
  flatGasLimit: 100n,
  flatGasPriceNano: 6_667n,
  gasPrice16: 4_369_067n,
  lumpNano: 66_667n,
  bitPrice16: 4_369_067n,
  cellPrice16: 436_906_667n,
  storageCellPrice16: 135n,
  storageBitPrice16: 0n,
};

/**
 * Nanotons to attach to a settle of `count` lines of an escrow with `entries` ledger entries; the same as the
 * contract's `get_settle_value`. What is not needed comes back.
 */
export function settleValueNano(count: number, entries: number, prices: ChainPrices = PRICES_2026): Nano {
  const lines = BigInt(count);
  const late = lines > binding.CHEAP_SIGNATURES ? lines - binding.CHEAP_SIGNATURES : 0n;
  const gas =
    binding.GAS_SETTLE_BASE +
    lines * (binding.GAS_SETTLE_LINE + binding.GAS_SETTLE_LEVEL * bitLength(entries)) +
    binding.GAS_SETTLE_LATE_SIGNATURE * late;
  const perLine = payoutStipendNano(entries, prices) + prices.lumpNano;
  return nano(gasNano(gas, prices) + lines * perLine + prices.lumpNano);
}

/** What each payout carries beyond its amount; it stays with the Worker, or pays for the bounce. */
export function payoutStipendNano(entries: number, prices: ChainPrices = PRICES_2026): Nano {
  const gas = binding.GAS_STIPEND_BASE + binding.GAS_STIPEND_LEVEL * bitLength(entries);
  return nano(gasNano(gas, prices) + prices.lumpNano);
}

/**
 * What an allocation of `count` entries by the signer is checked against, beside the raises: free money must cover this
 * gas bound (`get_allocate_bound`) and the reserve of each new line, the signer's budget this and the carriage.
 */
export function allocateBoundNano(count: number, prices: ChainPrices = PRICES_2026): Nano {
  return nano(gasNano(BigInt(count + 1) * binding.GAS_ALLOCATE_ENTRY, prices));
}

/**
 * What the signer's budget is charged for the carriage of an allocation with this list of entries: at least what the
 * chain takes off the balance.
 */
export function allocateCarriageNano(entries: Cell, prices: ChainPrices = PRICES_2026): Nano {
  const { cells, bits } = sizeOf(entries);
  return nano(
    prices.lumpNano +
      ceil16(BigInt(bits + CARRIED_BITS) * prices.bitPrice16 + BigInt(cells + 1) * prices.cellPrice16),
  );
}

/** The cell that a body may be in by itself. */
const CARRIED_BITS = 1023;

function sizeOf(cell: Cell): { cells: number; bits: number } {
  const seen = new Map<string, number>();
  const visit = (at: Cell): void => {
    const key = at.hash().toString('hex');
    if (seen.has(key)) return;
    seen.set(key, at.bits.length);
    at.refs.forEach(visit);
  };
  visit(cell);
  return { cells: seen.size, bits: [...seen.values()].reduce((sum, bits) => sum + bits, 0) };
}

/** What neither an allocation nor a withdrawal may touch. */
export function escrowReserveNano(entries: number, prices: ChainPrices = PRICES_2026): Nano {
  const perSecond16 =
    binding.ENTRY_CELLS * prices.storageCellPrice16 + binding.ENTRY_BITS * prices.storageBitPrice16;
  return nano(
    binding.ESCROW_BASE_RESERVE + BigInt(entries) * ceil16(perSecond16 * binding.ENTRY_RENT_SECONDS),
  );
}

function gasNano(gas: bigint, prices: ChainPrices): bigint {
  if (gas <= prices.flatGasLimit) return prices.flatGasPriceNano;
  return prices.flatGasPriceNano + ceil16((gas - prices.flatGasLimit) * prices.gasPrice16);
}

function ceil16(value: bigint): bigint {
  return (value + 0xffffn) >> 16n;
}

function bitLength(value: number): bigint {
  return BigInt(32 - Math.clz32(value));
}

import { PRICES_2026, type ChainPrices } from '../../wrappers/escrowCosts';
import { Dictionary, type Cell, type Slice } from '@ton/core';
import type { ChainClient } from './chainClient';

const STORAGE = 18;
const GAS = 21;
const FORWARD = 25;

/** The basechain's prices as its configuration has them now; those of 2026 where an endpoint does not tell. */
export async function readPrices(client: Pick<ChainClient, 'configParam'>): Promise<ChainPrices> {
  const [storage, gas, forward] = await Promise.all(
    [STORAGE, GAS, FORWARD].map((id) => client.configParam(id)),
  );
  if (!storage || !gas || !forward) return PRICES_2026;
  return { ...gasPrices(gas), ...forwardPrices(forward), ...storagePrices(storage) };
}

// gas_flat_pfx#d1 flat_gas_limit:uint64 flat_gas_price:uint64 gas_prices_ext#de gas_price:uint64 ...
function gasPrices(cell: Cell): Pick<ChainPrices, 'flatGasLimit' | 'flatGasPriceNano' | 'gasPrice16'> {
  const slice = cell.beginParse().skip(8);
  const flatGasLimit = slice.loadUintBig(64);
  const flatGasPriceNano = slice.loadUintBig(64);
  return { flatGasLimit, flatGasPriceNano, gasPrice16: slice.skip(8).loadUintBig(64) };
}

// msg_forward_prices#ea lump_price:uint64 bit_price:uint64 cell_price:uint64 ...
function forwardPrices(cell: Cell): Pick<ChainPrices, 'lumpNano' | 'bitPrice16' | 'cellPrice16'> {
  const slice = cell.beginParse().skip(8);
  const lumpNano = slice.loadUintBig(64);
  const bitPrice16 = slice.loadUintBig(64);
  return { lumpNano, bitPrice16, cellPrice16: slice.loadUintBig(64) };
}

// A dictionary by the second since which prices hold: storage_prices#cc utime_since:uint32 bit:uint64 cell:uint64 ...
function storagePrices(cell: Cell): Pick<ChainPrices, 'storageBitPrice16' | 'storageCellPrice16'> {
  const bySince = cell.beginParse().loadDictDirect(Dictionary.Keys.Uint(32), sliceValue);
  const latest = bySince
    .get(Math.max(...bySince.keys()))!
    .beginParse()
    .skip(8 + 32);
  return { storageBitPrice16: latest.loadUintBig(64), storageCellPrice16: latest.loadUintBig(64) };
}

const sliceValue = {
  serialize: (): never => {
    throw new Error('prices are only read');
  },
  parse: (slice: Slice): Cell => slice.asCell(),
};

import { beginCell, Cell, Dictionary, type Slice } from '@ton/core';

/**
 * Mainnet's prices since spring 2026. The sandbox ships a configuration from before that, so every chain of ours
 * patches it. Prices of gas, bits and cells are fixed-point numbers with 16 fraction bits, as the chain keeps them.
 */
export interface FeeParameters {
  gas: GasPrices;
  masterchainGas: GasPrices;
  forward: ForwardPrices;
  masterchainForward: ForwardPrices;
  storage: StoragePrices;
}

export interface GasPrices {
  /** The first `flatGasLimit` units cost `flatGasPriceNano` together. */
  flatGasLimit: bigint;
  flatGasPriceNano: bigint;
  /** Nanotons per unit, times 2^16. */
  gasPrice16: bigint;
}

export interface ForwardPrices {
  lumpNano: bigint;
  /** Nanotons per bit and per cell, times 2^16. */
  bitPrice16: bigint;
  cellPrice16: bigint;
}

/** Nanotons per second, times 2^16. */
export interface StoragePrices {
  bit: bigint;
  cell: bigint;
  masterchainBit: bigint;
  masterchainCell: bigint;
}

/** Gas and forwarding cost a sixth of what they did; storage is by cells alone. */
export const FEES_MID_2026: FeeParameters = {
  gas: { flatGasLimit: 100n, flatGasPriceNano: 6_667n, gasPrice16: 4_369_067n },
  masterchainGas: { flatGasLimit: 100n, flatGasPriceNano: 166_667n, gasPrice16: 109_226_667n },
  forward: { lumpNano: 66_667n, bitPrice16: 4_369_067n, cellPrice16: 436_906_667n },
  masterchainForward: { lumpNano: 1_666_667n, bitPrice16: 109_226_667n, cellPrice16: 10_922_666_667n },
  storage: { bit: 0n, cell: 135n, masterchainBit: 0n, masterchainCell: 135_000n },
};

const GLOBAL_ID = 19;
const STORAGE = 18;
const GAS_MASTERCHAIN = 20;
const GAS = 21;
const FORWARD_MASTERCHAIN = 24;
const FORWARD = 25;

const GAS_FLAT_TAG = 0xd1;
const GAS_EXTENDED_TAG = 0xde;
const FORWARD_TAG = 0xea;
const STORAGE_TAG = 0xcc;

/**
 * `config` (the dictionary of parameters that the sandbox takes) with the prices of `fees` and the network's own
 * global id; everything else is kept. Throws when the result does not read back as it was written.
 */
export function withFeeParameters(
  config: Cell,
  networkId: number,
  fees: FeeParameters = FEES_MID_2026,
): Cell {
  const params = loadConfig(config);
  params.set(GLOBAL_ID, beginCell().storeInt(networkId, 32).endCell());
  params.set(STORAGE, storageCell(fees.storage));
  params.set(GAS, gasCell(param(params, GAS), fees.gas));
  params.set(GAS_MASTERCHAIN, gasCell(param(params, GAS_MASTERCHAIN), fees.masterchainGas));
  params.set(FORWARD, forwardCell(param(params, FORWARD), fees.forward));
  params.set(FORWARD_MASTERCHAIN, forwardCell(param(params, FORWARD_MASTERCHAIN), fees.masterchainForward));
  const patched = beginCell().storeDictDirect(params).endCell();
  assertSame(readFeeParameters(patched), fees);
  return patched;
}

/** The prices that a configuration holds now. */
export function readFeeParameters(config: Cell): FeeParameters {
  const params = loadConfig(config);
  return {
    gas: readGas(param(params, GAS)),
    masterchainGas: readGas(param(params, GAS_MASTERCHAIN)),
    forward: readForward(param(params, FORWARD)),
    masterchainForward: readForward(param(params, FORWARD_MASTERCHAIN)),
    storage: readStorage(param(params, STORAGE)),
  };
}

/** The network's global id (parameter 19), for example -239 on mainnet. */
export function readNetworkId(config: Cell): number {
  return param(loadConfig(config), GLOBAL_ID).beginParse().loadInt(32);
}

type ConfigParams = Dictionary<number, Cell>;

function loadConfig(config: Cell): ConfigParams {
  return config.beginParse().loadDictDirect(Dictionary.Keys.Int(32), Dictionary.Values.Cell());
}

function param(params: ConfigParams, id: number): Cell {
  const cell = params.get(id);
  if (!cell) throw new Error(`the configuration has no parameter ${id}`);
  return cell;
}

// gas_flat_pfx#d1 flat_gas_limit:uint64 flat_gas_price:uint64 other:GasLimitsPrices = GasLimitsPrices
// gas_prices_ext#de gas_price:uint64 gas_limit:uint64 ... = GasLimitsPrices
function gasCell(old: Cell, prices: GasPrices): Cell {
  const rest = skipGasHead(old.beginParse());
  rest.skip(64);
  return beginCell()
    .storeUint(GAS_FLAT_TAG, 8)
    .storeUint(prices.flatGasLimit, 64)
    .storeUint(prices.flatGasPriceNano, 64)
    .storeUint(GAS_EXTENDED_TAG, 8)
    .storeUint(prices.gasPrice16, 64)
    .storeSlice(rest)
    .endCell();
}

function skipGasHead(slice: Slice): Slice {
  expectTag(slice, GAS_FLAT_TAG);
  slice.skip(128);
  expectTag(slice, GAS_EXTENDED_TAG);
  return slice;
}

function readGas(cell: Cell): GasPrices {
  const slice = cell.beginParse();
  expectTag(slice, GAS_FLAT_TAG);
  const flatGasLimit = slice.loadUintBig(64);
  const flatGasPriceNano = slice.loadUintBig(64);
  expectTag(slice, GAS_EXTENDED_TAG);
  return { flatGasLimit, flatGasPriceNano, gasPrice16: slice.loadUintBig(64) };
}

// msg_forward_prices#ea lump_price:uint64 bit_price:uint64 cell_price:uint64 ... = MsgForwardPrices
function forwardCell(old: Cell, prices: ForwardPrices): Cell {
  const rest = old.beginParse();
  expectTag(rest, FORWARD_TAG);
  rest.skip(3 * 64);
  return beginCell()
    .storeUint(FORWARD_TAG, 8)
    .storeUint(prices.lumpNano, 64)
    .storeUint(prices.bitPrice16, 64)
    .storeUint(prices.cellPrice16, 64)
    .storeSlice(rest)
    .endCell();
}

function readForward(cell: Cell): ForwardPrices {
  const slice = cell.beginParse();
  expectTag(slice, FORWARD_TAG);
  return {
    lumpNano: slice.loadUintBig(64),
    bitPrice16: slice.loadUintBig(64),
    cellPrice16: slice.loadUintBig(64),
  };
}

// A dictionary from the second since which prices hold; one entry, valid since the beginning, is enough here.
// storage_prices#cc utime_since:uint32 bit_price_ps:uint64 cell_price_ps:uint64 mc_bit_price_ps:uint64 mc_cell_price_ps:uint64
function storageCell(prices: StoragePrices): Cell {
  const entry = beginCell()
    .storeUint(STORAGE_TAG, 8)
    .storeUint(0, 32)
    .storeUint(prices.bit, 64)
    .storeUint(prices.cell, 64)
    .storeUint(prices.masterchainBit, 64)
    .storeUint(prices.masterchainCell, 64)
    .endCell();
  const bySince = Dictionary.empty(Dictionary.Keys.Uint(32), sliceValue).set(0, entry);
  return beginCell().storeDictDirect(bySince).endCell();
}

function readStorage(cell: Cell): StoragePrices {
  const bySince = cell.beginParse().loadDictDirect(Dictionary.Keys.Uint(32), sliceValue);
  const latest = bySince.get(Math.max(...bySince.keys()));
  if (!latest) throw new Error('the configuration has no storage prices');
  const slice = latest.beginParse();
  expectTag(slice, STORAGE_TAG);
  slice.skip(32);
  return {
    bit: slice.loadUintBig(64),
    cell: slice.loadUintBig(64),
    masterchainBit: slice.loadUintBig(64),
    masterchainCell: slice.loadUintBig(64),
  };
}

const sliceValue = {
  serialize: (cell: Cell, builder: { storeSlice(slice: Slice): unknown }) => {
    builder.storeSlice(cell.beginParse());
  },
  parse: (slice: Slice): Cell => slice.asCell(),
};

function expectTag(slice: Slice, tag: number): void {
  const found = slice.loadUint(8);
  if (found !== tag) throw new Error(`configuration tag ${found.toString(16)}, expected ${tag.toString(16)}`);
}

function assertSame(found: FeeParameters, wanted: FeeParameters): void {
  const text = (fees: FeeParameters): string =>
    JSON.stringify(fees, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
  if (text(found) !== text(wanted)) throw new Error('the patched fee parameters do not read back');
}

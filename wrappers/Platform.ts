import {
  Dictionary,
  type Address,
  type Cell,
  type StateInit,
  type TupleItem,
  type TupleReader,
} from '@ton/core';
import * as binding from '../build/Registry/Registry_Platform';
import { Platform as PlatformSimulated } from '../build/RegistrySimulated/RegistrySimulated_Platform';
import { ATTEST_KINDS, type AttestKind, type PlatformCache } from '../src/attestation/onchain/kind';
import { attestMessage, type AttestInput, type AttestMessage } from '../src/attestation/onchain/message';
import { nano, type Nano } from '../src/protocol/amounts';
import { sha256 } from '../src/protocol/hash';
import type { Root } from '../src/protocol/root';
import { toBytes, toInt } from './bytes';
import { exitCodesOf } from './exitCodes';
import { restoreTuples } from './tonClientTuples';

/** One contract in two builds: they differ in the root of trust, and in nothing else. */
const BUILDS = { intel: binding.Platform, simulated: PlatformSimulated } as const;

export const PLATFORM_OPCODES: Readonly<Record<keyof typeof binding.Platform.opcodes, number>> =
  binding.Platform.opcodes;
/** The Platform's own, and those of the signature check that it shares. */
export const PLATFORM_EXIT_CODES = /* @__PURE__ */ exitCodesOf(binding, 'ERROR_PLATFORM_', 'ERROR_P256_');

/** Bounds in the contract's code. */
export const PLATFORM_RESERVE_NANO: Nano = nano(binding.PLATFORM_RESERVE);
export const MAX_PLATFORM_SLOTS = Number(binding.MAX_SLOTS);
export const MAX_ATTESTED_KEYS = Number(binding.MAX_ATTESTED_KEYS);

/** Values that suffice on mainnet's prices of 2026 with room for twice as much; what is left comes back. */
export const PLATFORM_VALUES = {
  /** Beside the reserve, which a Platform keeps of its first message. */
  attest: nano(60_000_000n),
} as const;

/** Code and initial data of the machine whose PPID (16 bytes) has this SHA-256. */
export async function platformInit(root: Root, registry: Address, ppidHash: Buffer): Promise<StateInit> {
  return BUILDS[root].init(registry, toInt(ppidHash, 32));
}

export async function platformAddress(root: Root, registry: Address, ppidHash: Buffer): Promise<Address> {
  return (await BUILDS[root].fromInit(registry, toInt(ppidHash, 32))).address;
}

/** By what a registry knows a machine: SHA-256 of its PPID, 16 bytes. */
export function ppidHash(ppid: Uint8Array): Buffer {
  return sha256(ppid);
}

/** Asks a Platform to verify a quote; see `attestMessage` for what it throws. */
export function attestBody(input: AttestInput): Cell {
  return attestMessage(input).body;
}

export type { AttestInput, AttestMessage };

/** A Worker's place on a machine. */
export interface PlatformSlot {
  /** Account hash. */
  worker: Buffer;
  /** Last second. */
  heldUntil: number;
}

/** An attestation key that the Platform remembers, and what the certificate above it says. */
export interface AttestedKeyOnChain {
  /** x ‖ y, 64 bytes each. */
  attestationKey: Buffer;
  pckKey: Buffer;
  qeIsvSvn: number;
  /** Last seconds of the certificates. */
  leafUntil: number;
  caUntil: number;
  fmspc: Buffer;
  pceId: number;
  pceSvn: number;
  sgxSvns: number[];
}

/** `get_platform` as plain data. */
export interface PlatformOnChain {
  registry: Address;
  ppidHash: Buffer;
  /** Newest first. */
  keys: AttestedKeyOnChain[];
  /** The same keys, as `chooseKind` wants them. */
  cache: PlatformCache;
  slots: PlatformSlot[];
  balanceNano: Nano;
}

export const GET_PLATFORM = 'get_platform';

export function parsePlatform(stack: TupleReader): PlatformOnChain {
  const view = binding.loadGetterTuplePlatformView(restoreTuples(stack));
  // An empty cell stands for no key at all.
  const keys = [view.newest, ...view.shelf.older.refs].filter((key) => key.refs.length > 0);
  return {
    registry: view.registry,
    ppidHash: toBytes(view.ppidHash, 32),
    keys: keys.map(parseKey),
    cache: {
      keyTags: keys.map((key) => key.hash().readUInt32BE(0)),
      certificateTags: keys.map(certificateTagOf),
    },
    slots: parseSlots(view.shelf.slots),
    balanceNano: nano(view.balance),
  };
}

/** The least value of an Attest of this kind now, what is missing of the reserve included. */
export const GET_ATTEST_VALUE = 'get_attest_value';

export function attestValueArguments(kind: AttestKind): TupleItem[] {
  return [{ type: 'int', value: BigInt(ATTEST_KINDS.indexOf(kind)) }];
}

// The cells are described in contracts/platform/keys.tact and slots.tact; what is remembered is trusted.

function parseKey(key: Cell): AttestedKeyOnChain {
  const bits = key.beginParse();
  return {
    attestationKey: bits.loadBuffer(64),
    qeIsvSvn: bits.loadUint(16),
    leafUntil: bits.loadUint(32),
    caUntil: bits.loadUint(32),
    fmspc: bits.loadBuffer(6),
    pceId: bits.loadUint(16),
    pceSvn: bits.loadUint(16),
    sgxSvns: [...bits.loadBuffer(16)],
    pckKey: bits.loadRef().beginParse().loadBuffer(64),
  };
}

function certificateTagOf(key: Cell): number {
  const bits = key.beginParse().skip(512 + 16);
  const certified = bits.loadBuffer(34);
  return sha256(certified, bits.loadRef().beginParse().loadBuffer(64)).readUInt32BE(0);
}

function parseSlots(slots: Cell | null): PlatformSlot[] {
  if (!slots) return [];
  const entries = Dictionary.loadDirect(Dictionary.Keys.BigUint(256), SLOT, slots);
  return entries.values();
}

const SLOT = {
  serialize(): never {
    throw new RangeError('slots are only read');
  },
  parse: (bits: ReturnType<Cell['beginParse']>): PlatformSlot => ({
    worker: bits.loadBuffer(32),
    heldUntil: bits.loadUint(32),
  }),
};

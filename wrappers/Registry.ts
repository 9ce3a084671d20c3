import { Address, Dictionary, type Cell, type StateInit, type TupleReader } from '@ton/core';
import * as binding from '../build/Registry/Registry_Registry';
import { nano, type Nano } from '../src/protocol/amounts';
import { packed, toBytes, toInt } from './bytes';
import { exitCodesOf } from './exitCodes';
import { restoreTuples } from './tonClientTuples';

export { Registry } from '../build/Registry/Registry_Registry';

export const REGISTRY_OPCODES: Readonly<Record<keyof typeof binding.Registry.opcodes, number>> =
  binding.Registry.opcodes;
export const REGISTRY_EXIT_CODES = exitCodesOf(binding, 'ERROR_REGISTRY_');

/** Bounds in the contract's code. */
export const TIMELOCK_SECONDS = Number(binding.TIMELOCK_SECONDS);
export const ORDER_SECONDS = Number(binding.ORDER_SECONDS);
export const GUARDIAN_BLOCK_SECONDS = Number(binding.GUARDIAN_BLOCK_SECONDS);
export const MAX_LISTED_WORKERS = Number(binding.MAX_WORKERS);
export const MAX_LISTED_ROUTERS = Number(binding.MAX_ROUTERS);
/** `blocks` value of a block that only the owner can lift. */
export const BLOCKED_FOR_GOOD = Number(binding.BLOCKED_FOR_GOOD);

/** Values that suffice on mainnet's prices of 2026 with room for twice as much; what is left comes back. */
export const REGISTRY_VALUES = {
  deploy: nano(100_000_000n),
  order: nano(20_000_000n),
  admit: nano(20_000_000n),
} as const;

/** `salt` lets one owner have several registries. */
export async function registryInit(owner: Address, salt = 0): Promise<StateInit> {
  return binding.Registry.init(owner, BigInt(salt));
}

export async function registryAddress(owner: Address, salt = 0): Promise<Address> {
  return (await binding.Registry.fromInit(owner, BigInt(salt))).address;
}

export interface RegistryParameters {
  minStakeNano: bigint;
  unbondingSeconds: number;
  protocolFeeBps: number;
  routerDepositNano: bigint;
  treasury: Address;
}

export function setParametersBody(parameters: RegistryParameters): Cell {
  return packed(
    binding.storeSetParameters({
      $$type: 'SetParameters',
      minStake: parameters.minStakeNano,
      unbondingSeconds: BigInt(parameters.unbondingSeconds),
      protocolFeeBps: BigInt(parameters.protocolFeeBps),
      routerDeposit: parameters.routerDepositNano,
      treasury: parameters.treasury,
    }),
  );
}

export function offerOwnershipBody(newOwner: Address): Cell {
  return packed(binding.storeOfferOwnership({ $$type: 'OfferOwnership', newOwner }));
}

export function acceptOwnershipBody(): Cell {
  return packed(binding.storeAcceptOwnership({ $$type: 'AcceptOwnership' }));
}

/** After it, everything that loosens is sent twice: the first time it is queued, TIMELOCK_SECONDS later it is done. */
export function sealBody(): Cell {
  return packed(binding.storeSeal({ $$type: 'Seal' }));
}

export function setGuardianBody(guardian: Address): Cell {
  return packed(binding.storeSetGuardian({ $$type: 'SetGuardian', guardian }));
}

/** `role` is the statement's (1: worker); `expiresAt` in Unix seconds. */
export function allowImageBody(imageId: Buffer, expiresAt: number, role = 1): Cell {
  return packed(
    binding.storeAllowImage({
      $$type: 'AllowImage',
      imageId: toInt(imageId, 32),
      role: BigInt(role),
      expiresAt: BigInt(expiresAt),
    }),
  );
}

export function revokeImageBody(imageId: Buffer): Cell {
  return packed(binding.storeRevokeImage({ $$type: 'RevokeImage', imageId: toInt(imageId, 32) }));
}

export function allowShapeBody(shape: Buffer): Cell {
  return packed(binding.storeAllowShape({ $$type: 'AllowShape', shape: toInt(shape, 32) }));
}

export function revokeShapeBody(shape: Buffer): Cell {
  return packed(binding.storeRevokeShape({ $$type: 'RevokeShape', shape: toInt(shape, 32) }));
}

/** `name` is what clients put into `model`; at most 127 bytes of UTF-8. */
export function allowModelBody(modelHash: Buffer, name: string): Cell {
  return packed(binding.storeAllowModel({ $$type: 'AllowModel', modelHash: toInt(modelHash, 32), name }));
}

export function revokeModelBody(modelHash: Buffer): Cell {
  return packed(binding.storeRevokeModel({ $$type: 'RevokeModel', modelHash: toInt(modelHash, 32) }));
}

/** `subject` is an image id or a Worker's account hash. */
export function blockBody(subject: Buffer): Cell {
  return packed(binding.storeBlock({ $$type: 'Block', subject: toInt(subject, 32) }));
}

export function unblockBody(subject: Buffer): Cell {
  return packed(binding.storeUnblock({ $$type: 'Unblock', subject: toInt(subject, 32) }));
}

/** `order` is the hash of the queued order's body. */
export function cancelOrderBody(order: Buffer): Cell {
  return packed(binding.storeCancelOrder({ $$type: 'CancelOrder', order: toInt(order, 32) }));
}

/** Confirms what the operator of the Worker (provider, index) announced. */
export function admitBody(admission: {
  provider: Address;
  index: number;
  statementHash: Buffer;
  imageId: Buffer;
  shape: Buffer;
}): Cell {
  return packed(
    binding.storeAdmit({
      $$type: 'Admit',
      statementHash: toInt(admission.statementHash, 32),
      imageId: toInt(admission.imageId, 32),
      shape: toInt(admission.shape, 32),
      index: BigInt(admission.index),
      provider: admission.provider,
    }),
  );
}

/** What an Admit is answered with when the Worker refuses; an accepted one is answered with excesses. */
export interface AdmissionRefusal {
  /** Exit code; `WORKER_EXIT_CODES` and `REGISTRY_EXIT_CODES` name it. */
  reason: number;
  worker: Address;
  statementHash: Buffer;
}

/** Reads a message body that may be an AdmissionRefused; null for any other. */
export function parseAdmissionRefusal(body: Cell): AdmissionRefusal | null {
  const slice = body.beginParse();
  if (slice.remainingBits < 32 || slice.preloadUint(32) !== REGISTRY_OPCODES.AdmissionRefused) return null;
  const refused = binding.loadAdmissionRefused(slice);
  return {
    reason: Number(refused.reason),
    worker: refused.worker,
    statementHash: toBytes(refused.statementHash, 32),
  };
}

export interface RegistryOnChain {
  owner: Address;
  offeredOwner: Address | null;
  guardian: Address;
  /** Whether loosening waits for the timelock. */
  sealed: boolean;
  parameters: RegistryParameters;
  counts: {
    workers: number;
    routers: number;
    images: number;
    shapes: number;
    models: number;
    blocks: number;
    orders: number;
  };
  balanceNano: Nano;
}

export const REGISTRY_GETTERS = {
  registry: 'get_registry',
  workers: 'get_workers',
  routers: 'get_routers',
  images: 'get_images',
  shapes: 'get_shapes',
  models: 'get_models',
  blocks: 'get_blocks',
  orders: 'get_orders',
  /** (imageId, shape, worker address) -> exit code, 0 when an admission would pass the Registry. */
  refusal: 'get_refusal',
  admitValue: 'get_admit_value',
} as const;

export function parseRegistry(stack: TupleReader): RegistryOnChain {
  const view = binding.loadGetterTupleRegistryView(restoreTuples(stack));
  const { parameters, counts } = view;
  return {
    owner: view.owner,
    offeredOwner: view.offeredOwner,
    guardian: view.guardian,
    sealed: view.sealed,
    parameters: {
      minStakeNano: parameters.minStake,
      unbondingSeconds: Number(parameters.unbondingSeconds),
      protocolFeeBps: Number(parameters.protocolFeeBps),
      routerDepositNano: parameters.routerDeposit,
      treasury: parameters.treasury,
    },
    counts: {
      workers: Number(counts.workers),
      routers: Number(counts.routers),
      images: Number(counts.images),
      shapes: Number(counts.shapes),
      models: Number(counts.models),
      blocks: Number(counts.blocks),
      orders: Number(counts.orders),
    },
    balanceNano: nano(view.balance),
  };
}

/** Result of `get_workers` or `get_routers`. */
export function parseListed(stack: TupleReader): Address[] {
  return parseHashes(stack).map((hash) => new Address(0, hash));
}

/** Result of `get_shapes`. */
export function parseShapes(stack: TupleReader): Buffer[] {
  return parseHashes(stack);
}

export interface AllowedImage {
  imageId: Buffer;
  role: number;
  expiresAt: number;
}

export function parseImages(stack: TupleReader): AllowedImage[] {
  const images = Dictionary.loadDirect(HASH_KEY, binding.dictValueParserImageRule(), stack.readCellOpt());
  return [...images].map(([imageId, rule]) => ({
    imageId: toBytes(imageId, 32),
    role: Number(rule.role),
    expiresAt: Number(rule.expiresAt),
  }));
}

export interface AllowedModel {
  modelHash: Buffer;
  name: string;
}

export function parseModels(stack: TupleReader): AllowedModel[] {
  const models = Dictionary.loadDirect(HASH_KEY, Dictionary.Values.Cell(), stack.readCellOpt());
  return [...models].map(([modelHash, name]) => ({
    modelHash: toBytes(modelHash, 32),
    name: name.beginParse().loadStringTail(),
  }));
}

/** Result of `get_blocks` (subject -> last second) or `get_orders` (order hash -> due at). */
export function parseDates(stack: TupleReader): { hash: Buffer; at: number }[] {
  const dates = Dictionary.loadDirect(HASH_KEY, Dictionary.Values.Uint(32), stack.readCellOpt());
  return [...dates].map(([hash, at]) => ({ hash: toBytes(hash, 32), at }));
}

const HASH_KEY = Dictionary.Keys.BigUint(256);

function parseHashes(stack: TupleReader): Buffer[] {
  const hashes = Dictionary.loadDirect(HASH_KEY, Dictionary.Values.Bool(), stack.readCellOpt());
  return hashes.keys().map((hash) => toBytes(hash, 32));
}

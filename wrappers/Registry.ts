import { Address, Dictionary, type Cell, type StateInit, type TupleItem, type TupleReader } from '@ton/core';
import * as binding from '../build/Registry/Registry_Registry';
import { Registry as RegistrySimulated } from '../build/RegistrySimulated/RegistrySimulated_Registry';
import { nano, type Nano } from '../src/protocol/amounts';
import type { Root } from '../src/protocol/root';
import type { TcbFloor } from '../src/protocol/tcb';
import { packed, toBytes, toInt } from './bytes';
import { exitCodesOf } from './exitCodes';
import { restoreTuples } from './tonClientTuples';

export { parseRegistryEvent, type RegistryEvent } from './registryEvents';

/** One contract in two builds: they differ in the root of trust of their Platforms, and in nothing else. */
const BUILDS = { intel: binding.Registry, simulated: RegistrySimulated } as const;

/** Opcodes of both builds; QuoteVerified is Intel's, and the simulated root has its own. */
export const REGISTRY_OPCODES: Readonly<Record<keyof typeof binding.Registry.opcodes, number>> =
  binding.Registry.opcodes;
export const REGISTRY_EXIT_CODES = /* @__PURE__ */ exitCodesOf(binding, 'ERROR_REGISTRY_');

/** Bounds in the contract's code. */
export const TIMELOCK_SECONDS = Number(binding.TIMELOCK_SECONDS);
export const ORDER_SECONDS = Number(binding.ORDER_SECONDS);
export const GUARDIAN_BLOCK_SECONDS = Number(binding.GUARDIAN_BLOCK_SECONDS);
export const MAX_LISTED_WORKERS = Number(binding.MAX_WORKERS);
export const MAX_LISTED_ROUTERS = Number(binding.MAX_ROUTERS);
/** `blocks` values of a block that only the owner can lift: his own, and a machine's that contradicted itself. */
export const BLOCKED_FOR_GOOD = Number(binding.BLOCKED_FOR_GOOD);
export const BLOCKED_BY_PROOF = Number(binding.BLOCKED_BY_PROOF);

/** Values that suffice on mainnet's prices of 2026 with room for twice as much; what is left comes back. */
export const REGISTRY_VALUES = {
  deploy: nano(100_000_000n),
  order: nano(20_000_000n),
} as const;

/** Code and initial data; `salt` lets one owner have several registries. */
export async function registryInit(root: Root, owner: Address, salt = 0): Promise<StateInit> {
  return BUILDS[root].init(owner, BigInt(salt));
}

export async function registryAddress(root: Root, owner: Address, salt = 0): Promise<Address> {
  return (await BUILDS[root].fromInit(owner, BigInt(salt))).address;
}

/** Cell hash of a registry's code, by which everybody tells whose signature it takes for hardware's. */
export async function registryCodeHash(root: Root): Promise<Buffer> {
  const { code } = await registryInit(root, new Address(0, Buffer.alloc(32)));
  if (!code) throw new RangeError('Registry: the build has no code');
  return code.hash();
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

/** Replaces what was offered before; offered to the owner himself, it is withdrawn. */
export function offerOwnershipBody(newOwner: Address): Cell {
  return packed(binding.storeOfferOwnership({ $$type: 'OfferOwnership', newOwner }));
}

export function acceptOwnershipBody(): Cell {
  return packed(binding.storeAcceptOwnership({ $$type: 'AcceptOwnership' }));
}

/** After it, everything that loosens waits for TIMELOCK_SECONDS, until somebody carries it out. */
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

const FMSPC_BYTES = 6;
const SVNS_BYTES = 16;

/** `fmspc` is 6 bytes; all zero for every family without a floor of its own. */
export function allowTcbBody(fmspc: Buffer, floor: TcbFloor): Cell {
  return packed(
    binding.storeAllowTcb({
      $$type: 'AllowTcb',
      fmspc: toInt(fmspc, FMSPC_BYTES),
      floor: {
        $$type: 'TcbFloor',
        pceId: BigInt(floor.pceId),
        pceSvn: BigInt(floor.pceSvn),
        sgxSvns: toInt(Buffer.from(floor.sgxSvns), SVNS_BYTES),
        teeTcbSvn: toInt(Buffer.from(floor.teeTcbSvn), SVNS_BYTES),
        qeIsvSvn: BigInt(floor.qeIsvSvn),
      },
    }),
  );
}

export function revokeTcbBody(fmspc: Buffer): Cell {
  return packed(binding.storeRevokeTcb({ $$type: 'RevokeTcb', fmspc: toInt(fmspc, FMSPC_BYTES) }));
}

/** `subject` is an image id, or the account hash of a Worker or a Platform. */
export function blockBody(subject: Buffer): Cell {
  return packed(binding.storeBlock({ $$type: 'Block', subject: toInt(subject, 32) }));
}

export function unblockBody(subject: Buffer): Cell {
  return packed(binding.storeUnblock({ $$type: 'Unblock', subject: toInt(subject, 32) }));
}

/** `order` is the hash of the queued order's body. From anybody, once it is due. */
export function executeOrderBody(order: Buffer): Cell {
  return packed(binding.storeExecuteOrder({ $$type: 'ExecuteOrder', order: toInt(order, 32) }));
}

/** `order` is the hash of the queued order's body. */
export function cancelOrderBody(order: Buffer): Cell {
  return packed(binding.storeCancelOrder({ $$type: 'CancelOrder', order: toInt(order, 32) }));
}

/** What an Announce or an Attest is answered with when it is refused; an accepted one is answered with excesses. */
export interface AdmissionRefusal {
  /** Exit code; `WORKER_EXIT_CODES`, `REGISTRY_EXIT_CODES` and the Platform's name it. */
  reason: number;
  worker: Address;
  /** As `statementDigest` gives it. */
  statementDigest: Buffer;
}

/** Reads a message body that may be an AdmissionRefused; null for any other. */
export function parseAdmissionRefusal(body: Cell): AdmissionRefusal | null {
  const slice = body.beginParse();
  if (slice.remainingBits < 32 || slice.preloadUint(32) !== REGISTRY_OPCODES.AdmissionRefused) return null;
  const refused = binding.loadAdmissionRefused(slice);
  return {
    reason: Number(refused.reason),
    worker: refused.worker,
    statementDigest: toBytes(refused.statementDigest, 32),
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
    floors: number;
    ownerBlocks: number;
    guardianBlocks: number;
    provenBlocks: number;
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
  floors: 'get_floors',
  blocks: 'get_blocks',
  orders: 'get_orders',
  /** `refusalArguments` -> exit code, 0 when such a quote would pass the Registry. */
  refusal: 'get_refusal',
  /** (models as `modelsCell` gives them) -> exit code, 0 when a statement may name them. */
  refusalOfModels: 'get_refusal_of_models',
  /** Least value that a Platform passes on with a verified quote. */
  admissionValue: 'get_admission_value',
} as const;

/** Arguments of `get_refusal`; `measured` and `tcb` as in contracts/platform/measured.tact. */
export function refusalArguments(quote: {
  measured: Cell;
  tcb: Cell;
  worker: Address;
  platform: Address;
}): TupleItem[] {
  const address = (of: Address): TupleItem => ({
    type: 'slice',
    cell: packed((builder) => builder.storeAddress(of)),
  });
  return [
    { type: 'cell', cell: quote.measured },
    { type: 'cell', cell: quote.tcb },
    address(quote.worker),
    address(quote.platform),
  ];
}

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
      floors: Number(counts.floors),
      ownerBlocks: Number(counts.ownerBlocks),
      guardianBlocks: Number(counts.guardianBlocks),
      provenBlocks: Number(counts.provenBlocks),
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

export interface FamilyFloor extends TcbFloor {
  /** 6 bytes; all zero for families without a floor of their own. */
  fmspc: Buffer;
}

/** Result of `get_floors`. */
export function parseFloors(stack: TupleReader): FamilyFloor[] {
  const floors = Dictionary.loadDirect(
    Dictionary.Keys.BigUint(FMSPC_BYTES * 8),
    binding.dictValueParserTcbFloor(),
    stack.readCellOpt(),
  );
  return [...floors].map(([fmspc, floor]) => ({
    fmspc: toBytes(fmspc, FMSPC_BYTES),
    pceId: Number(floor.pceId),
    pceSvn: Number(floor.pceSvn),
    sgxSvns: toBytes(floor.sgxSvns, SVNS_BYTES),
    teeTcbSvn: toBytes(floor.teeTcbSvn, SVNS_BYTES),
    qeIsvSvn: Number(floor.qeIsvSvn),
  }));
}

export interface RegistryBlock {
  /** Image id, or account hash of a worker or a platform. */
  hash: Buffer;
  /** Its last second. */
  at: number;
  /** The guardian's lapses by itself. */
  by: 'owner' | 'guardian' | 'proof';
}

/** Result of `get_blocks`. */
export function parseBlocks(stack: TupleReader): RegistryBlock[] {
  const dates = Dictionary.loadDirect(HASH_KEY, Dictionary.Values.Uint(32), stack.readCellOpt());
  return [...dates].map(([hash, at]) => ({
    hash: toBytes(hash, 32),
    at,
    by: at === BLOCKED_FOR_GOOD ? 'owner' : at === BLOCKED_BY_PROOF ? 'proof' : 'guardian',
  }));
}

export interface PendingOrder {
  /** Hash of the body. */
  hash: Buffer;
  /** From then on, for ORDER_SECONDS, anybody may carry it out. */
  dueAt: number;
  /** `loadGovernanceMessage` (governanceMessages.ts) reads it. */
  body: Cell;
}

/** Result of `get_orders`. */
export function loadOrders(stack: TupleReader): PendingOrder[] {
  const orders = Dictionary.loadDirect(HASH_KEY, binding.dictValueParserPendingOrder(), stack.readCellOpt());
  return [...orders].map(([hash, { dueAt, body }]) => ({
    hash: toBytes(hash, 32),
    dueAt: Number(dueAt),
    body,
  }));
}

const HASH_KEY = Dictionary.Keys.BigUint(256);

function parseHashes(stack: TupleReader): Buffer[] {
  const hashes = Dictionary.loadDirect(HASH_KEY, Dictionary.Values.Bool(), stack.readCellOpt());
  return hashes.keys().map((hash) => toBytes(hash, 32));
}

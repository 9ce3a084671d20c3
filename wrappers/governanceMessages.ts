import type { Builder, Cell, Slice } from '@ton/core';
import * as binding from '../build/Registry/Registry_Registry';
import { packed } from './bytes';

/** Reads and writes one message of the owner's or the guardian's, as the compiler made them. */
interface OrderCodec<T> {
  load(slice: Slice): T;
  store(order: T): (builder: Builder) => void;
}

const codec = <T>(load: OrderCodec<T>['load'], store: OrderCodec<T>['store']): OrderCodec<T> => ({
  load,
  store,
});

/** Every message of contracts/shared/registry-messages.tact, by its name there. */
const CODECS = {
  OfferOwnership: codec(binding.loadOfferOwnership, binding.storeOfferOwnership),
  AcceptOwnership: codec(binding.loadAcceptOwnership, binding.storeAcceptOwnership),
  Seal: codec(binding.loadSeal, binding.storeSeal),
  SetParameters: codec(binding.loadSetParameters, binding.storeSetParameters),
  SetGuardian: codec(binding.loadSetGuardian, binding.storeSetGuardian),
  AllowImage: codec(binding.loadAllowImage, binding.storeAllowImage),
  RevokeImage: codec(binding.loadRevokeImage, binding.storeRevokeImage),
  AllowShape: codec(binding.loadAllowShape, binding.storeAllowShape),
  RevokeShape: codec(binding.loadRevokeShape, binding.storeRevokeShape),
  AllowModel: codec(binding.loadAllowModel, binding.storeAllowModel),
  RevokeModel: codec(binding.loadRevokeModel, binding.storeRevokeModel),
  AllowTcb: codec(binding.loadAllowTcb, binding.storeAllowTcb),
  RevokeTcb: codec(binding.loadRevokeTcb, binding.storeRevokeTcb),
  Block: codec(binding.loadBlock, binding.storeBlock),
  Unblock: codec(binding.loadUnblock, binding.storeUnblock),
  ExecuteOrder: codec(binding.loadExecuteOrder, binding.storeExecuteOrder),
  CancelOrder: codec(binding.loadCancelOrder, binding.storeCancelOrder),
} as const;

export type GovernanceMessageName = keyof typeof CODECS;
/** What a Registry may be told; `$$type` is the message's name. */
export type GovernanceMessage = ReturnType<(typeof CODECS)[GovernanceMessageName]['load']>;

export const GOVERNANCE_MESSAGES = Object.keys(CODECS) as readonly GovernanceMessageName[];

const BY_OPCODE = new Map(GOVERNANCE_MESSAGES.map((name) => [binding.Registry.opcodes[name], name]));

/**
 * An order by its body; null when no order has this opcode. Throws RangeError when something is missing, follows, or is written
 * otherwise than the contract writes it: such a body has another hash than the order that the contract would queue.
 */
export function loadGovernanceMessage(body: Cell): GovernanceMessage | null {
  const slice = body.beginParse();
  const name = slice.remainingBits < 32 ? undefined : BY_OPCODE.get(slice.preloadUint(32));
  if (name === undefined) return null;
  let order: GovernanceMessage;
  try {
    order = CODECS[name].load(slice);
  } catch (cause) {
    throw new RangeError(`${name} is cut short`, { cause });
  }
  if (slice.remainingBits > 0 || slice.remainingRefs > 0) {
    throw new RangeError(
      `${name} is followed by ${slice.remainingBits} bits and ${slice.remainingRefs} references`,
    );
  }
  if (!storeGovernanceMessage(order).equals(body)) throw new RangeError(`${name} is not in its one form`);
  return order;
}

export function storeGovernanceMessage(order: GovernanceMessage): Cell {
  // The codec of an order's own name takes that order.
  const { store } = CODECS[order.$$type] as unknown as OrderCodec<GovernanceMessage>;
  return packed(store(order));
}

/** What SetParameters may set, in the contract's code: least and most, both allowed. */
export const PARAMETER_BOUNDS = {
  minStake: [binding.MIN_STAKE_LEAST, binding.MIN_STAKE_MOST],
  unbondingSeconds: [binding.UNBONDING_LEAST, binding.MAX_UNBONDING_SECONDS],
  protocolFeeBps: [0n, binding.MAX_PROTOCOL_FEE_BPS],
  routerDeposit: [binding.ROUTER_DEPOSIT_LEAST, binding.ROUTER_DEPOSIT_MOST],
} as const satisfies Record<string, readonly [bigint, bigint]>;

/** How much of each kind a Registry holds at most. */
export const LIST_BOUNDS = {
  images: Number(binding.MAX_IMAGES),
  shapes: Number(binding.MAX_SHAPES),
  models: Number(binding.MAX_MODELS),
  floors: Number(binding.MAX_FLOORS),
  blocks: Number(binding.MAX_BLOCKS),
  guardianBlocks: Number(binding.MAX_GUARDIAN_BLOCKS),
  orders: Number(binding.MAX_ORDERS),
} as const;

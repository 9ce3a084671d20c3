import { Address, type Cell, type Slice } from '@ton/core';
import * as binding from '../build/Registry/Registry_Registry';
import { toBytes } from './bytes';
import { loadGovernanceMessage, type GovernanceMessage } from './governanceMessages';

/** What a registry tells of a change, in an external message to nobody (contracts/registry/events.tact). */
export type RegistryEvent =
  | { kind: 'OwnershipOffered'; newOwner: Address }
  | { kind: 'OwnershipAccepted'; owner: Address }
  | { kind: 'Sealed' }
  | ({ kind: 'OrderQueued'; dueAt: number } & ToldOrder)
  | ({ kind: 'OrderCancelled' | 'OrderCarriedOut' } & ToldOrder)
  /** `blockedUntil` is the last second, or BLOCKED_FOR_GOOD. */
  | { kind: 'Blocked'; subject: Buffer; blockedUntil: number; by: Address }
  | { kind: 'WorkerEntered' | 'WorkerDropped'; worker: Address }
  | { kind: 'RouterEntered' | 'RouterDropped'; router: Address };

interface ToldOrder {
  /** Hash of the body, by which the queue knows it. */
  hash: Buffer;
  body: Cell;
  order: GovernanceMessage;
}

type Kind = RegistryEvent['kind'];

const HASH_BYTES = 32;

const READERS: Readonly<Record<Kind, (body: Slice) => RegistryEvent>> = {
  OwnershipOffered: (body) => ({
    kind: 'OwnershipOffered',
    newOwner: binding.loadOwnershipOffered(body).newOwner,
  }),
  OwnershipAccepted: (body) => ({
    kind: 'OwnershipAccepted',
    owner: binding.loadOwnershipAccepted(body).owner,
  }),
  Sealed: () => ({ kind: 'Sealed' }),
  OrderQueued: (body) => {
    const { dueAt, order } = binding.loadOrderQueued(body);
    return { kind: 'OrderQueued', dueAt: Number(dueAt), ...toldOrder(order) };
  },
  OrderCancelled: (body) => ({
    kind: 'OrderCancelled',
    ...toldOrder(binding.loadOrderCancelled(body).order),
  }),
  OrderCarriedOut: (body) => ({
    kind: 'OrderCarriedOut',
    ...toldOrder(binding.loadOrderCarriedOut(body).order),
  }),
  Blocked: (body) => {
    const { subject, blockedUntil, by } = binding.loadBlocked(body);
    return {
      kind: 'Blocked',
      subject: toBytes(subject, HASH_BYTES),
      blockedUntil: Number(blockedUntil),
      by,
    };
  },
  WorkerEntered: (body) => ({
    kind: 'WorkerEntered',
    worker: accountOf(binding.loadWorkerEntered(body).worker),
  }),
  WorkerDropped: (body) => ({
    kind: 'WorkerDropped',
    worker: accountOf(binding.loadWorkerDropped(body).worker),
  }),
  RouterEntered: (body) => ({
    kind: 'RouterEntered',
    router: accountOf(binding.loadRouterEntered(body).router),
  }),
  RouterDropped: (body) => ({
    kind: 'RouterDropped',
    router: accountOf(binding.loadRouterDropped(body).router),
  }),
};

const KINDS = Object.keys(READERS) as Kind[];

/** Reads the body of an external message that a registry sent; null for any other. */
export function parseRegistryEvent(body: Cell): RegistryEvent | null {
  const slice = body.beginParse();
  if (slice.remainingBits < 32) return null;
  const opcode = slice.preloadUint(32);
  const kind = KINDS.find((name) => binding.Registry.opcodes[name] === opcode);
  return kind ? READERS[kind](slice) : null;
}

function toldOrder(body: Cell): ToldOrder {
  const order = loadGovernanceMessage(body);
  if (!order) throw new RangeError('Registry: an event tells an order that is none');
  return { hash: body.hash(), body, order };
}

function accountOf(hash: bigint): Address {
  return new Address(0, toBytes(hash, HASH_BYTES));
}

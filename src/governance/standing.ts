import type { Address, Cell } from '@ton/core';
import type { AllowedImage, AllowedModel, FamilyFloor, RegistryParameters } from '../../wrappers/Registry';

/** An order in the queue. */
export interface QueuedOrder {
  /** Hash of its body. */
  hash: Buffer;
  /** From when on it may be carried out, Unix seconds. */
  dueAt: number;
  /** The body of the message. */
  body: Cell;
}

/** What a Registry allows, blocks and waits for, at one moment: what an order is explained against. */
export interface Standing {
  /** Unix seconds of the moment. */
  nowUnix: number;
  registry: {
    owner: Address;
    offeredOwner: Address | null;
    guardian: Address;
    sealed: boolean;
    parameters: RegistryParameters;
  };
  workers: readonly Address[];
  images: readonly AllowedImage[];
  shapes: readonly Buffer[];
  models: readonly AllowedModel[];
  floors: readonly FamilyFloor[];
  /** Subject and last second of each block. */
  blocks: readonly { hash: Buffer; at: number }[];
  orders: readonly QueuedOrder[];
}

export function sameHash(a: Buffer, hex: string): boolean {
  return a.toString('hex') === hex;
}

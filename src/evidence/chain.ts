import type { Address } from '@ton/core';
import type { Root } from '../protocol/root';

/**
 * What a verification asks the chain: finalized state and transactions. `Chain` of src/chain answers all but
 * the last two, which read transactions. Methods throw CocoonError `chain_unavailable`, which ends the verification.
 */
export interface EvidenceChain {
  readonly networkId: number;
  readonly registry: Address;
  /** Whose signature the registry takes for hardware's, told by its code. */
  registryRoot(): Promise<Root>;
  registryRules(): Promise<ListedRules>;
  /** Null for anything but a genuine child of the registry. */
  worker(address: Address): Promise<AdmittedWorker | null>;
  escrow(address: Address): Promise<OpenedEscrow | null>;
  /** Root hash of a masterchain block. */
  masterchainRoot(seqno: number): Promise<Buffer>;
  /** The transaction in which a Worker admitted a statement; null where none is found. */
  admission(worker: Address, statement: Buffer): Promise<SeenTransaction | null>;
  /** Transactions that paid a line, oldest first; what came back counts as never paid. */
  payouts(escrow: Address, lineId: Buffer): Promise<readonly Payout[]>;
}

/** Keyed by hashes in hex. */
export interface ListedRules {
  /** Last second at which an image is allowed. */
  images: ReadonlyMap<string, number>;
  shapes: ReadonlySet<string>;
  /** Hash -> name. */
  models: ReadonlyMap<string, string>;
  /** Image, or account hash of a Worker or Platform -> last second of the block. */
  blocks: ReadonlyMap<string, number>;
}

export interface AdmittedWorker {
  keys: readonly { workerKey: Buffer; lastSettleBy: number; platform: Buffer }[];
  /** Of the statement admitted last. */
  statementHash: Buffer;
  imageId: Buffer;
  /** Of the block that this was read at, Unix seconds. */
  readAtUnix: number;
}

export interface OpenedEscrow {
  domain: Buffer;
  born: bigint;
  signer: Buffer | null;
  /** Keyed by line id in hex. */
  lines: ReadonlyMap<string, { capNano: bigint; paidNano: bigint; settleBy: number; closeAt: number }>;
  readAtUnix: number;
}

export interface SeenTransaction {
  hash: Buffer;
  atUnix: number;
}

export interface Payout extends SeenTransaction {
  amountNano: bigint;
}

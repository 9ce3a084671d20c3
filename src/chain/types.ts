import type { Address, Cell, StateInit } from '@ton/core';
import type { EscrowOnChain, LineOnChain } from '../../wrappers/Escrow';
import type { AdmittedKey, MeasuredTcb, PendingStatement } from '../../wrappers/Worker';
import type { Nano } from '../protocol/amounts';
import type { Root } from '../protocol/root';
import type { TcbFloor } from '../protocol/tcb';
import type { RawTransaction } from './chainClient';

export type { MeasuredTcb };

/** What the programs read from the chain: always finalized, always with the time of the block it was read at. */
export interface EscrowState extends Omit<EscrowOnChain, 'entries'> {
  address: Address;
  balanceNano: Nano;
  /** Keyed by lineId in hex. */
  lines: ReadonlyMap<string, LineEntry>;
  /** Unix seconds of the block that this was read at. */
  readAtUnix: number;
}

export type LineEntry = LineOnChain;

export interface WorkerState {
  address: Address;
  registry: Address;
  provider: Address;
  index: number;
  operator: Address;
  stakeNano: Nano;
  /** Unix seconds until which the newest admitted key is active; 0 when never admitted. */
  activeUntil: number;
  active: boolean;
  unstakeAt: number;
  keys: readonly AdmittedKey[];
  /** SHA-256 of the statement admitted last; this and what a quote said are zero before the first. */
  statementHash: Buffer;
  imageId: Buffer;
  shape: Buffer;
  /** Account hash of the Platform that verified the quote. */
  platform: Buffer;
  /** The machine's trusted computing base, as the quote proved it; null before the first. */
  tcb: MeasuredTcb | null;
  /** Masterchain block that the newest quote was bound to. */
  quoteSeqno: number;
  /** Announced and not admitted yet. */
  pending: PendingStatement | null;
  /** Unix seconds at which it was admitted. */
  attestedAt: number;
  earningsNano: Nano;
  claimableNano: Nano;
  feeRecipients: readonly { feeTo: Buffer; maxBps: number; owedNano: Nano }[];
  balanceNano: Nano;
  readAtUnix: number;
}

/** The registry's lists, keyed by hashes in hex. */
export interface RegistryRules {
  /** Image id -> last second at which it is allowed. */
  images: ReadonlyMap<string, number>;
  shapes: ReadonlySet<string>;
  /** Model hash -> the name that this model goes by. */
  models: ReadonlyMap<string, string>;
  /** FMSPC -> the least that a machine of that family must have; 000000000000 for families without their own. */
  floors: ReadonlyMap<string, TcbFloor>;
  /** Image id, or account hash of a Worker or a Platform -> last second of the block. */
  blocks: ReadonlyMap<string, number>;
  /** Unix seconds of the block that this was read at. */
  readAtUnix: number;
}

export interface TransactionView {
  lt: bigint;
  hash: Buffer;
  atUnix: number;
  /** Opcode of the inbound body, null for none. */
  op: number | null;
  inValueNano: Nano;
  from: Address | null;
  exitCode: number | null;
  aborted: boolean;
  /** Everything this transaction cost its account. */
  feesNano: Nano;
}

/** The chain as every program sees it. `createChain` makes one over a toncenter-compatible endpoint. */
export interface Chain {
  readonly networkId: number;
  readonly registry: Address;
  /** Unix seconds of the last finalized masterchain block. */
  blockTime(): Promise<number>;
  balance(address: Address): Promise<Nano>;
  isDeployed(address: Address): Promise<boolean>;
  escrow(address: Address): Promise<EscrowState | null>;
  worker(address: Address): Promise<WorkerState | null>;
  /** Addresses of all Worker contracts that the registry lists. */
  workers(): Promise<Address[]>;
  /** What the registry allows and blocks now. */
  registryRules(): Promise<RegistryRules>;
  /** Whose signature the registry takes for hardware's. Throws CocoonError `chain_refused` for a code that is not known. */
  registryRoot(): Promise<Root>;
  /** Root hash of a masterchain block. */
  masterchainRoot(seqno: number): Promise<Buffer>;
  /** Account hash of the Platform contract of a machine, by its PPID of 16 bytes: it follows from the registry. */
  platformOf(ppid: Uint8Array): Promise<Buffer>;
  sendExternal(address: Address, body: Cell, init?: StateInit): Promise<void>;
  transactions(address: Address, limit: number): Promise<TransactionView[]>;
}

/** Something that can send internal messages: a wallet. Resolves when the message is final on chain. */
export interface Sender {
  readonly address: Address;
  send(message: {
    to: Address;
    valueNano: bigint;
    body?: Cell;
    init?: StateInit;
    bounce?: boolean;
  }): Promise<void>;
}

/** What one wallet message did, with everything that it caused on chain. */
export interface TransferReport {
  /** All fees of the wallet's own transaction and of every transaction that followed from it. */
  feesNano: Nano;
  /** By how much this lowered the wallet's balance, what came back included; other messages of the wallet are not in it. */
  spentNano: Nano;
  lt: bigint;
  hash: Buffer;
  atUnix: number;
  /** The first contract that refused its message, when one did. */
  failure: { address: Address; exitCode: number } | null;
  /** What came back to the wallet. */
  answers: readonly { from: Address; valueNano: Nano; body: Cell }[];
}

export interface OutgoingMessage {
  to: Address;
  valueNano: bigint;
  body?: Cell;
  init?: StateInit;
  bounce?: boolean;
}

/** A wallet: its messages go out one after the other, and each is reported with its exact cost. */
export interface WalletSender extends Sender {
  /** Sends one external message that carries them all; resolves when everything that they caused is final. */
  transfer(messages: readonly OutgoingMessage[]): Promise<TransferReport>;
}

/** A signed message of a wallet, as much as is needed to find out later what became of it. */
export interface SignedTransfer {
  wallet: Address;
  /** Of the signed body: no two are the same, so it names its transaction. */
  bodyHash: Buffer;
  /** The wallet takes one message of each number. */
  seqno: number;
  /** Last second at which the wallet takes it, Unix seconds. */
  validUntil: number;
  /** How many messages the wallet was told to send. */
  count: number;
}

/** Who follows a transfer closely. */
export interface TransferHooks {
  /** Before the message leaves; what this throws keeps it here. */
  onSigned?: (sent: SignedTransfer) => void;
  /** Each transaction that follows from the message, the wallet's own first. */
  onTransaction?: (transaction: RawTransaction) => void;
}

/** A wallet whose messages are found again by a later process. */
export interface TraceableWallet extends WalletSender {
  transfer(messages: readonly OutgoingMessage[], hooks?: TransferHooks): Promise<TransferReport>;
  /**
   * What became of a message that was signed earlier, maybe by a process that died: its report, or null when no block
   * took it or ever will. Throws CocoonError `chain_unavailable` while neither is certain.
   */
  outcome(sent: SignedTransfer, hooks?: Pick<TransferHooks, 'onTransaction'>): Promise<TransferReport | null>;
}

/** The one source of time: the chain's on a devnet, the system's elsewhere, checked against the chain. */
export interface Clock {
  /** Unix seconds, fractional. */
  now(): number;
}

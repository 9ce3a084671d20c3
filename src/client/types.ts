import type { Address } from '@ton/core';
import type { AttestationCrypto } from '../attestation';
import type { Timers } from '../channel';
import type { PlatformFamily } from '../collateral/platform';
import type { LineRelease } from '../chain/lineEnd';
import type { Chain, Clock, WalletSender } from '../chain/types';
import type { EvidenceBundle } from '../evidence';
import type { CocoonError } from '../protocol/errors';
import type { Caller } from './caller';
import type { EndReason } from './heldLine';
import type { Refused } from './market';
import type { ModelInfo } from './models';
import type { FundingRules, Policy } from './policy';
import type { Signer } from './signer';
import type { CostSum } from './store';

export interface ClientConfig {
  /** Base URLs without a trailing slash; several are used side by side. */
  routers: readonly string[];
  escrow: Address;
  /** Signs tickets and allocations. Never a wallet's key: it can spend no more than the budget set on chain. */
  signer: Signer;
  /** Where tickets, records and receipts are kept; null keeps them in memory only. */
  dataDir: string | null;
  policy?: Partial<Policy>;
  funding?: Partial<FundingRules>;
}

export interface ClientDeps {
  chain: Chain;
  clock: Clock;
  fetch?: typeof globalThis.fetch;
  random?: (bytes: number) => Buffer;
  timers?: Timers;
  /**
   * Pays for fetching what ended lines left, when that is worth it: any wallet with a little money, best not the
   * client's own, whose key can empty the escrow.
   */
  wallet?: WalletSender;
  /** For verifying quotes: WebCrypto unless something faster is at hand. */
  attestationCrypto?: AttestationCrypto;
  /** Intel's collateral as JSON; by default each router passes on what its workers' machines need. Signed by Intel, it may come from anybody. */
  collateral?: (family: PlatformFamily) => Promise<unknown>;
  /** Told of every worker that failed or billed wrongly; null for faults of this program. For logs. */
  onFault?: (workerId: string | null, error: CocoonError) => void;
}

export interface BalanceInfo {
  /** Free money and everything unspent on lines. */
  depositNano: bigint;
  /** Can be withdrawn now. */
  freeNano: bigint;
  /** Unspent on lines; free again when they end. */
  allocatedNano: bigint;
  /** Maximum fees of jobs that may still be running. */
  reservedNano: bigint;
  /** Billed by workers, not yet settled on chain. */
  unsettledNano: bigint;
  /** What the signer may still allocate, gas included. */
  signerBudgetNano: bigint;
}

export interface LineInfo {
  id: string;
  /** Account hash of the Worker contract in hex; null for a line that these books do not know. */
  worker: string | null;
  router: string | null;
  capNano: bigint;
  paidNano: bigint;
  /** What the worker has earned as far as these books know, paid or not. */
  spentNano: bigint;
  reservedNano: bigint;
  roomNano: bigint;
  settleByUnix: number;
  /** 0 while the line is open. */
  closeAtUnix: number;
  /** Whether new jobs can use it. */
  open: boolean;
  /** Why it takes no more jobs, where that is this client's doing or its worker's. */
  why: EndReason | null;
  /** When and how its unpaid rest is free again. */
  release: LineRelease;
}

/** What having lines cost, beside what was bought through them. */
export interface CostInfo extends CostSum {
  /** In hundredths of a percent of what was spent; null before anything was. */
  shareBps: number | null;
}

/** All about this client's money. Amounts are nanotons. */
export interface MoneyInfo extends BalanceInfo {
  escrow: string;
  readAtUnix: number;
  lines: LineInfo[];
  /** Of the last seven days, to which raises are tuned, and since the books began. */
  cost: { recent: CostInfo; total: CostInfo };
  /** What a prune would free now, and the command for it where no housekeeping wallet does it. */
  prune: { lines: string[]; freesNano: bigint; command: string | null };
  /** The housekeeping wallet's address. */
  wallet: string | null;
}

export interface ReceiptInfo {
  /** The job's id. */
  id: string;
  lineId: string;
  model: string;
  /** Worker key in hex. */
  worker: string;
  issuedAtUnix: number;
  maxFeeNano: bigint;
  /** Null while no record came. */
  costNano: bigint | null;
  /** Base64 of the exact bytes: ticket ‖ signature, record, inclusion proof, receipt ‖ signature. */
  ticket: string;
  record: string | null;
  proof: string | null;
  receipt: string | null;
}

/** Two receipts of one worker that contradict each other. As JSON in a file it is what `cocoon slash file` reads; all is hex. */
export interface ContradictionInfo {
  version: 1;
  /** Account hash of the Worker contract. */
  worker: string;
  worker_key: string;
  /** `image ‖ signature` each. */
  first: string;
  second: string;
}

export interface Client {
  /** `new OpenAI({ fetch: client.fetch, baseURL: 'https://cocoon.invalid/v1', apiKey: 'unused' })`. */
  fetch: typeof globalThis.fetch;
  /** The same for one of several callers: with answers, limits and receipts of its own. */
  fetchAs(caller: Caller): typeof globalThis.fetch;
  models(): Promise<ModelInfo[]>;
  /** Workers of the order books that were left out, and why. */
  refusedWorkers(): readonly Refused[];
  balance(): Promise<BalanceInfo>;
  lines(): Promise<LineInfo[]>;
  /** Balance and lines with what they cost, and what frees what is locked. */
  money(): Promise<MoneyInfo>;
  /** Looks for lines that nobody wants and money to fetch, now; it does so from time to time by itself. */
  tidy(): Promise<void>;
  /** Newest first. */
  receipts(limit?: number): ReceiptInfo[];
  receipt(id: string): ReceiptInfo | null;
  /** One pair for each worker key that signed two histories of a line of ours; filing it costs the worker its stake. */
  contradictions(): ContradictionInfo[];
  /**
   * Everything that shows where the answer of that receipt came from, for anybody to verify; null for answers without a
   * bill, and for those whose evidence is not kept any more.
   */
  evidence(receiptId: string): EvidenceBundle | null;
  /** Ends lines; what they hold unspent is free after the closing delay. */
  closeLines(ids: readonly string[]): Promise<void>;
  /** Resolves when escrow and at least one order book can be read. */
  ready(): Promise<void>;
  /** Waits for background work and closes the books. */
  close(): Promise<void>;
}

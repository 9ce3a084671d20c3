import { beginCell, Dictionary, type Address, type Cell, type StateInit, type TupleReader } from '@ton/core';
import * as binding from '../build/Worker/Worker_Worker';
import { nano, type Nano } from '../src/protocol/amounts';
import { receiptLayout, verifySigned, type Receipt, type Signed } from '../src/protocol/signed';
import { modelsCell, statementCell } from '../src/protocol/statement';
import { packed, toBytes, toInt } from './bytes';
import { exitCodesOf } from './exitCodes';
import { restoreTuples } from './tonClientTuples';

export { Worker } from '../build/Worker/Worker_Worker';

export const WORKER_OPCODES: Readonly<Record<keyof typeof binding.Worker.opcodes, number>> =
  binding.Worker.opcodes;
export const WORKER_EXIT_CODES = /* @__PURE__ */ exitCodesOf(binding, 'ERROR_WORKER_');

/** Bounds in the contract's code. */
export const WORKER_RESERVE_NANO: Nano = nano(binding.WORKER_RESERVE);
export const MAX_PROTOCOL_FEE_BPS = Number(binding.MAX_PROTOCOL_FEE_BPS);
export const MAX_UNBONDING_SECONDS = Number(binding.MAX_UNBONDING_SECONDS);
export const MAX_WORKER_KEYS = Number(binding.MAX_KEYS);
export const MAX_FEE_RECIPIENTS = Number(binding.MAX_RECIPIENTS);
export const MAX_RECIPIENT_BPS = Number(binding.MAX_RECIPIENT_BPS);
export const DELIST_DELAY_SECONDS = Number(binding.DELIST_DELAY);
export const PAYOUT_GRACE_SECONDS = Number(binding.PAYOUT_GRACE_SECONDS);
/** What of a slashed stake goes to whoever files the proof. */
export const SLASH_REPORTER_BPS = Number(binding.SLASH_REPORTER_BPS);
/** `activeUntil` of a key that was slashed: it is never admitted again. */
export const KEY_SLASHED = Number(binding.KEY_SLASHED);

const FEE_TO_BYTES = 20;

/** Code and initial data of a provider's Worker number `index`; the data is what the escrow hashes too. */
export async function workerInit(registry: Address, provider: Address, index: number): Promise<StateInit> {
  return binding.Worker.init(registry, provider, BigInt(index));
}

export async function workerAddress(registry: Address, provider: Address, index: number): Promise<Address> {
  return (await binding.Worker.fromInit(registry, provider, BigInt(index))).address;
}

/** Adds `amountNano` to the stake (0 is allowed) and sets the operator; also takes back an `unstakeBody`. */
export function stakeBody(amountNano: bigint, operator: Address): Cell {
  return packed(binding.storeStake({ $$type: 'Stake', amount: amountNano, operator }));
}

export function setOperatorBody(operator: Address): Cell {
  return packed(binding.storeSetOperator({ $$type: 'SetOperator', operator }));
}

/** By what lines and listings name a fee recipient: the first 20 bytes of its account hash. */
export function feeToOf(account: Address): Buffer {
  return account.hash.subarray(0, FEE_TO_BYTES);
}

/** `feeTo` as `feeToOf` gives it. */
export function listRecipientBody(feeTo: Buffer, maxBps: number): Cell {
  return packed(
    binding.storeListRecipient({ $$type: 'ListRecipient', feeTo: feeToInt(feeTo), maxBps: BigInt(maxBps) }),
  );
}

export function delistRecipientBody(feeTo: Buffer): Cell {
  return packed(binding.storeDelistRecipient({ $$type: 'DelistRecipient', feeTo: feeToInt(feeTo) }));
}

/** `statement` is the 217-byte image of src/protocol/statement.ts, `models` the hashes that its root is of. */
export function announceBody(statement: Uint8Array, models: readonly Buffer[]): Cell {
  return packed(
    binding.storeAnnounce({
      $$type: 'Announce',
      statement: statementCell(statement),
      models: modelsCell(models),
    }),
  );
}

export function claimBody(): Cell {
  return packed(binding.storeClaim({ $$type: 'Claim' }));
}

export function pullFeeBody(): Cell {
  return packed(binding.storePullFee({ $$type: 'PullFee' }));
}

export function unstakeBody(): Cell {
  return packed(binding.storeUnstake({ $$type: 'Unstake' }));
}

export function withdrawStakeBody(): Cell {
  return packed(binding.storeWithdrawStake({ $$type: 'WithdrawStake' }));
}

/**
 * Two receipts that `receiptKey` (32 bytes) should never have signed both, as a proof that costs the stake of the Worker which
 * admitted the key. Anybody may send it there. Throws RangeError when they are no proof.
 */
export function slashBody(receiptKey: Buffer, first: Signed<Receipt>, second: Signed<Receipt>): Cell {
  requireProof(receiptKey, first, second);
  const { domain, lineId, jobs } = first.value;
  return packed(
    binding.storeSlash({
      $$type: 'Slash',
      receiptKey: toInt(receiptKey, 32),
      domain: toInt(domain, 32),
      lineId: toInt(lineId, 20),
      jobs,
      first: slashReceiptCell(first),
      second: slashReceiptCell(second),
    }),
  );
}

function requireProof(receiptKey: Buffer, first: Signed<Receipt>, second: Signed<Receipt>): void {
  const [a, b] = [first.value, second.value];
  const refuse = (why: string): never => {
    throw new RangeError(`no proof: the receipts ${why}`);
  };
  if (!a.domain.equals(b.domain)) refuse('are of different domains');
  if (!a.lineId.equals(b.lineId)) refuse('are of different lines');
  if (a.jobs !== b.jobs) refuse('count different numbers of jobs');
  if (a.total === b.total && a.jobsRoot.equals(b.jobsRoot)) refuse('tell the same history');
  for (const receipt of [first, second])
    if (!verifySigned(receiptLayout, receipt, receiptKey)) refuse('are not both signed by the key');
}

// slash_receipt total:uint64 jobsRoot:bits256 issuedAt:uint32 flags:uint8 signature:bits512 = SlashReceipt
function slashReceiptCell({ value, signature }: Signed<Receipt>): Cell {
  return beginCell()
    .storeUint(value.total, 64)
    .storeBuffer(value.jobsRoot, 32)
    .storeUint(value.issuedAt, 32)
    .storeUint(value.flags, 8)
    .storeBuffer(signature, 64)
    .endCell();
}

/** What the escrow sends; here for tests and tools. `keyPrefix` is the first 16 bytes of the worker key. */
export function payoutBody(payout: {
  amountNano: bigint;
  lineId: Buffer;
  feeBps: number;
  feeTo: Buffer;
  keyPrefix: Buffer;
}): Cell {
  return packed(
    binding.storePayout({
      $$type: 'Payout',
      amount: payout.amountNano,
      lineId: toInt(payout.lineId, 20),
      feeBps: BigInt(payout.feeBps),
      feeTo: feeToInt(payout.feeTo),
      keyPrefix: toInt(payout.keyPrefix, 16),
    }),
  );
}

/** `get_worker` as plain data. Hashes are null before the first admission. */
export interface WorkerOnChain {
  registry: Address;
  provider: Address;
  index: number;
  operator: Address;
  stakeNano: Nano;
  /** Payouts not claimed yet, net of the routers' fees; the protocol fee is taken of this. */
  earningsNano: Nano;
  /** What a claim would move now, stipends and plain transfers included, before the protocol fee. */
  claimableNano: Nano;
  owedNano: Nano;
  balanceNano: Nano;
  /** When the stake is free; 0 while staked. */
  unstakeAt: number;
  activeUntil: number;
  /** Staked, not leaving, and the newest admission still counts. Read images and blocks from the Registry too. */
  active: boolean;
  keys: AdmittedKey[];
  feeRecipients: { feeTo: Buffer; maxBps: number; owedNano: Nano; delistAt: number }[];
  /** Terms of the stake; null until the Registry has answered the first one. */
  terms: { feeBps: number; unbondingSeconds: number; minStakeNano: Nano; treasury: Address } | null;
  /** Masterchain block that the newest quote was bound to; 0 before the first. */
  quoteSeqno: number;
  /** Announced and not admitted yet. */
  pending: PendingStatement | null;
  /** Admitted last. */
  admitted: AdmittedStatement | null;
}

export interface AdmittedKey {
  workerKey: Buffer;
  /** `KEY_SLASHED` for one that contradicted itself. */
  activeUntil: number;
  /** Latest settleBy of any line to this key. */
  lastSettleBy: number;
  /** Account hash of the Platform that attested it last: the one that a slash blocks. */
  platform: Buffer;
}

export interface PendingStatement {
  statementHash: Buffer;
  /** First half of the report data of a quote that confirms it. */
  statementDigest: Buffer;
  receiptKey: Buffer;
  modelsRoot: Buffer;
  notAfter: number;
  announcedAt: number;
  /** The registry has nothing against it: a quote may come. */
  cleared: boolean;
}

/** What a quote said when it was verified on chain. */
export interface AdmittedStatement {
  statementHash: Buffer;
  statementDigest: Buffer;
  receiptKey: Buffer;
  modelsRoot: Buffer;
  imageId: Buffer;
  shape: Buffer;
  /** Account hash of the machine's Platform. */
  platform: Buffer;
  attestedAt: number;
  tcb: MeasuredTcb;
}

/** The machine's trusted computing base. Bytes in the order of the certificate and of the quote's body. */
export interface MeasuredTcb {
  /** Root hash of the masterchain block that the quote was bound to. */
  blockRoot: Buffer;
  fmspc: Buffer;
  pceId: number;
  pceSvn: number;
  sgxSvns: Buffer;
  teeTcbSvn: Buffer;
  /** Zero for a TD 1.0 body. */
  teeTcbSvn2: Buffer;
  qeIsvSvn: number;
}

export const GET_WORKER = 'get_worker';

/** Reads the result of `get_worker`. */
export function parseWorker(stack: TupleReader): WorkerOnChain {
  const view = binding.loadGetterTupleWorkerView(restoreTuples(stack));
  const standing = view.standing;
  const feeRecipients = parseRecipients(view.recipients, view.owed);
  return {
    registry: view.registry,
    provider: view.provider,
    index: Number(view.index),
    operator: view.operator,
    stakeNano: nano(view.stake),
    earningsNano: nano(view.earnings),
    claimableNano: nano(view.claimable),
    owedNano: nano(feeRecipients.reduce((sum, { owedNano }) => sum + owedNano, 0n)),
    balanceNano: nano(view.balance),
    unstakeAt: Number(view.unstakeAt),
    activeUntil: Number(view.activeUntil),
    active: view.active,
    keys: parseKeys(view.keys),
    feeRecipients,
    terms: standing.termsKnown
      ? {
          feeBps: Number(standing.feeBps),
          unbondingSeconds: Number(standing.unbondingSeconds),
          minStakeNano: nano(standing.minStake),
          treasury: standing.treasury,
        }
      : null,
    quoteSeqno: Number(standing.quoteSeqno),
    pending: standing.pending && parsePending(standing.pending),
    admitted: standing.admitted && parseAdmitted(standing.admitted),
  };
}

/** Least values, beside the money moved, that the Worker's commands take at the chain's current prices. */
export interface WorkerMinValues {
  stakeNano: Nano;
  announceNano: Nano;
  unstakeNano: Nano;
  listRecipientNano: Nano;
  /** Claim, PullFee, WithdrawStake, SetOperator, DelistRecipient. */
  payOutNano: Nano;
  slashNano: Nano;
  /** What a Payout brings on top of its amount, at least. */
  payoutStipendNano: Nano;
  reserveNano: Nano;
}

export const GET_WORKER_MIN_VALUES = 'get_min_values';

export function parseWorkerMinValues(stack: TupleReader): WorkerMinValues {
  const values = binding.loadGetterTupleMinValues(restoreTuples(stack));
  return {
    stakeNano: nano(values.stake),
    announceNano: nano(values.announce),
    unstakeNano: nano(values.unstake),
    listRecipientNano: nano(values.listRecipient),
    payOutNano: nano(values.payOut),
    slashNano: nano(values.slash),
    payoutStipendNano: nano(values.payoutStipend),
    reserveNano: nano(values.reserve),
  };
}

/** Values that suffice on mainnet's prices of 2026 with room for twice as much; what is left comes back. */
export const WORKER_VALUES = {
  /** Beside the stake, and beside the reserve at the first one. */
  stake: nano(20_000_000n),
  announce: nano(20_000_000n),
  unstake: nano(20_000_000n),
  listRecipient: nano(10_000_000n),
  payOut: nano(10_000_000n),
  slash: nano(20_000_000n),
} as const;

// lastSettleBy:32 activeUntil:32 rest of the key:128 platform:256, see contracts/worker/keys.tact.
function parseKeys(keys: Cell | null): AdmittedKey[] {
  const records = Dictionary.loadDirect(Dictionary.Keys.Buffer(16), Dictionary.Values.Buffer(56), keys);
  return [...records].map(([prefix, record]) => ({
    workerKey: Buffer.concat([prefix, record.subarray(8, 24)]),
    activeUntil: record.readUInt32BE(4),
    lastSettleBy: record.readUInt32BE(0),
    platform: record.subarray(24),
  }));
}

// maxBps:16 delistAt:32 slot:8, what is owed in the slot's 64 bits: see contracts/worker/recipients.tact.
function parseRecipients(
  recipients: Dictionary<bigint, bigint>,
  owed: binding.OwedSlots,
): WorkerOnChain['feeRecipients'] {
  return recipients.keys().map((feeTo) => {
    const record = recipients.get(feeTo) ?? 0n;
    return {
      feeTo: toBytes(feeTo, FEE_TO_BYTES),
      maxBps: Number(record >> 40n),
      delistAt: Number((record >> 8n) & 0xffffffffn),
      owedNano: nano(owedInSlot(owed, record & 0xffn)),
    };
  });
}

function owedInSlot(owed: binding.OwedSlots, slot: bigint): bigint {
  return ((slot < 4n ? owed.low : owed.high) >> (64n * (slot % 4n))) & 0xffffffffffffffffn;
}

function parsePending(cell: Cell): PendingStatement {
  const pending = binding.loadPendingStatement(cell.beginParse());
  return {
    ...parseFacts(pending.facts),
    statementDigest: toBytes(pending.statementDigest, 32),
    notAfter: Number(pending.notAfter),
    announcedAt: Number(pending.announcedAt),
    cleared: pending.cleared,
  };
}

function parseAdmitted(cell: Cell): AdmittedStatement {
  const admitted = binding.loadAdmittedStatement(cell.beginParse());
  const measured = binding.loadMeasured(admitted.measured.beginParse());
  return {
    ...parseFacts(admitted.facts),
    statementDigest: toBytes(measured.statementDigest, 32),
    imageId: toBytes(measured.imageId, 32),
    shape: toBytes(measured.shape, 32),
    platform: toBytes(admitted.platform, 32),
    attestedAt: Number(admitted.attestedAt),
    tcb: parseTcb(admitted.tcb),
  };
}

function parseFacts(cell: Cell): Pick<PendingStatement, 'statementHash' | 'receiptKey' | 'modelsRoot'> {
  const facts = binding.loadStatementFacts(cell.beginParse());
  return {
    statementHash: toBytes(facts.statementHash, 32),
    receiptKey: toBytes(facts.receiptKey, 32),
    modelsRoot: toBytes(facts.modelsRoot, 32),
  };
}

function parseTcb(cell: Cell): MeasuredTcb {
  const tcb = binding.loadTcb(cell.beginParse());
  return {
    blockRoot: toBytes(tcb.blockRoot, 32),
    fmspc: toBytes(tcb.fmspc, 6),
    pceId: Number(tcb.pceId),
    pceSvn: Number(tcb.pceSvn),
    sgxSvns: toBytes(tcb.sgxSvns, 16),
    teeTcbSvn: toBytes(tcb.teeTcbSvn, 16),
    teeTcbSvn2: toBytes(tcb.teeTcbSvn2, 16),
    qeIsvSvn: Number(tcb.qeIsvSvn),
  };
}

function feeToInt(feeTo: Buffer): bigint {
  return toInt(feeTo, FEE_TO_BYTES);
}

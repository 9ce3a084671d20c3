import type { Settlement } from '../channel';
import { CocoonError, type ErrorCode } from '../protocol/errors';
import type { JobRecord } from '../protocol/jobRecord';
import { LIMITS } from '../protocol/limits';
import { leafHash, rootFromProof } from '../protocol/mountainRange';
import { jobFee, type Usage } from '../protocol/price';
import {
  decodeSigned,
  receiptLayout,
  verifySigned,
  type Ask,
  type Receipt,
  type Signed,
} from '../protocol/signed';
import { billableJobs, billableNano, type HeldLine } from './heldLine';
import { CLIENT_LIMITS } from './limits';

/** What this client knows of a job from its own side. */
export interface ExpectedJob {
  domain: Buffer;
  ticketHash: Buffer;
  maxFeeNano: bigint;
  requestHash: Buffer;
  /** Over the chunks that were received. */
  responseHash: Buffer;
  modelHash: Buffer;
  imageId: Buffer;
  /** The largest counts that the request permits. */
  bound: Usage;
  choices: number;
  /** The cap that the chain shows. */
  capNano: bigint;
  /** The ask that the request named, and the latest start of the job, Unix seconds. */
  named: Ask;
  notAfter: number;
  /** Null for an ask of that worker which this client never verified. */
  askOf(askHash: Buffer): Ask | null;
  delivered: Delivered;
}

/** What the answer itself shows of its size; null where it does not say. */
export interface Delivered {
  promptTokens: number | null;
  cachedTokens: number | null;
  completionTokens: number | null;
  /** UTF-8 bytes of all generated text; null for answers that are not text, whose tokens nobody made. */
  textBytes: number | null;
}

/** Of an audit, and of an answer that is a refusal: it is free. */
export const NOTHING_DELIVERED: Delivered = {
  ...{ promptTokens: 0, cachedTokens: 0, completionTokens: 0, textBytes: null },
};

/**
 * Compares a bill with what was asked and what came. Returns the receipt; throws CocoonError naming the one thing that
 * is wrong. `line` holds the ticket of this job among its open ones still.
 */
export function verifySettlement(
  line: HeldLine,
  expected: ExpectedJob,
  settlement: Settlement,
  receiptBytes: Buffer,
): Signed<Receipt> {
  const { record } = settlement;
  checkRecord(record, expected);
  checkPrice(record, expected);
  checkCounts(record, expected);
  const receipt = readReceipt(receiptBytes);
  checkSignature(receipt, line, expected);
  checkProof(settlement, receipt.value);
  checkTotals(line, record, settlement.proof.index, receipt.value, expected);
  return receipt;
}

function checkRecord(record: JobRecord, expected: ExpectedJob): void {
  const fields = ['ticketHash', 'requestHash', 'responseHash', 'modelHash', 'imageId'] as const;
  for (const field of fields) {
    demand(record[field].equals(expected[field]), 'record_mismatch', `The record has another ${field}.`);
  }
}

function checkPrice(record: JobRecord, expected: ExpectedJob): void {
  const ask = expected.askOf(record.askHash);
  if (!ask) throw new CocoonError('receipt_overcharged', 'The record names an ask that was never offered.');
  demand(record.cachedTokens <= record.promptTokens, 'record_mismatch', 'More tokens were cached than sent.');
  demand(
    record.reasoningTokens <= record.completionTokens,
    'record_mismatch',
    'More tokens were thought than made.',
  );
  const fee = jobFee(ask, record);
  demand(record.fee === fee, 'receipt_overcharged', `The fee is ${record.fee}, the ask makes it ${fee}.`);
  // A named ask binds its worker until it ends: what is dearer by another one was not agreed.
  const isBound = expected.named.notAfter > expected.notAfter + LIMITS.clockSkewSeconds;
  const agreed = isBound ? jobFee(expected.named, record) : fee;
  demand(fee <= agreed, 'receipt_overcharged', `The fee is ${fee}, the named ask makes it ${agreed}.`);
  const max = expected.maxFeeNano;
  demand(record.fee <= max, 'receipt_overcharged', `The fee is ${record.fee}, the ticket allows ${max}.`);
}

function checkCounts(record: JobRecord, { bound, choices, delivered, named }: ExpectedJob): void {
  const within = (name: string, value: number, most: number | null): void =>
    demand(
      most === null || value <= most,
      'receipt_overcharged',
      `${value} ${name} are billed, at most ${most} were due.`,
    );
  within('prompt tokens', record.promptTokens, bound.promptTokens);
  within('completion tokens', record.completionTokens, bound.completionTokens);
  within('milliseconds of audio', record.audioMs, bound.audioMs);
  within('prompt tokens', record.promptTokens, delivered.promptTokens);
  within('completion tokens', record.completionTokens, delivered.completionTokens);
  // A token has at least a byte of text, but for a few that have none. Reasoning that was not shown is not due.
  const silent = CLIENT_LIMITS.silentTokens * choices;
  within('tokens of text', record.completionTokens, (delivered.textBytes ?? 0) + silent);
  checkCached(record, named, delivered.cachedTokens);
}

/** Cached tokens cost less than fresh ones, or, where a worker says so, more: the answer's own count stands either way. */
function checkCached({ cachedTokens, promptTokens }: JobRecord, ask: Ask, stated: number | null): void {
  const isDearer = ask.cachedPrice > ask.promptPrice;
  const due = Math.min(stated ?? (isDearer ? 0 : cachedTokens), promptTokens);
  demand(
    isDearer ? cachedTokens <= due : cachedTokens >= due,
    'receipt_overcharged',
    `${cachedTokens} cached tokens are billed, the answer has ${due}.`,
  );
}

function readReceipt(bytes: Buffer): Signed<Receipt> {
  try {
    return decodeSigned(receiptLayout, bytes);
  } catch (cause) {
    throw new CocoonError('receipt_bad_signature', 'The receipt cannot be read.', { cause });
  }
}

function checkSignature(receipt: Signed<Receipt>, line: HeldLine, expected: ExpectedJob): void {
  const { value } = receipt;
  demand(value.domain.equals(expected.domain), 'receipt_wrong_domain', 'The receipt is for another escrow.');
  demand(value.lineId.toString('hex') === line.id, 'receipt_wrong_line', 'The receipt is for another line.');
  const genuine = verifySigned(receiptLayout, receipt, line.line.workerKey);
  demand(genuine, 'receipt_bad_signature', "The receipt is not signed by the line's worker.");
}

function checkProof(settlement: Settlement, receipt: Receipt): void {
  const { proof, image } = settlement;
  const root = rootFromProof(leafHash(image), proof);
  const fits = root !== null && root.equals(receipt.jobsRoot) && BigInt(proof.count) === receipt.jobs;
  demand(fits, 'receipt_bad_proof', "The record is not a leaf of the receipt's root.");
}

/**
 * A receipt is cumulative. Several jobs may be in flight, so it can count jobs whose records are still on their way;
 * it can never count more than all our tickets, and never take back what an earlier one said.
 */
function checkTotals(
  line: HeldLine,
  record: JobRecord,
  index: number,
  receipt: Receipt,
  expected: ExpectedJob,
): void {
  demand(
    receipt.total <= expected.capNano,
    'receipt_over_cap',
    'The receipt counts more than the line allocates.',
  );
  const most = billableNano(line) - expected.maxFeeNano + record.fee;
  demand(
    receipt.total <= most,
    'receipt_overcharged',
    `The receipt counts ${receipt.total}, our tickets allow ${most}.`,
  );
  demand(
    receipt.jobs <= BigInt(billableJobs(line)),
    'receipt_overcharged',
    'The receipt counts jobs that were never ordered.',
  );
  demand(receipt.total >= record.fee, 'receipt_stale', 'The receipt counts less than its own job.');
  const before = line.newest;
  if (!before) return;
  if (receipt.jobs === before.jobs) {
    const same = receipt.total === before.total && receipt.jobsRoot.equals(before.jobsRoot);
    demand(same, 'receipt_conflicting', 'Two receipts count the same jobs differently.');
  } else if (receipt.jobs < before.jobs) {
    demand(receipt.total <= before.total, 'receipt_conflicting', 'A receipt for fewer jobs counts more.');
  } else {
    const least = before.total + (BigInt(index) >= before.jobs ? record.fee : 0n);
    demand(
      receipt.total >= least,
      'receipt_stale',
      `The receipt counts ${receipt.total}, it must be at least ${least}.`,
    );
    if (receipt.jobs === before.jobs + 1n && BigInt(index) === before.jobs) {
      demand(
        receipt.total === least,
        'receipt_overcharged',
        `The receipt counts ${receipt.total} instead of ${least}.`,
      );
    }
  }
}

function demand(condition: boolean, code: ErrorCode, message: string): void {
  if (!condition) throw new CocoonError(code, message);
}

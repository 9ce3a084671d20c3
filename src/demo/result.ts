import type { DemoEvidence } from './evidence';
import type { Ledger } from './ledger';

/** What one run of the demo leaves behind: the report and the last line of `--json` are made from this. */
export interface DemoResult {
  seed: number;
  jobsDone: number;
  jobsFailed: number;
  /** Jobs that were meant to be refused, with the code they were refused with. */
  refusals: Refusal[];
  tokens: number;
  paidNano: bigint;
  claimedNano: bigint;
  settlements: number;
  seconds: number;
  ledger: Ledger;
  receipts: ReceiptRow[];
  workers: WorkerRow[];
  evidence: DemoEvidence;
}

export interface Refusal {
  who: string;
  what: string;
  code: string;
  message: string;
}

export interface ReceiptRow {
  client: string;
  worker: string;
  lineId: string;
  workerKey: string;
  jobs: number;
  totalNano: bigint;
  paidNano: bigint;
  /** `image ‖ signature`, hex. */
  receipt: string;
}

export interface WorkerRow {
  name: string;
  address: string;
  state: string;
  jobs: number;
}

/** The object that `--json` prints as its last line; amounts are decimal strings of nanotons. */
export function summaryOf(result: DemoResult): Record<string, string | number> {
  return {
    jobs_done: result.jobsDone,
    jobs_failed: result.jobsFailed,
    refusals: result.refusals.length,
    tokens: result.tokens,
    settlements: result.settlements,
    transactions: result.ledger.transactions,
    paid_nano: result.paidNano.toString(),
    claimed_nano: result.claimedNano.toString(),
    gas_nano: result.ledger.gasNano.toString(),
    ledger_difference_nano: result.ledger.differenceNano.toString(),
    evidence_links: result.evidence.onChain.links.length,
    evidence_links_ok: result.evidence.onChain.links.filter(({ state }) => state === 'ok').length,
    seconds: Math.round(result.seconds * 10) / 10,
  };
}

/** A row of receipts.jsonl. */
export function receiptLine(row: ReceiptRow): string {
  return JSON.stringify({
    client: row.client,
    worker: row.worker,
    line_id: row.lineId,
    worker_key: row.workerKey,
    jobs: row.jobs,
    total_nano: row.totalNano.toString(),
    paid_nano: row.paidNano.toString(),
    receipt: row.receipt,
  });
}

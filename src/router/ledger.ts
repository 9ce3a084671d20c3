import { verify } from '../protocol/ed25519';
import type { ErrorCode } from '../protocol/errors';
import { lineImage, type Line } from '../protocol/line';
import { decodeSigned, receiptLayout, type Receipt, type Signed } from '../protocol/signed';
import { createBoundedMap } from './boundedMap';
import { noFaults, type FaultHook } from './faults';
import { openLedgerFile, type Conflict, type LedgerFile } from './ledgerFile';
import { ROUTER_LIMITS } from './limits';
import { RECEIPT_BYTES, isIntact, lineKey, type StoredReceipt } from './storedReceipt';

export interface LedgerConfig {
  /** SQLite file, or ":memory:". */
  path: string;
  commitReceipts?: number;
  cachedLines?: number;
}

export interface LedgerDeps {
  faultPoint?: FaultHook;
  /** Called after each commit with the number of lines written and the milliseconds it took. */
  onCommit?: (lines: number, ms: number) => void;
}

/** A receipt and what it is checked against: the line and escrow of the job that brought it. */
export interface ReceiptClaim {
  line: Line;
  lineId: Buffer;
  escrow: Buffer;
  domain: Buffer;
  capNano: bigint;
  /** `image ‖ signature`, as it came. */
  receipt: Buffer;
}

export type RecordResult =
  /** `older` and `known` are covered by what the ledger holds: receipts are cumulative, and replies are replayed. */
  | { ok: true; outcome: 'stored' | 'known' | 'older'; receipt: Receipt }
  | { ok: false; code: ErrorCode; message: string };

export interface ReceiptLedger {
  /** Verifies and stores. Resolves once a commit that covers the receipt is on disk; many share one commit. */
  record(claim: ReceiptClaim): Promise<RecordResult>;
  newest(lineId: Buffer, domain: Buffer): StoredReceipt | null;
  /** Total of the newest receipt, 0 when there is none: committed or about to be. */
  total(lineId: Buffer, domain: Buffer): bigint;
  findByLine(lineId: Buffer): StoredReceipt[];
  all(): Iterable<StoredReceipt>;
  /** A page of the receipts of lines to one Worker, as they are on disk. */
  ofWorker: LedgerFile['ofWorker'];
  conflicts: LedgerFile['conflicts'];
  /** Forgets lines that ended before the given Unix second. */
  prune(beforeUnix: number): number;
  /** False after a commit failed: the disk is full or gone. */
  healthy(): boolean;
  /** Commits what waits. */
  flush(): void;
  close(): void;
}

/** A line's newest receipt in memory, with the numbers that the next one is compared with. */
interface Newest {
  stored: StoredReceipt;
  value: Receipt;
}

interface Batch {
  rows: Map<string, Newest>;
  conflicts: Conflict[];
  done: Promise<void>;
  resolve(): void;
  reject(cause: unknown): void;
}

/** SQLite integers are signed. No amount of nanotons that exists comes near. */
const MAX_TOTAL = 2n ** 63n - 1n;

/**
 * The newest receipt of every line, durable before anybody is told. Opening verifies every stored signature, so a
 * damaged file is noticed at start and not at settlement.
 */
export function createReceiptLedger(config: LedgerConfig, deps: LedgerDeps = {}): ReceiptLedger {
  const { faultPoint = noFaults, onCommit = () => undefined } = deps;
  const commitReceipts = config.commitReceipts ?? ROUTER_LIMITS.commitReceipts;
  const file = openLedgerFile(config.path);
  const cache = createBoundedMap<string, Newest>(config.cachedLines ?? ROUTER_LIMITS.cachedLines);
  let batch: Batch | null = null;
  let healthy = true;

  const altered = findAltered(file.all());
  if (altered) {
    file.close();
    throw new Error(
      `the ledger ${config.path} holds an altered receipt of line ${altered.lineId.toString('hex')}`,
    );
  }

  const newestOf = (key: string, id: Buffer, domain: Buffer): Newest | null => {
    const known = batch?.rows.get(key) ?? cache.get(key);
    if (known) return known;
    const stored = file.find(id, domain);
    if (!stored) return null;
    const loaded = { stored, value: decodeSigned(receiptLayout, stored.receipt).value };
    cache.set(key, loaded);
    return loaded;
  };

  const openBatch = (): Batch => {
    if (batch) return batch;
    batch = createBatch();
    // Everything that arrives in this turn of the event loop, and while the previous commit ran, shares the commit.
    setImmediate(flush);
    return batch;
  };

  function flush(): void {
    const current = batch;
    if (!current) return;
    batch = null;
    const startedAt = performance.now();
    try {
      faultPoint('ledger.begun');
      file.write(storedOf(current.rows.values()), current.conflicts, () => faultPoint('ledger.written'));
      faultPoint('ledger.committed');
    } catch (cause) {
      healthy = false;
      current.reject(cause);
      return;
    }
    healthy = true;
    for (const [key, newest] of current.rows) cache.set(key, newest);
    onCommit(current.rows.size, performance.now() - startedAt);
    current.resolve();
  }

  const covered = async (
    outcome: 'known' | 'older',
    key: string,
    receipt: Receipt,
  ): Promise<RecordResult> => {
    const waiting = batch;
    if (waiting?.rows.has(key)) await waiting.done;
    return { ok: true, outcome, receipt };
  };

  const store = async (key: string, claim: ReceiptClaim, signed: Signed<Receipt>): Promise<RecordResult> => {
    const into = openBatch();
    const stored = toStored(claim);
    into.rows.set(key, {
      stored,
      value: receiptLayout.parse(stored.receipt.subarray(0, receiptLayout.size)),
    });
    if (into.rows.size >= commitReceipts) flush();
    await into.done;
    return { ok: true, outcome: 'stored', receipt: signed.value };
  };

  const conflict = async (claim: ReceiptClaim, newest: Newest): Promise<RecordResult> => {
    const into = openBatch();
    const line = lineImage(claim.line);
    into.conflicts.push({ escrow: claim.escrow, line, first: newest.stored.receipt, second: claim.receipt });
    await into.done;
    return refuse(
      'receipt_conflicting',
      'Two receipts count the same jobs with different totals or records.',
    );
  };

  return {
    async record(claim) {
      const key = lineKey(claim.lineId, claim.domain);
      const newest = newestOf(key, claim.lineId, claim.domain);
      if (newest?.stored.receipt.equals(claim.receipt)) return covered('known', key, newest.value);

      const checked = checkReceipt(claim);
      if (!checked.ok) return checked;
      const { value } = checked.signed;
      if (!newest) return store(key, claim, checked.signed);

      switch (compare(value, newest.value)) {
        case 'newer':
          return store(key, claim, checked.signed);
        case 'older':
          return covered('older', key, value);
        case 'same jobs':
          return conflict(claim, newest);
        case 'impossible':
          return refuse(
            'receipt_stale',
            `A receipt with total ${newest.value.total} for ${newest.value.jobs} jobs is known.`,
          );
      }
    },
    newest: (id, domain) => newestOf(lineKey(id, domain), id, domain)?.stored ?? null,
    total: (id, domain) => newestOf(lineKey(id, domain), id, domain)?.value.total ?? 0n,
    findByLine: (id) => file.findByLine(id),
    all: () => file.all(),
    ofWorker: (worker, after, limit) => file.ofWorker(worker, after, limit),
    conflicts: (after, limit) => file.conflicts(after, limit),
    prune(beforeUnix) {
      cache.clear();
      return file.prune(beforeUnix);
    },
    healthy: () => healthy,
    flush,
    close() {
      flush();
      file.close();
    },
  };
}

function findAltered(rows: Iterable<StoredReceipt>): StoredReceipt | null {
  for (const row of rows) if (!isIntact(row)) return row;
  return null;
}

/**
 * How a receipt stands to the newest one of its line. Receipts are cumulative, so of two genuine ones the one with
 * more jobs has at least the same total; replies that end side by side may bring them in either order.
 */
function compare(value: Receipt, newest: Receipt): 'newer' | 'older' | 'same jobs' | 'impossible' {
  if (value.jobs > newest.jobs) return value.total >= newest.total ? 'newer' : 'impossible';
  if (value.jobs < newest.jobs) return value.total <= newest.total ? 'older' : 'impossible';
  const sameHistory = value.total === newest.total && value.jobsRoot.equals(newest.jobsRoot);
  if (!sameHistory) return 'same jobs';
  // The same history signed again: later, or as final.
  return value.flags > newest.flags || value.issuedAt > newest.issuedAt ? 'newer' : 'older';
}

function checkReceipt(
  claim: ReceiptClaim,
): { ok: true; signed: Signed<Receipt> } | (RecordResult & { ok: false }) {
  let signed: Signed<Receipt>;
  try {
    signed = decodeSigned(receiptLayout, claim.receipt);
  } catch {
    return refuse('receipt_malformed', `A receipt takes ${RECEIPT_BYTES} bytes.`);
  }
  const { value } = signed;
  if (!value.domain.equals(claim.domain))
    return refuse('receipt_wrong_domain', 'The receipt carries another domain.');
  if (!value.lineId.equals(claim.lineId))
    return refuse('receipt_wrong_line', 'The receipt names another line.');
  if (
    !verify(
      receiptLayout.hashImage(claim.receipt.subarray(0, receiptLayout.size)),
      signed.signature,
      claim.line.workerKey,
    )
  ) {
    return refuse('receipt_bad_signature', "The receipt is not signed by the line's worker key.");
  }
  if (value.total > claim.capNano || value.total > MAX_TOTAL) {
    return refuse('receipt_over_cap', `The total ${value.total} is above the cap ${claim.capNano}.`);
  }
  return { ok: true, signed };
}

function refuse(code: ErrorCode, message: string): RecordResult & { ok: false } {
  return { ok: false, code, message };
}

function toStored(claim: ReceiptClaim): StoredReceipt {
  return {
    lineId: Buffer.from(claim.lineId),
    domain: Buffer.from(claim.domain),
    escrow: Buffer.from(claim.escrow),
    line: lineImage(claim.line),
    receipt: Buffer.from(claim.receipt),
    settleBy: claim.line.settleBy,
  };
}

function* storedOf(rows: Iterable<Newest>): Iterable<StoredReceipt> {
  for (const { stored } of rows) yield stored;
}

function createBatch(): Batch {
  let resolve!: () => void;
  let reject!: (cause: unknown) => void;
  const done = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  // Whoever waits sees the failure; a batch nobody waits for must not end the process.
  done.catch(() => undefined);
  return { rows: new Map(), conflicts: [], done, resolve, reject };
}

import type { Settlement } from '../channel';
import type { Line } from '../protocol/line';
import { jobRecordImage, type JobRecord } from '../protocol/jobRecord';
import { encodeProof, type MountainRange } from '../protocol/mountainRange';
import {
  decodeSigned,
  RECEIPT_FINAL,
  receiptLayout,
  verifySigned,
  type Receipt,
  type Signed,
  type Ticket,
} from '../protocol/signed';
import type { KeptEvidence } from './evidence/kept';
import type { EndReason, HeldLine } from './heldLine';
import type { Store } from './store';

/** Every job of a line since the audit before, covered by a signed root. */
export interface Audit {
  range: MountainRange;
  totalNano: bigint;
  /** Keyed by job id in hex. */
  jobs: ReadonlyMap<string, { record: JobRecord }>;
}

/** What is written down of a line as it is used: on disk first, then in memory. */
export interface LineBooks {
  /**
   * Reserves what the ticket may cost, has it signed, and books it before it leaves. The room is taken at once: a signer
   * may take his time, and whoever is served meanwhile must not count on it.
   */
  issue(line: HeldLine, ticket: Ticket, model: string, sign: () => Promise<Buffer>): Promise<Signed<Ticket>>;
  /** Books a verified bill, and what will show where its answer came from. */
  settle(
    line: HeldLine,
    jobId: Buffer,
    settlement: Settlement,
    receipt: Signed<Receipt>,
    evidence?: KeptEvidence | null,
  ): void;
  /**
   * A bill was refused. Where its receipt is the worker's own and contradicts an earlier one, both are kept as proof,
   * whatever else is wrong with it.
   */
  refused(line: HeldLine, receipt: Buffer): void;
  /** Books a whole audit: lost tickets get their records. */
  audited(line: HeldLine, audit: Audit): void;
  /** The reply to that ticket is not read any more, or was an error from the start: `refused`. */
  dropped(line: HeldLine, jobId: string, refused: boolean): void;
  /** No ticket is issued any more; the first reason stays. */
  end(line: HeldLine, why: EndReason): void;
}

export function createLineBooks(store: Store, domain: () => Buffer): LineBooks {
  const books: LineBooks = {
    async issue(line, value, model, sign) {
      const { jobId, maxFee, issuedAt, notAfter } = value;
      const id = jobId.toString('hex');
      line.open.set(id, { maxFeeNano: maxFee, notAfter, running: true, refused: false });
      try {
        const ticket = { value, signature: await sign() };
        store.journal({ ticket, worker: line.workerId, model });
        line.usedAtUnix = issuedAt;
        return ticket;
      } catch (error) {
        line.open.delete(id);
        throw error;
      }
    },
    settle(line, jobId, { record, image, proof }, receipt, evidence) {
      const newest = !line.newest || receipt.value.jobs > line.newest.jobs;
      store.settle({
        domain: receipt.value.domain,
        jobId,
        lineId: line.id,
        feeNano: record.fee,
        record: image,
        proof: encodeProof(proof),
        receipt,
        newest,
        ...(evidence ? { evidence } : {}),
      });
      line.open.delete(jobId.toString('hex'));
      line.knownNano += record.fee;
      line.knownJobs += 1;
      if (newest) line.newest = receipt.value;
      if ((receipt.value.flags & RECEIPT_FINAL) !== 0) books.end(line, 'final');
    },
    refused({ id, line }, image) {
      const receipt = genuineReceipt(line, image);
      if (receipt?.value.lineId.toString('hex') === id) store.contradicted(line, receipt);
    },
    audited(line, { range, totalNano, jobs }) {
      const found = [...jobs].map(([jobId, { record }]) => ({
        jobId,
        feeNano: record.fee,
        record: jobRecordImage(record),
      }));
      store.audited(domain(), { id: line.id, range, totalNano }, found);
      line.audited = { range, totalNano };
      for (const { jobId, feeNano } of found) {
        if (!line.open.delete(jobId)) continue;
        line.knownNano += feeNano;
        line.knownJobs += 1;
      }
    },
    dropped(line, jobId, refused) {
      const ticket = line.open.get(jobId);
      if (ticket) Object.assign(ticket, { running: false, refused });
    },
    end(line, why) {
      if (line.ended !== null) return;
      line.ended = why;
      store.endLine(domain(), line.id, why);
    },
  };
  return books;
}

/** Null for what is no receipt, or not signed by the line's worker. */
function genuineReceipt({ workerKey }: Line, image: Buffer): Signed<Receipt> | null {
  try {
    const receipt = decodeSigned(receiptLayout, image);
    return verifySigned(receiptLayout, receipt, workerKey) ? receipt : null;
  } catch {
    return null;
  }
}

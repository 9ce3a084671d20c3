import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import { sha256 } from '../protocol/hash';
import type { KeptEvidence } from './evidence/kept';
import { bytes, text, type Row } from './storeRows';

/** Evidence in the books: each part once, under its hash, however many jobs rest on it. */
export interface EvidenceShelf {
  /** Within the caller's transaction, which stores the job's bill too. */
  put(jobId: string, evidence: KeptEvidence): void;
  /** Null where a job has none, or has it no more. */
  get(jobId: string): KeptEvidence | null;
}

export const EVIDENCE_PARTS = ['statement', 'certificate', 'ask', 'quote', 'collateral'] as const;
export type EvidencePart = (typeof EVIDENCE_PARTS)[number];

/** What is not worth a row of its own. */
interface Head {
  escrow: string;
  born: string;
  signer: string;
  line: string;
  verifiedAtUnix: number;
  quoteBlock: number;
  models: string[];
}

/** How long evidence is kept after its last use, and how much of it. */
export interface EvidenceBounds {
  evidenceSeconds: number;
  evidenceMaxBytes: number;
}

export function createEvidenceShelf(db: DatabaseSyncInstance, bounds: EvidenceBounds): EvidenceShelf {
  const q = {
    part: db.prepare('SELECT bytes FROM evidence_parts WHERE hash = ?'),
    addPart: db.prepare('INSERT OR IGNORE INTO evidence_parts (hash, bytes) VALUES (?, ?)'),
    add: db.prepare(
      `INSERT INTO evidence (id, head, statement, certificate, ask, quote, collateral, used_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET used_at = max(used_at, excluded.used_at)`,
    ),
    ofJob: db.prepare('SELECT * FROM evidence WHERE id = (SELECT evidence FROM jobs WHERE job_id = ?)'),
    issuedAt: db.prepare('SELECT issued_at FROM jobs WHERE job_id = ?'),
    setJob: db.prepare('UPDATE jobs SET evidence = ? WHERE job_id = ?'),
    prune: createPruner(db, bounds),
  };
  const partOf = (row: Row, name: EvidencePart): Buffer =>
    bytes((q.part.get(bytes(row[name])) as Row | undefined)?.['bytes']);

  return {
    put(jobId, evidence) {
      // By this client's clock: a date of the worker's could make everything else look old.
      const usedAtUnix = Number((q.issuedAt.get(jobId) as Row)['issued_at']);
      const head = headText(evidence);
      const hashes = EVIDENCE_PARTS.map((name) => hashOf(evidence[name]));
      const id = sha256(Buffer.from(head), ...hashes);
      const added = EVIDENCE_PARTS.map((name, i) =>
        Number(q.addPart.run(hashes[i]!, evidence[name]).changes),
      );
      q.add.run(id, head, hashes[0]!, hashes[1]!, hashes[2]!, hashes[3]!, hashes[4]!, usedAtUnix);
      q.setJob.run(id, jobId);
      if (added.some((changes) => changes > 0)) q.prune(usedAtUnix);
    },
    get(jobId) {
      const row = q.ofJob.get(jobId) as Row | undefined;
      if (!row) return null;
      return evidenceFrom(text(row['head']), (name) => partOf(row, name));
    },
  };
}

/**
 * Forgets evidence whose newest job is older than 90 days; and the longest unused while all parts together exceed
 * 256 MiB. Called when a part came in, so a client that sees the same workers all day pays nothing for it.
 */
function createPruner(db: DatabaseSyncInstance, bounds: EvidenceBounds): (nowUnix: number) => void {
  const forgetOld = db.prepare('DELETE FROM evidence WHERE used_at < ?');
  const forgetOldest = db.prepare(
    'DELETE FROM evidence WHERE id IN (SELECT id FROM evidence ORDER BY used_at LIMIT max(1, (SELECT count(*) / 8 FROM evidence)))',
  );
  const used = EVIDENCE_PARTS.map((name) => `SELECT ${name} FROM evidence`).join(' UNION ');
  const sweep = db.prepare(`DELETE FROM evidence_parts WHERE hash NOT IN (${used})`);
  const size = db.prepare('SELECT coalesce(sum(length(bytes)), 0) AS bytes FROM evidence_parts');
  return (nowUnix) => {
    if (Number(forgetOld.run(nowUnix - bounds.evidenceSeconds).changes) > 0) sweep.run();
    while (Number((size.get() as Row)['bytes']) > bounds.evidenceMaxBytes) {
      forgetOldest.run();
      sweep.run();
    }
  };
}

/** What was kept, from its head and its parts. */
export function evidenceFrom(headOf: string, partOf: (name: EvidencePart) => Buffer): KeptEvidence {
  const { escrow, born, signer, line, models, ...rest } = JSON.parse(headOf) as Head;
  return {
    ...rest,
    escrow: Buffer.from(escrow, 'hex'),
    born: BigInt(born),
    signer: Buffer.from(signer, 'hex'),
    line: Buffer.from(line, 'hex'),
    models: models.map((hash) => Buffer.from(hash, 'hex')),
    statement: partOf('statement'),
    certificate: partOf('certificate'),
    ask: partOf('ask'),
    quote: partOf('quote'),
    collateral: partOf('collateral'),
  };
}

/** Everything but the parts, as JSON: always the same text for the same evidence. */
export function headText(evidence: KeptEvidence): string {
  const { escrow, born, signer, line, models, verifiedAtUnix, quoteBlock } = evidence;
  const head: Head = {
    escrow: escrow.toString('hex'),
    born: born.toString(),
    signer: signer.toString('hex'),
    line: line.toString('hex'),
    verifiedAtUnix,
    quoteBlock,
    models: models.map((hash) => hash.toString('hex')),
  };
  return JSON.stringify(head);
}

/** Hashes of parts that many jobs share. */
const known = new WeakMap<Buffer, Buffer>();

export function hashOf(part: Buffer): Buffer {
  const hash = known.get(part) ?? sha256(part);
  known.set(part, hash);
  return hash;
}

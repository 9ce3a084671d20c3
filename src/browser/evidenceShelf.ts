import type { KeptEvidence } from '../client/evidence/kept';
import { CLIENT_LIMITS } from '../client/limits';
import { EVIDENCE_PARTS, evidenceFrom, hashOf, headText } from '../client/storeEvidence';
import { sha256 } from '../protocol/hash';
import type { Change, Row, Tables } from './tables';

/** What stores evidence of a job beside its bill: each part once, however many jobs rest on it. */
export function evidenceChanges(
  tables: Tables,
  evidence: KeptEvidence,
  usedAtUnix: number,
): { id: string; changes: Change[] } {
  const head = headText(evidence);
  const hashes = EVIDENCE_PARTS.map((name) => hashOf(evidence[name]));
  const id = sha256(Buffer.from(head), ...hashes).toString('hex');
  const parts = EVIDENCE_PARTS.map((name, at): Change => ({
    table: 'evidence_parts',
    key: hashes[at]!.toString('hex'),
    row: { bytes: new Uint8Array(evidence[name]) },
  }));
  const names = Object.fromEntries(EVIDENCE_PARTS.map((name, at) => [name, hashes[at]!.toString('hex')]));
  const known = Number(tables.row('evidence', id)?.['used_at'] ?? 0);
  const row: Row = { head, ...names, used_at: Math.max(known, usedAtUnix) };
  return {
    id,
    changes: [
      ...parts.filter(({ key }) => !tables.row('evidence_parts', key)),
      { table: 'evidence', key: id, row },
    ],
  };
}

/** Null for a job that has none, or has it no more. */
export function evidenceOfJob(tables: Tables, job: Row | undefined): KeptEvidence | null {
  const id = job?.['evidence'];
  const row = typeof id === 'string' ? tables.row('evidence', id) : undefined;
  if (!row) return null;
  return evidenceFrom(String(row['head']), (name) =>
    Buffer.from(tables.row('evidence_parts', String(row[name]))!['bytes'] as Uint8Array),
  );
}

/** Forgets what no job of the last 90 days rests on, and the longest unused while all of it is too large. */
export function forgetOldEvidence(tables: Tables, nowUnix: number, mostBytes: number): void {
  const rows = [...tables.entries('evidence')].sort(
    ([, a], [, b]) => Number(b['used_at']) - Number(a['used_at']),
  );
  const kept = new Set<string>();
  let size = 0;
  const gone = rows.filter(([, row]) => {
    const added = EVIDENCE_PARTS.map((name) => String(row[name])).filter((hash) => !kept.has(hash));
    const bytes = added.reduce((sum, hash) => sum + sizeOf(tables, hash), 0);
    const isOld = Number(row['used_at']) < nowUnix - CLIENT_LIMITS.evidenceSeconds;
    if (isOld || size + bytes > mostBytes) return true;
    size += bytes;
    for (const hash of added) kept.add(hash);
    return false;
  });
  const loose = [...tables.entries('evidence_parts')].filter(([hash]) => !kept.has(hash));
  tables.apply([
    ...gone.map(([key]): Change => ({ table: 'evidence', key, row: null })),
    ...loose.map(([key]): Change => ({ table: 'evidence_parts', key, row: null })),
  ]);
}

function sizeOf(tables: Tables, hash: string): number {
  return (tables.row('evidence_parts', hash)?.['bytes'] as Uint8Array | undefined)?.length ?? 0;
}

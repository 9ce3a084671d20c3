import type { CostEntry, CostSum, Store } from '../client/store';
import { contradictedBy, storedContradiction } from '../client/storeContradictions';
import { encodeRange, heldLine, storedJob, type Row as StoredRow } from '../client/storeRows';
import { lineImage } from '../protocol/line';
import { encodeSigned, receiptLayout, ticketLayout } from '../protocol/signed';
import { evidenceChanges, evidenceOfJob } from './evidenceShelf';
import type { Change, Row, Tables } from './tables';

/**
 * The client's books over tables in memory: the same answers as those of src/client/store.ts over SQLite. A method has
 * handed its changes on when it returns; `Journal.written` tells when they are on disk.
 */
export function createBookStore(tables: Tables, close: () => void): Store {
  const find = (table: Change['table'], key: string): Row | undefined => tables.row(table, key);
  const rowsOf = (table: Change['table']): Row[] => [...tables.rows(table)];

  /** The row with some columns changed; nothing for a row that is not there, as UPDATE does. */
  const changed = (table: Change['table'], key: string, columns: Row): Change[] => {
    const row = find(table, key);
    return row ? [{ table, key, row: { ...row, ...columns } }] : [];
  };
  const addNew = (table: Change['table'], key: string, row: Row): void => {
    if (!find(table, key)) tables.apply([{ table, key, row }]);
  };

  return {
    ...lineBooks(tables, { changed, addNew, rowsOf }),
    journal({ ticket, worker, model }) {
      const { value } = ticket;
      const key = value.jobId.toString('hex');
      if (find('jobs', key)) throw new RangeError(`the books hold a job ${key} already`);
      const row = {
        ...{ job_id: key, domain: own(value.domain), line_id: value.lineId.toString('hex'), worker, model },
        ticket: own(encodeSigned(ticketLayout, ticket)),
        max_nano: value.maxFee.toString(),
        issued_at: value.issuedAt,
        not_after: value.notAfter,
        ...{ fee_nano: null, record: null, proof: null, receipt: null, audited: 0, evidence: null },
      };
      tables.apply([{ table: 'jobs', key, row }]);
    },
    settle({ domain, jobId, lineId, feeNano, record, proof, receipt, newest, evidence }) {
      const id = jobId.toString('hex');
      const bytes = own(encodeSigned(receiptLayout, receipt));
      const shown = evidence && evidenceChanges(tables, evidence, Number(find('jobs', id)?.['issued_at']));
      const bill = {
        fee_nano: feeNano.toString(),
        ...{ record: own(record), proof: own(proof), receipt: bytes },
        ...(shown && { evidence: shown.id }),
      };
      const image = { newest: own(receiptLayout.image(receipt.value)) };
      tables.apply([
        ...changed('jobs', id, bill),
        ...(newest ? changed('lines', lineKey(domain, lineId), image) : []),
        ...(shown?.changes ?? []),
      ]);
    },
    evidence: (jobId) => evidenceOfJob(tables, find('jobs', jobId)),
    audited(domain, { id, range, totalNano }, jobs) {
      const line = { audited: own(encodeRange(range)), audited_nano: totalNano.toString() };
      tables.apply([
        ...changed('lines', lineKey(domain, id), line),
        ...jobs.flatMap(({ jobId, feeNano, record }) => {
          const known = find('jobs', jobId);
          const bill = {
            fee_nano: known?.['fee_nano'] ?? feeNano.toString(),
            record: known?.['record'] ?? own(record),
          };
          return changed('jobs', jobId, { audited: 1, ...bill });
        }),
      ]);
    },
    contradicted({ workerKey, workerAddress }, receipt) {
      const { domain, lineId } = receipt.value;
      const place = lineKey(domain, lineId.toString('hex'));
      const ofLine = rowsOf('jobs').filter(
        (row) => lineKey(row['domain'] as Uint8Array, row['line_id']) === place,
      );
      const first = contradictedBy(ofLine, receipt);
      if (!first) return;
      addNew('contradictions', hex(workerKey), {
        ...{ worker_key: own(workerKey), worker: own(workerAddress) },
        ...{ first: own(first), second: own(encodeSigned(receiptLayout, receipt)) },
      });
    },
    contradictions: () =>
      rowsOf('contradictions')
        .map(storedContradiction)
        .sort((a, b) => a.workerKey.compare(b.workerKey)),
    wasAudited: (jobId) => find('jobs', jobId)?.['audited'] === 1,
    jobs: (limit, before = 0xffff_ffff) =>
      rowsOf('jobs')
        .filter((row) => issuedAt(row) <= before)
        .sort((a, b) => issuedAt(b) - issuedAt(a))
        .slice(0, limit)
        .map(storedJob),
    job(id) {
      const row = find('jobs', id);
      return row ? storedJob(row) : null;
    },
    avoid(worker, code, untilUnix) {
      const row = { worker, code, until: Math.floor(untilUnix) };
      tables.apply([{ table: 'avoided', key: worker, row }]);
    },
    avoided: (nowUnix) =>
      rowsOf('avoided')
        .filter(({ until }) => Number(until) > Math.floor(nowUnix))
        .map(({ worker, code }) => ({ worker: String(worker), code: String(code) })),
    addCost({ account, lt, kind, atUnix, feeNano }) {
      const row = { account, lt: lt.toString(), kind, at: Math.floor(atUnix), nano: feeNano.toString() };
      addNew('costs', `${account}/${row.lt}`, row);
    },
    costsSince: (atUnix) => costsSince(tables, Math.floor(atUnix)),
    close,
  };
}

interface Writing {
  changed(table: Change['table'], key: string, columns: Row): Change[];
  addNew(table: Change['table'], key: string, row: Row): void;
  rowsOf(table: Change['table']): Row[];
}

/** What is written of lines. */
function lineBooks(
  tables: Tables,
  { changed, addNew, rowsOf }: Writing,
): Pick<Store, 'lines' | 'addLine' | 'dropLine' | 'raised' | 'endLine'> {
  return {
    lines(domain, wanted = () => true) {
      const ofLine = groupBy(rowsOf('jobs'), (row) => lineKey(row['domain'] as Uint8Array, row['line_id']));
      const raises = groupBy(rowsOf('raises'), (row) => String(row['line_id']));
      return rowsOf('lines')
        .filter((row) => hex(row['domain'] as Uint8Array) === hex(domain))
        .filter((row) => wanted(String(row['id']), Number(row['opened_at'])))
        .map((row): [Row, string] => [row, String(row['id'])])
        .sort(([, a], [, b]) => (a < b ? -1 : 1))
        .map(([row, id]) => {
          const oldestFirst = (raises.get(id) ?? []).sort((a, b) => Number(a['at']) - Number(b['at']));
          return heldLine(row, ofLine.get(lineKey(domain, id)) ?? [], oldestFirst);
        });
    },
    addLine(domain, { id, line, router, openedAtUnix }) {
      addNew('lines', lineKey(domain, id), {
        ...{ domain: own(domain), id, line: own(lineImage(line)), router, opened_at: openedAtUnix },
        ...{ audited: null, audited_nano: '0', newest: null, ended: 0, why: null },
      });
    },
    dropLine: (domain, id) => tables.apply([{ table: 'lines', key: lineKey(domain, id), row: null }]),
    raised(id, { atUnix, capNano, raiseNano }) {
      const row = {
        ...{ line_id: id, at: Math.floor(atUnix) },
        ...{ cap_nano: capNano.toString(), raise_nano: raiseNano.toString() },
      };
      tables.apply([{ table: 'raises', key: `${id}/${tables.count('raises')}`, row }]);
    },
    endLine: (domain, id, why) => tables.apply(changed('lines', lineKey(domain, id), { ended: 1, why })),
  };
}

function costsSince(tables: Tables, since: number): CostSum {
  const sumOf = (kind: CostEntry['kind']): { count: number; nano: bigint } => {
    const found = [...tables.rows('costs')].filter(
      (row) => row['kind'] === kind && Number(row['at']) >= since,
    );
    return { count: found.length, nano: found.reduce((sum, { nano }) => sum + BigInt(String(nano)), 0n) };
  };
  const spentNano = [...tables.rows('jobs')]
    .filter((row) => issuedAt(row) >= since && row['fee_nano'] !== null)
    .reduce((sum, row) => sum + BigInt(String(row['fee_nano'])), 0n);
  return { spentNano, allocations: sumOf('allocate'), prunes: sumOf('prune') };
}

/** One escrow's lines and another's are kept apart, and so are two lives of one escrow. */
export function lineKey(domain: Uint8Array, id: unknown): string {
  return `${hex(domain)}/${String(id)}`;
}

export function issuedAt(job: Row): number {
  return Number(job['issued_at']);
}

function groupBy(rows: readonly Row[], nameOf: (row: Row) => string): Map<string, StoredRow[]> {
  const groups = new Map<string, StoredRow[]>();
  for (const row of rows) {
    const name = nameOf(row);
    const group = groups.get(name);
    if (group) group.push(row);
    else groups.set(name, [row]);
  }
  return groups;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** Bytes of their own: IndexedDB keeps all of what a view looks at. */
function own(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

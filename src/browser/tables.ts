/** The books' tables in memory. Columns are those of src/client/storeSchema.ts, so that one reader reads both. */
export const TABLES = [
  'lines',
  'raises',
  'jobs',
  'avoided',
  'costs',
  'evidence',
  'evidence_parts',
  'contradictions',
] as const;
export type TableName = (typeof TABLES)[number];

/** Text, numbers, bytes and nulls: what both SQLite and IndexedDB keep. */
export type Row = Readonly<Record<string, string | number | Uint8Array | null>>;

/** One row as it is from now on; null for a row that is gone. */
export interface Change {
  table: TableName;
  key: string;
  row: Row | null;
}

export interface Tables {
  row(table: TableName, key: string): Row | undefined;
  rows(table: TableName): IterableIterator<Row>;
  entries(table: TableName): IterableIterator<[string, Row]>;
  count(table: TableName): number;
  /** All of the changes, or none: `onChange` is told first, and what it throws keeps them out. */
  apply(changes: readonly Change[]): void;
}

export type Contents = Readonly<Record<TableName, ReadonlyMap<string, Row>>>;

export const EMPTY_CONTENTS: Contents = {
  lines: new Map(),
  raises: new Map(),
  jobs: new Map(),
  avoided: new Map(),
  costs: new Map(),
  evidence: new Map(),
  evidence_parts: new Map(),
  contradictions: new Map(),
};

export function createTables(contents: Contents, onChange: (changes: readonly Change[]) => void): Tables {
  const own = new Map(TABLES.map((name) => [name, new Map(contents[name])]));
  const tableOf = (name: TableName): Map<string, Row> => own.get(name)!;
  return {
    row: (table, key) => tableOf(table).get(key),
    rows: (table) => tableOf(table).values(),
    entries: (table) => tableOf(table).entries(),
    count: (table) => tableOf(table).size,
    apply(changes) {
      if (changes.length === 0) return;
      onChange(changes);
      for (const { table, key, row } of changes) {
        if (row === null) tableOf(table).delete(key);
        else tableOf(table).set(key, row);
      }
    },
  };
}

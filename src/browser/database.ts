import { EMPTY_CONTENTS, TABLES, type Change, type Contents, type Row, type TableName } from './tables';
import type { Disk } from './journal';
import type { IdbDatabase, IdbFactory, IdbRequest, IdbTransaction } from './platform';

type Step = (database: IdbDatabase) => void;

/** What makes each version of the database out of the one before. */
const STEPS: readonly Step[] = [
  adding('lines', 'raises', 'jobs', 'avoided', 'costs', 'evidence', 'evidence_parts'),
  adding('contradictions'),
];

function adding(...names: TableName[]): Step {
  return (database) => names.forEach((name) => database.createObjectStore(name));
}

/** Opens the books of that name in IndexedDB, and reads all of them. Throws what the browser says. */
export async function openDatabase(
  factory: IdbFactory,
  name: string,
): Promise<{ contents: Contents; disk: Disk }> {
  const database = await open(factory, name, STEPS);
  // Somebody wants to delete the books, or clears the site's data: let him; nothing more is written, so nothing is sent.
  database.onversionchange = () => database.close();
  return {
    contents: await readAll(database),
    disk: { write: (changes) => write(database, changes), close: () => database.close() },
  };
}

/** One row of a table of its own: what is there already, or else `fresh`, which is there from now on. */
export async function keptRow(
  factory: IdbFactory,
  at: { database: string; table: string; key: string },
  fresh: unknown,
): Promise<unknown> {
  const database = await open(factory, at.database, [(made) => void made.createObjectStore(at.table)]);
  try {
    const transaction = database.transaction([at.table], 'readwrite', { durability: 'strict' });
    const done = completionOf(transaction);
    const table = transaction.objectStore(at.table);
    const known = await resultOf(table.get(at.key));
    if (known === undefined) table.put(fresh, at.key);
    await done;
    return known ?? fresh;
  } finally {
    database.close();
  }
}

function open(factory: IdbFactory, name: string, steps: readonly Step[]): Promise<IdbDatabase> {
  const request = factory.open(name, steps.length);
  request.onupgradeneeded = ({ oldVersion }) => {
    for (const step of steps.slice(oldVersion)) step(request.result);
  };
  return resultOf(request);
}

async function readAll(database: IdbDatabase): Promise<Contents> {
  const transaction = database.transaction(TABLES, 'readonly');
  const read = async (name: TableName): Promise<[TableName, Map<string, Row>]> => {
    const table = transaction.objectStore(name);
    const [keys, rows] = await Promise.all([resultOf(table.getAllKeys()), resultOf(table.getAll())]);
    return [name, new Map(keys.map((key, at) => [String(key), rows[at] as Row]))];
  };
  return { ...EMPTY_CONTENTS, ...Object.fromEntries(await Promise.all(TABLES.map(read))) };
}

/** One transaction, complete only once it is on the disk itself and not merely with the operating system. */
function write(database: IdbDatabase, changes: readonly Change[]): Promise<void> {
  const names = [...new Set(changes.map(({ table }) => table))];
  const transaction = database.transaction(names, 'readwrite', { durability: 'strict' });
  for (const { table, key, row } of changes) {
    const rows = transaction.objectStore(table);
    if (row === null) rows.delete(key);
    else rows.put(row, key);
  }
  return completionOf(transaction);
}

function resultOf<T>(request: IdbRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('the database gave no reason'));
  });
}

function completionOf(transaction: IdbTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error('the database gave no reason'));
  });
}

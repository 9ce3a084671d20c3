import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { CocoonError } from '../protocol/errors';
import type { ClockSetting } from './clock';
import type { Anchor } from './timeline';

/** A message on its way: acknowledged to its sender, not yet in a block. */
export interface QueuedMessage {
  id: number;
  /** Raw form of the destination, `0:hex`. */
  account: string;
  external: boolean;
  boc: Buffer;
}

/** `hash` is what the message is looked up by while it waits. */
export type NewMessage = Omit<QueuedMessage, 'id'> & { hash: Buffer };

export interface TransactionRow {
  account: string;
  lt: bigint;
  hash: Buffer;
  seqno: number;
  boc: Buffer;
  /** Of the inbound internal message; null for externals. */
  source: string | null;
  createdLt: bigint | null;
}

/** Everything one block changes; written in one database transaction. */
export interface BlockWrite {
  anchor: Anchor;
  accounts: ReadonlyMap<string, Buffer>;
  transactions: readonly TransactionRow[];
  processed: readonly number[];
  carriedOver: readonly Omit<QueuedMessage, 'id'>[];
}

export type DevnetStore = ReturnType<typeof openStore>;

const SCHEMA_VERSION = 1;
const SCHEMA = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
  CREATE TABLE accounts (address TEXT PRIMARY KEY, state BLOB NOT NULL) WITHOUT ROWID;
  CREATE TABLE queue (id INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, external INTEGER NOT NULL,
    boc BLOB NOT NULL, hash BLOB NOT NULL);
  CREATE INDEX queue_by_hash ON queue (hash);
  CREATE TABLE anchors (seqno INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL, interval_ms INTEGER NOT NULL,
    content_hash BLOB NOT NULL, start_lt INTEGER NOT NULL, end_lt INTEGER NOT NULL);
  CREATE INDEX anchors_by_time ON anchors (time_ms);
  CREATE INDEX anchors_by_lt ON anchors (end_lt);
  CREATE TABLE transactions (account TEXT NOT NULL, lt INTEGER NOT NULL, hash BLOB NOT NULL, seqno INTEGER NOT NULL,
    boc BLOB NOT NULL, source TEXT, created_lt INTEGER, PRIMARY KEY (account, lt)) WITHOUT ROWID;
  CREATE INDEX transactions_by_block ON transactions (seqno, lt);
  CREATE INDEX transactions_by_message ON transactions (source, created_lt);
`;

/**
 * The chain on disk, or in memory when `dataDir` is null. A lock on the folder keeps a second devnet
 * out; every write is on disk before it is acknowledged.
 */
export function openStore(dataDir: string | null) {
  const lock = dataDir === null ? null : lockFolder(dataDir);
  const db = openDatabase(dataDir, lock);
  const prepare = (sql: string) => db.prepare(sql);

  const getMeta = prepare('SELECT value FROM meta WHERE key = ?');
  const putMeta = prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)');
  const getAccount = prepare('SELECT state FROM accounts WHERE address = ?');
  const putAccount = prepare('INSERT OR REPLACE INTO accounts (address, state) VALUES (?, ?)');
  const countAccounts = prepare('SELECT count(*) AS n FROM accounts');
  const addQueued = prepare('INSERT INTO queue (account, external, boc, hash) VALUES (?, ?, ?, ?)');
  const findQueued = prepare('SELECT 1 AS found FROM queue WHERE hash = ? LIMIT 1');
  const waits = prepare('SELECT 1 AS found FROM queue WHERE id = ?');
  const listQueued = prepare('SELECT id, account, external, boc FROM queue ORDER BY id LIMIT ?');
  const dropQueued = prepare('DELETE FROM queue WHERE id = ?');
  const addAnchor = prepare('INSERT INTO anchors VALUES (?, ?, ?, ?, ?, ?)');
  const firstAnchor = prepare('SELECT * FROM anchors ORDER BY seqno LIMIT 1');
  const anchorBefore = prepare('SELECT * FROM anchors WHERE seqno <= ? ORDER BY seqno DESC LIMIT 1');
  const anchorByTime = prepare('SELECT * FROM anchors WHERE time_ms < ? ORDER BY seqno DESC LIMIT 1');
  const anchorByLt = prepare('SELECT * FROM anchors WHERE end_lt >= ? ORDER BY seqno LIMIT 1');
  const addTransaction = prepare('INSERT INTO transactions VALUES (?, ?, ?, ?, ?, ?, ?)');
  const pageOf = prepare(
    'SELECT * FROM transactions WHERE account = ? AND lt <= ? AND lt > ? ORDER BY lt DESC LIMIT ?',
  );
  const ofBlock = prepare('SELECT * FROM transactions WHERE seqno = ? AND lt > ? ORDER BY lt LIMIT ?');
  const byMessage = prepare('SELECT * FROM transactions WHERE source = ? AND created_lt = ? AND account = ?');

  const inTransaction = (work: () => void): void => {
    db.exec('BEGIN IMMEDIATE');
    try {
      work();
      db.exec('COMMIT');
    } catch (error) {
      db.exec('ROLLBACK');
      throw error;
    }
  };
  const one = <T>(row: unknown, read: (row: Row) => T): T | null => (row ? read(row as Row) : null);
  const writeAnchor = (a: Anchor): void => {
    addAnchor.run(a.seqno, a.timeMs, a.intervalMs, a.contentHash, Number(a.startLt), Number(a.endLt));
  };
  // Kept beside the table, because counting reads all of it.
  let waiting = Number((prepare('SELECT count(*) AS n FROM queue').get() as Row)['n']);
  const enqueue = ({ account, external, boc, hash }: NewMessage): number =>
    Number(addQueued.run(account, external ? 1 : 0, boc, hash).lastInsertRowid);

  return {
    meta: (key: string): string | null => one(getMeta.get(key), (row) => row['value'] as string),
    setMeta: (key: string, value: string): void => void putMeta.run(key, value),
    clock: (): ClockSetting | null =>
      one(getMeta.get('clock'), (row) => JSON.parse(row['value'] as string) as ClockSetting),
    setClock: (setting: ClockSetting): void => void putMeta.run('clock', JSON.stringify(setting)),

    account: (address: string): Buffer | null => one(getAccount.get(address), (row) => bytes(row['state'])),
    setAccount: (address: string, state: Buffer): void => void putAccount.run(address, state),
    accountCount: (): number => Number((countAccounts.get() as Row)['n']),

    /** All or none; returns their ids. */
    enqueueAll(messages: readonly NewMessage[]): number[] {
      const ids: number[] = [];
      inTransaction(() => messages.forEach((message) => ids.push(enqueue(message))));
      waiting += ids.length;
      return ids;
    },
    dropQueued(ids: readonly number[]): void {
      inTransaction(() => ids.forEach((id) => dropQueued.run(id)));
      waiting -= ids.length;
    },
    isWaiting: (id: number): boolean => waits.get(id) !== undefined,
    isQueued: (hash: Buffer): boolean => findQueued.get(hash) !== undefined,
    queueLength: (): number => waiting,
    queued: (limit: number): QueuedMessage[] => (listQueued.all(limit) as Row[]).map(readQueued),

    addAnchor: writeAnchor,
    firstAnchor: (): Anchor | null => one(firstAnchor.get(), readAnchor),
    anchorAtOrBefore: (seqno: number): Anchor | null => one(anchorBefore.get(seqno), readAnchor),
    lastAnchorBefore: (timeMs: number): Anchor | null => one(anchorByTime.get(timeMs), readAnchor),
    anchorWithLt: (lt: bigint): Anchor | null => one(anchorByLt.get(Number(lt)), readAnchor),

    /** Newest first, from `fromLt` down to but not including `toLt`. */
    transactions: (account: string, fromLt: bigint, toLt: bigint, limit: number): TransactionRow[] =>
      (pageOf.all(account, Number(fromLt), Number(toLt), limit) as Row[]).map(readTransaction),
    blockTransactions: (seqno: number, afterLt: bigint, limit: number): TransactionRow[] =>
      (ofBlock.all(seqno, Number(afterLt), limit) as Row[]).map(readTransaction),
    transactionOfMessage: (source: string, createdLt: bigint, account: string): TransactionRow | null =>
      one(byMessage.get(source, Number(createdLt), account), readTransaction),

    writeBlock(write: BlockWrite): void {
      inTransaction(() => {
        writeAnchor(write.anchor);
        for (const [address, state] of write.accounts) putAccount.run(address, state);
        for (const t of write.transactions) {
          const createdLt = t.createdLt === null ? null : Number(t.createdLt);
          addTransaction.run(t.account, Number(t.lt), t.hash, t.seqno, t.boc, t.source, createdLt);
        }
        for (const id of write.processed) dropQueued.run(id);
        for (const message of write.carriedOver) enqueue({ ...message, hash: NO_HASH });
      });
      waiting += write.carriedOver.length - write.processed.length;
    },
    inTransaction,
    close(): void {
      db.close();
      lock?.close();
    },
  };
}

type Database = InstanceType<typeof DatabaseSync>;

/**
 * A transaction that is never committed, on a file of its own: the lock ends with this process, however it ends. The
 * chain's own file would stay locked within the process after a close, for as long as its statements live.
 */
function lockFolder(dataDir: string): Database {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const lock = new DatabaseSync(join(dataDir, 'lock.sqlite'));
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (cause) {
    lock.close();
    throw new CocoonError('chain_unavailable', `The folder ${dataDir} is in use by another devnet.`, {
      cause,
      remedy: 'Stop the other devnet or name another folder.',
    });
  }
}

function openDatabase(dataDir: string | null, lock: Database | null): Database {
  const db = new DatabaseSync(dataDir === null ? ':memory:' : join(dataDir, 'devnet.sqlite'));
  try {
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    const version = Number((db.prepare('PRAGMA user_version').get() as Row)['user_version']);
    if (version === 0) db.exec(`BEGIN EXCLUSIVE; ${SCHEMA} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT;`);
    else if (version !== SCHEMA_VERSION) throw new Error(`unknown schema version ${version}`);
    return db;
  } catch (cause) {
    db.close();
    lock?.close();
    throw new CocoonError(
      'chain_unavailable',
      `The folder ${dataDir} does not hold a devnet that this version can read.`,
      { cause, remedy: 'Name another folder.' },
    );
  }
}

/** Internal messages are never looked up in the queue. */
const NO_HASH = Buffer.alloc(0);

type Row = Record<string, unknown>;

function bytes(value: unknown): Buffer {
  const array = value as Uint8Array;
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}

function readQueued(row: Row): QueuedMessage {
  return {
    id: Number(row['id']),
    account: row['account'] as string,
    external: row['external'] === 1,
    boc: bytes(row['boc']),
  };
}

function readAnchor(row: Row): Anchor {
  return {
    seqno: Number(row['seqno']),
    timeMs: Number(row['time_ms']),
    intervalMs: Number(row['interval_ms']),
    contentHash: bytes(row['content_hash']),
    startLt: BigInt(row['start_lt'] as number),
    endLt: BigInt(row['end_lt'] as number),
  };
}

function readTransaction(row: Row): TransactionRow {
  return {
    account: row['account'] as string,
    lt: BigInt(row['lt'] as number),
    hash: bytes(row['hash']),
    seqno: Number(row['seqno']),
    boc: bytes(row['boc']),
    source: row['source'] as string | null,
    createdLt: row['created_lt'] === null ? null : BigInt(row['created_lt'] as number),
  };
}

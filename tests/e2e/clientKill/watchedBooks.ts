import sqlite, { type StatementSyncInstance } from '@photostructure/sqlite';
import type { ClientPoint } from './faults';

/**
 * Reports the calls that make a ticket, and a bill, durable. The client's books offer no place for that, and a switch
 * in them would be a switch in production: so this process replaces the database module before the client loads it.
 */
export const books: { reach: (point: ClientPoint) => void } = { reach: () => undefined };
let isBilling = false;

class WatchedDatabase extends sqlite.DatabaseSync {
  override exec(sql: string): void {
    const isBill = isBilling && sql === 'COMMIT';
    if (isBill) books.reach('bill.commit');
    super.exec(sql);
    if (!isBill) return;
    isBilling = false;
    books.reach('bill.committed');
  }

  override prepare(sql: string, ...options: never[]): StatementSyncInstance {
    const statement = super.prepare(sql, ...options);
    if (sql.startsWith('INSERT INTO jobs')) {
      return withRun(statement, (write) => {
        books.reach('ticket.journal');
        write();
        books.reach('ticket.journaled');
      });
    }
    if (!sql.startsWith('UPDATE jobs SET fee_nano = ?')) return statement;
    return withRun(statement, (write) => {
      isBilling = true;
      books.reach('bill.write');
      write();
    });
  }
}

/** The statement with another `run`; its own is `write`. */
function withRun(statement: StatementSyncInstance, run: (write: () => void) => void): StatementSyncInstance {
  return new Proxy(statement, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (name !== 'run') return value.bind(target) as unknown;
      return (...values: unknown[]) => run(() => void Reflect.apply(value, target, values));
    },
  });
}

const loaded = require.cache[require.resolve('@photostructure/sqlite')]!;
loaded.exports = { ...(loaded.exports as object), DatabaseSync: WatchedDatabase };

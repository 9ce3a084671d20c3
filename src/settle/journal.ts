import { Address } from '@ton/core';
import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import type { SignedTransfer } from '../chain/types';
import { SETTLE_LIMITS } from './limits';

/**
 * How a settle message ended. `sent`: nobody knows yet. `paid`: every line got what was due; `partly`: some of it came
 * back or went missing; `nothing`: somebody else was first, or every payout came back; `refused`: the escrow or the wallet
 * did not take it; `void`: no block took the message or ever will.
 */
export type Outcome = 'sent' | 'paid' | 'partly' | 'nothing' | 'refused' | 'void';

export interface JournalLine {
  domain: Buffer;
  lineId: Buffer;
  dueNano: bigint;
  paidNano: bigint;
  /** This line's share of what the message cost, by what it was paid. */
  spentNano: bigint;
}

export interface JournalEntry {
  id: number;
  /** Account hash. */
  escrow: Buffer;
  sent: SignedTransfer;
  sentAtUnix: number;
  outcome: Outcome;
  endedAtUnix: number | null;
  paidNano: bigint;
  spentNano: bigint;
  note: string;
  lines: JournalLine[];
}

export interface Ending {
  outcome: Exclude<Outcome, 'sent'>;
  spentNano: bigint;
  lines: readonly JournalLine[];
  note?: string;
}

/** What was sent, what it cost and what it paid. Each change is on disk when the call returns. */
export interface Journal {
  /** Before a message leaves; answers the entry's id. */
  begin(
    entry: Pick<JournalEntry, 'escrow' | 'sent'> & {
      lines: readonly Pick<JournalLine, 'domain' | 'lineId' | 'dueNano'>[];
    },
    nowUnix: number,
  ): number;
  end(id: number, ending: Ending, nowUnix: number): void;
  /** Entries whose end nobody knows, oldest first. */
  open(): JournalEntry[];
  /** Newest first. */
  history(limit?: number): JournalEntry[];
  /** Sums over the whole journal. */
  totals(): { messages: number; paidNano: bigint; spentNano: bigint };
  /** When a message to this escrow last paid something, Unix seconds; 0 for never. */
  lastPaidAt(escrow: Buffer): number;
  prune(beforeUnix: number): void;
}

type Value = bigint | number | string | Uint8Array | null;
type Row = Record<string, Value>;

export function createJournal(db: DatabaseSyncInstance): Journal {
  const bigRows = (sql: string) => {
    const statement = db.prepare(sql);
    statement.setReadBigInts(true);
    return statement;
  };
  const insert = db.prepare(
    'INSERT INTO settlements (escrow, wallet, body_hash, seqno, valid_until, sent_at) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const insertLine = db.prepare(
    'INSERT OR REPLACE INTO settled_lines (settlement, domain, line_id, due) VALUES (?, ?, ?, ?)',
  );
  const finish = db.prepare(
    'UPDATE settlements SET outcome = ?, ended_at = ?, paid = ?, spent = ?, note = ? WHERE id = ?',
  );
  const finishLine = db.prepare(
    'UPDATE settled_lines SET paid = ?, spent = ? WHERE settlement = ? AND domain = ? AND line_id = ?',
  );
  const open = bigRows("SELECT * FROM settlements WHERE outcome = 'sent' ORDER BY id");
  const newest = bigRows('SELECT * FROM settlements ORDER BY id DESC LIMIT ?');
  const lines = bigRows('SELECT * FROM settled_lines WHERE settlement = ?');
  const totals = bigRows(
    'SELECT count(*) AS messages, coalesce(sum(paid), 0) AS paid, coalesce(sum(spent), 0) AS spent FROM settlements',
  );
  const lastPaid = db.prepare('SELECT max(ended_at) AS at FROM settlements WHERE escrow = ? AND paid > 0');
  const forget = db.prepare("DELETE FROM settlements WHERE outcome <> 'sent' AND ended_at < ?");

  const entryOf = (row: Row): JournalEntry => readEntry(row, lines.all(row['id']!) as Row[]);

  return {
    begin: (entry, nowUnix) =>
      atOnce(db, () => {
        const { wallet, bodyHash, seqno, validUntil } = entry.sent;
        const added = insert.run(
          ...[entry.escrow, wallet.toRawString(), bodyHash, seqno, validUntil, Math.floor(nowUnix)],
        );
        const id = Number(added.lastInsertRowid);
        for (const { domain, lineId, dueNano } of entry.lines) insertLine.run(id, domain, lineId, dueNano);
        return id;
      }),
    end(id, { outcome, spentNano, lines: ended, note = '' }, nowUnix) {
      const paid = ended.reduce((sum, { paidNano }) => sum + paidNano, 0n);
      atOnce(db, () => {
        finish.run(outcome, Math.floor(nowUnix), paid, spentNano, note.slice(0, 500), id);
        for (const line of ended) finishLine.run(line.paidNano, line.spentNano, id, line.domain, line.lineId);
      });
    },
    open: () => (open.all() as Row[]).map(entryOf),
    history: (limit = SETTLE_LIMITS.historyPage) =>
      (newest.all(Math.min(limit, SETTLE_LIMITS.historyPage)) as Row[]).map(entryOf),
    totals() {
      const row = totals.get() as Record<'messages' | 'paid' | 'spent', bigint>;
      return { messages: Number(row.messages), paidNano: row.paid, spentNano: row.spent };
    },
    lastPaidAt: (escrow) => (lastPaid.get(escrow) as { at: number | null }).at ?? 0,
    prune: (beforeUnix) => void forget.run(Math.floor(beforeUnix)),
  };
}

/** All or nothing. */
function atOnce<T>(db: DatabaseSyncInstance, change: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = change();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
}

function readEntry(row: Row, lines: Row[]): JournalEntry {
  return {
    id: Number(row['id']),
    escrow: blob(row['escrow']),
    sent: {
      wallet: Address.parseRaw(String(row['wallet'])),
      bodyHash: blob(row['body_hash']),
      seqno: Number(row['seqno']),
      validUntil: Number(row['valid_until']),
      count: 1,
    },
    sentAtUnix: Number(row['sent_at']),
    outcome: row['outcome'] as Outcome,
    endedAtUnix: row['ended_at'] === null ? null : Number(row['ended_at']),
    paidNano: BigInt(row['paid'] as bigint),
    spentNano: BigInt(row['spent'] as bigint),
    note: String(row['note']),
    lines: lines.map((line) => ({
      domain: blob(line['domain']),
      lineId: blob(line['line_id']),
      dueNano: line['due'] as bigint,
      paidNano: line['paid'] as bigint,
      spentNano: line['spent'] as bigint,
    })),
  };
}

function blob(value: Value | undefined): Buffer {
  return Buffer.from(value as Uint8Array);
}

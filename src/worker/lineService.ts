import { z } from 'zod';
import { CocoonError } from '../protocol/errors';
import type { Ledger, LineAccount } from './ledger';
import { WORKER_LIMITS } from './limits';

/** What a sealed request may ask of the worker itself, about its own line. */
export const AUDIT_PATH = '/cocoon/v1/audit';
export const FINAL_PATH = '/cocoon/v1/final';

export type LineAnswer = { body: Buffer; final: boolean };

const auditSchema = z.strictObject({
  from: z.number().int().nonnegative(),
  limit: z.number().int().positive().max(WORKER_LIMITS.auditItems).default(WORKER_LIMITS.auditItems),
});

export function isLinePath(path: string): boolean {
  return path === AUDIT_PATH || path === FINAL_PATH;
}

/** Answers from the ledger. Throws CocoonError `invalid_request`. */
export function answerForLine(path: string, body: Buffer, ledger: Ledger, account: LineAccount): LineAnswer {
  if (path === FINAL_PATH) return { body: json({ final: true }), final: true };
  const { from, limit } = readAudit(body);
  const items = ledger.audit(account, from, limit);
  const { totalNano, jobs } = ledger.tally(account);
  const next = from + items.length;
  const answer = {
    line: account.lineId.toString('hex'),
    jobs,
    total_nano: totalNano.toString(),
    items: items.map(({ ticket, record }) => ({
      ticket: ticket.toString('base64'),
      record: record.toString('base64'),
    })),
    next: next < jobs ? next : null,
  };
  return { body: json(answer), final: false };
}

function readAudit(body: Buffer): z.infer<typeof auditSchema> {
  try {
    return auditSchema.parse(JSON.parse(body.toString('utf8')));
  } catch (cause) {
    throw new CocoonError('invalid_request', 'An audit takes {"from": n, "limit": m}.', { cause });
  }
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

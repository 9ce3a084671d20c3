import { z } from 'zod';
import type { IssuedKey } from './keyTypes';

export type Row = Record<string, unknown>;

const amount = z.string().regex(/^\d+$/).transform(BigInt);
const keyRow = z.object({
  id: z.string(),
  hint: z.string(),
  name: z.string(),
  created_at: z.number(),
  revoked_at: z.number().nullable(),
  expires_at: z.number().nullable(),
  limit_nano: amount.nullable(),
  rate_requests: z.number().nullable(),
  rate_seconds: z.number().nullable(),
  models: z.string().nullable(),
});

/** Throws ZodError on a row of another shape: the books are damaged. */
export function issuedKey(row: Row): IssuedKey {
  const key = keyRow.parse(row);
  const { rate_requests: requests, rate_seconds: seconds } = key;
  return {
    id: key.id,
    hint: key.hint,
    name: key.name,
    createdAtUnix: key.created_at,
    revokedAtUnix: key.revoked_at,
    expiresAtUnix: key.expires_at,
    limitNano: key.limit_nano,
    rate: requests === null || seconds === null ? null : { requests, seconds },
    models: key.models === null ? null : z.array(z.string()).parse(JSON.parse(key.models)),
  };
}

export function amountOf(value: unknown): bigint {
  return amount.parse(value);
}

export function textOf(value: unknown): string {
  return z.string().parse(value);
}

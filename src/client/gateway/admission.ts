import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { CocoonError } from '../../protocol/errors';
import type { Caller } from '../caller';
import { catchUp, keyCaller, type CallerTerms } from './keys/keyCaller';
import type { KeyBooks } from './keys/keyBooks';
import type { IssuedKey, Spending } from './keys/keyTypes';
import { createRates, rateHeaders } from './keys/rates';
import { secretHash } from './keys/secret';
import type { GatewayClient } from './types';

/** Who asks. Without any keys everybody is the owner, and nobody is told apart. */
export interface Visitor {
  /** Null for the owner without keys. */
  caller: Caller | null;
  /** The issued key, whose holder sees no more than his own. */
  key: IssuedKey | null;
  /** Null for the owner without keys. `fresh` looks for bills that came by another way first. */
  spending(fresh?: boolean): Spending | null;
}

export interface Admission {
  /** Throws CocoonError `invalid_api_key`. */
  admit(request: IncomingMessage): Visitor;
  /** Counts a request against the key's rate and returns the headers that say so; the answer may be a refusal. */
  count(visitor: Visitor): { allowed: boolean; headers: Record<string, string> };
  needsKey(): boolean;
}

/** Bills that came by another way are looked for so often. */
const CATCH_UP_MS = 20_000;
const NO_LIMITS: CallerTerms = { limitNano: null, models: null };

export function createAdmission(
  apiKeys: readonly string[],
  deps: { books: KeyBooks; client: GatewayClient; nowUnix(): number; nowMs(): number },
): Admission {
  const { books, client } = deps;
  const plain = apiKeys.map(secretHash);
  const rates = createRates(deps.nowMs);
  const caughtUp = new Map<string, number>();
  const needsKey = (): boolean => plain.length > 0 || books.hasKeys();

  const visitor = (id: string, key: IssuedKey | null): Visitor => {
    const now = deps.nowMs();
    if (now - (caughtUp.get(id) ?? -Infinity) >= CATCH_UP_MS) {
      caughtUp.set(id, now);
      catchUp(books, id, client.receipt);
    }
    return {
      caller: keyCaller(id, key ?? NO_LIMITS, books, client.receipt),
      key,
      spending(fresh) {
        if (fresh) catchUp(books, id, client.receipt);
        return books.spending(id);
      },
    };
  };

  return {
    needsKey,
    admit(request) {
      if (!needsKey()) return { caller: null, key: null, spending: () => null };
      const secret = bearerOf(request);
      const hash = secretHash(secret);
      if (plain.some((one) => timingSafeEqual(one, hash))) {
        return visitor(`file:${hash.toString('hex', 0, 8)}`, null);
      }
      const key = books.find(secret);
      if (!key) throw new CocoonError('invalid_api_key', 'The API key is missing or wrong.');
      refuseEnded(key, deps.nowUnix());
      return visitor(key.id, key);
    },
    count({ key }) {
      if (!key?.rate) return { allowed: true, headers: {} };
      const standing = rates.take(key.id, key.rate);
      return { allowed: standing.allowed, headers: rateHeaders(standing) };
    },
  };
}

function bearerOf(request: IncomingMessage): string {
  return /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
}

function refuseEnded({ revokedAtUnix, expiresAtUnix }: IssuedKey, nowUnix: number): void {
  if (revokedAtUnix !== null) throw ended('The API key was revoked.');
  if (expiresAtUnix !== null && nowUnix >= expiresAtUnix) throw ended('The API key has expired.');
}

function ended(message: string): CocoonError {
  return new CocoonError('invalid_api_key', message, { remedy: 'Ask for a new key: `cocoon key create`.' });
}

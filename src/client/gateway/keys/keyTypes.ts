/** So many requests in so long, all at once or spread. */
export interface Rate {
  requests: number;
  seconds: number;
}

/** What an issued key may do. */
export interface KeyTerms {
  name: string;
  /** What all its requests together may cost, in nanotons; null for no limit. */
  limitNano: bigint | null;
  expiresAtUnix: number | null;
  rate: Rate | null;
  /** Null for all. */
  models: readonly string[] | null;
}

export interface IssuedKey extends KeyTerms {
  /** Names the key in lists and on the command line; no secret. */
  id: string;
  /** The end of the key, so that its owner can tell it from others. */
  hint: string;
  createdAtUnix: number;
  revokedAtUnix: number | null;
}

/** What a caller has spent, and on what. */
export interface Spending {
  spentNano: bigint;
  /** Maximum costs of requests whose bill is not there yet. */
  reservedNano: bigint;
  models: { model: string; requests: number; spentNano: bigint }[];
}

/** What is left of a limit; null for no limit. */
export function leftNano({ limitNano }: Pick<KeyTerms, 'limitNano'>, spending: Spending): bigint | null {
  if (limitNano === null) return null;
  const left = limitNano - spending.spentNano - spending.reservedNano;
  return left > 0n ? left : 0n;
}

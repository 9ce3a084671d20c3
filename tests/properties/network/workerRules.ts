// The money rules of a Worker in plain TypeScript, written from the design and not from the contract. Amounts are nanotons,
// times Unix seconds; keys are named by their first half in hex, routers by what listings name them by.

export interface WorkerBooks {
  /** Account hashes in hex. */
  provider: string;
  treasury: string;
  /** Payouts not claimed yet, net of the routers' share. */
  earnings: bigint;
  stake: bigint;
  /** When the stake is free; 0 while staked. */
  unstakeAt: number;
  activeUntil: number;
  feeBps: number;
  unbondingSeconds: number;
  minStake: bigint;
  keys: Map<string, AdmittedKey>;
  routers: Map<string, Listing>;
}

export interface AdmittedKey {
  lastSettleBy: number;
  activeUntil: number;
}

export interface Listing {
  maxBps: number;
  /** 0 while the listing has no end. */
  delistAt: number;
  owed: bigint;
}

export interface Payout {
  amount: bigint;
  key: string;
  feeBps: number;
  feeTo: string;
}

/** Refusals by the contract's names, 0 for none. */
const NEVER_ADMITTED = 1110;
const PAST_LAST_SETTLE = 1111;
const NOT_COVERED = 1112;
const STAKE_UNBONDING = 1122;
const NO_STAKE = 1123;
const NOT_UNSTAKED = 1124;
const NOTHING_TO_CLAIM = 1150;
const RECIPIENT_UNKNOWN = 1151;
const RECIPIENTS_FULL = 1152;
const FEE_OUT_OF_BOUNDS = 1153;
const FEE_LOWERED = 1154;
const NOTHING_OWED = 1155;

const KEY_SLASHED = 1160;

/** What a slashed key has for the end of its activity. */
const NEVER_AGAIN = 0;
const GRACE_SECONDS = 86_400;
const DELIST_SECONDS = 15 * 86_400;
const MAX_LISTINGS = 8;
const MAX_LISTING_BPS = 5_000;
const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const most = (a: bigint, b: bigint): bigint => (a > b ? a : b);

export function owedToAll({ routers }: WorkerBooks): bigint {
  let sum = 0n;
  for (const { owed } of routers.values()) sum += owed;
  return sum;
}

/** I-2, I-6: takes what an admitted key earned, whatever was revoked since; `spare` is the value that is left for gas. */
export function pay(books: WorkerBooks, payout: Payout, spare: bigint, gas: bigint, now: number): number {
  const key = books.keys.get(payout.key);
  if (!key) return NEVER_ADMITTED;
  if (now > key.lastSettleBy + GRACE_SECONDS) return PAST_LAST_SETTLE;
  if (spare < gas) return NOT_COVERED;
  const router = books.routers.get(payout.feeTo);
  let fee = 0n;
  if (router && isListed(router, now)) {
    fee = (payout.amount * BigInt(Math.min(payout.feeBps, router.maxBps))) / 10_000n;
    router.owed += fee;
  }
  books.earnings += payout.amount - fee;
  return 0;
}

const isListed = ({ delistAt }: Listing, now: number): boolean => delistAt === 0 || now <= delistAt;

/** I-6: what the provider takes of `held`, and the treasury's part of it. */
export function claim(
  books: WorkerBooks,
  held: bigint,
  reserve: bigint,
): number | { claimed: bigint; tax: bigint } {
  const claimed = held - reserve - books.stake - owedToAll(books);
  if (claimed <= 0n) return NOTHING_TO_CLAIM;
  const taxed = least(books.earnings, claimed);
  books.earnings -= taxed;
  return { claimed, tax: (taxed * BigInt(books.feeBps)) / 10_000n };
}

/** What the router is paid, or why not. */
export function pullFee(books: WorkerBooks, router: string): number | { due: bigint } {
  const listing = books.routers.get(router);
  if (!listing) return RECIPIENT_UNKNOWN;
  if (listing.owed === 0n) return NOTHING_OWED;
  const due = listing.owed;
  listing.owed = 0n;
  return { due };
}

export function list(books: WorkerBooks, router: string, maxBps: number, now: number): number {
  if (maxBps < 1 || maxBps > MAX_LISTING_BPS) return FEE_OUT_OF_BOUNDS;
  const known = books.routers.get(router);
  if (known) {
    if (isListed(known, now) && maxBps < known.maxBps) return FEE_LOWERED;
    books.routers.set(router, { maxBps, delistAt: 0, owed: known.owed });
    return 0;
  }
  const kept = [...books.routers].filter(([, listing]) => isListed(listing, now) || listing.owed > 0n);
  if (kept.length >= MAX_LISTINGS) return RECIPIENTS_FULL;
  books.routers = new Map([...kept, [router, { maxBps, delistAt: 0, owed: 0n }]]);
  return 0;
}

export function delist(books: WorkerBooks, router: string, now: number): number {
  const listing = books.routers.get(router);
  if (!listing) return RECIPIENT_UNKNOWN;
  if (listing.delistAt === 0) listing.delistAt = now + DELIST_SECONDS;
  return 0;
}

export function stake(books: WorkerBooks, amount: bigint): void {
  books.stake += amount;
  books.unstakeAt = 0;
}

export function unstake(books: WorkerBooks, now: number): number {
  if (books.unstakeAt !== 0) return STAKE_UNBONDING;
  if (books.stake === 0n) return NO_STAKE;
  books.unstakeAt = now + books.unbondingSeconds;
  return 0;
}

/** What the Worker keeps of `held`: rent beyond the reserve is the provider's loss, never that of the routers. */
export function withdrawStake(books: WorkerBooks, held: bigint, now: number): number | { kept: bigint } {
  if (books.unstakeAt === 0) return NOT_UNSTAKED;
  if (books.unstakeAt > now) return STAKE_UNBONDING;
  if (books.stake === 0n) return NO_STAKE;
  const kept = most(held - books.stake, least(held, owedToAll(books)));
  books.stake = 0n;
  return { kept };
}

/** I-10: terms reach a Worker when its Registry says so, and bind only where they are better. */
export function takeTerms(
  books: WorkerBooks,
  terms: { feeBps: number; unbondingSeconds: number; minStake: bigint; treasury: string },
): void {
  books.feeBps = Math.min(books.feeBps, terms.feeBps);
  books.unbondingSeconds = Math.min(books.unbondingSeconds, terms.unbondingSeconds);
  books.minStake = terms.minStake;
  books.treasury = terms.treasury;
}

/** A revocation ends how long the newest key is active, and nothing else. */
export function endActivity(books: WorkerBooks, key: string, now: number): void {
  const admitted = books.keys.get(key);
  if (admitted) admitted.activeUntil = Math.min(admitted.activeUntil, now - 1);
  books.activeUntil = Math.min(books.activeUntil, now - 1);
}

/**
 * I-6: a proof against a key that was admitted here takes the stake, once for each key. Returns what the Worker keeps of
 * `held`: rent beyond the reserve was the stake's loss. Earnings, dues and payouts to any key stay as they are.
 */
export function slash(
  books: WorkerBooks,
  key: string,
  held: bigint,
  now: number,
  newest: string,
): number | { kept: bigint } {
  const slashed = books.keys.get(key);
  if (!slashed) return NEVER_ADMITTED;
  if (slashed.activeUntil === NEVER_AGAIN) return KEY_SLASHED;
  if (books.stake === 0n) return NO_STAKE;
  const kept = most(held - books.stake, least(held, owedToAll(books)));
  books.stake = 0n;
  endActivity(books, newest, now);
  slashed.activeUntil = NEVER_AGAIN;
  return { kept };
}

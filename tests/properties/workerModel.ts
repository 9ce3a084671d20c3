/**
 * The money rules of the Worker in plain TypeScript, written from the design and not from the contract. Balances are not
 * modelled to the nanoton (gas and rent are the chain's business), but what is owed to whom is.
 */
export interface WorkerModel {
  now: number;
  /** When its one key was admitted. */
  admittedAt: number;
  stake: bigint;
  /** Whether its key's proof was filed: a key slashes once. */
  slashed: boolean;
  unstakeAt: number;
  /** Net payouts that were not claimed. */
  earnings: bigint;
  feeBps: number;
  unbondingSeconds: number;
  /** Router number -> its listing and what it is owed. */
  routers: Map<number, { maxBps: number; delistAt: number; owed: bigint }>;
}

export const DELIST_DELAY = 15 * 86_400;
const MAX_ROUTERS = 8;

export function newModel(now: number, stake: bigint, feeBps: number, unbondingSeconds: number): WorkerModel {
  return {
    now,
    admittedAt: now,
    stake,
    slashed: false,
    unstakeAt: 0,
    earnings: 0n,
    feeBps,
    unbondingSeconds,
    routers: new Map(),
  };
}

function listed(model: WorkerModel, router: { delistAt: number }): boolean {
  return router.delistAt === 0 || model.now <= router.delistAt;
}

export function owedToAll(model: WorkerModel): bigint {
  return [...model.routers.values()].reduce((sum, { owed }) => sum + owed, 0n);
}

export function pay(model: WorkerModel, amount: bigint, feeBps: number, to: number): void {
  const router = model.routers.get(to);
  const fee =
    router && listed(model, router) ? (amount * BigInt(Math.min(feeBps, router.maxBps))) / 10_000n : 0n;
  if (router) router.owed += fee;
  model.earnings += amount - fee;
}

/** Whether the listing is accepted. */
export function list(model: WorkerModel, to: number, maxBps: number): boolean {
  const known = model.routers.get(to);
  if (known) {
    if (listed(model, known) && maxBps < known.maxBps) return false;
    model.routers.set(to, { maxBps, delistAt: 0, owed: known.owed });
    return true;
  }
  const kept = [...model.routers].filter(([, router]) => listed(model, router) || router.owed > 0n);
  if (kept.length >= MAX_ROUTERS) return false;
  model.routers = new Map([...kept, [to, { maxBps, delistAt: 0, owed: 0n }]]);
  return true;
}

export function delist(model: WorkerModel, to: number): boolean {
  const router = model.routers.get(to);
  if (!router) return false;
  if (router.delistAt === 0) router.delistAt = model.now + DELIST_DELAY;
  return true;
}

/** What the router is paid; null when nothing is owed to it. */
export function pull(model: WorkerModel, to: number): bigint | null {
  const router = model.routers.get(to);
  if (!router || router.owed === 0n) return null;
  const { owed } = router;
  router.owed = 0n;
  return owed;
}

export function addStake(model: WorkerModel, amount: bigint): void {
  model.stake += amount;
  model.unstakeAt = 0;
}

export function unstake(model: WorkerModel): boolean {
  if (model.unstakeAt !== 0 || model.stake === 0n) return false;
  model.unstakeAt = model.now + model.unbondingSeconds;
  return true;
}

export function withdrawStake(model: WorkerModel): bigint | null {
  if (model.unstakeAt === 0 || model.now < model.unstakeAt || model.stake === 0n) return null;
  const { stake } = model;
  model.stake = 0n;
  return stake;
}

/** What is taken of the stake; null when the proof is refused. Dates of unbonding stay as they are. */
export function slash(model: WorkerModel): bigint | null {
  if (model.slashed || model.stake === 0n) return null;
  const { stake } = model;
  model.stake = 0n;
  model.slashed = true;
  return stake;
}

/** I-10: terms reach a Worker when it stakes, and only where they are better. */
export function takeTerms(model: WorkerModel, feeBps: number, unbondingSeconds: number): void {
  model.feeBps = Math.min(model.feeBps, feeBps);
  model.unbondingSeconds = Math.min(model.unbondingSeconds, unbondingSeconds);
}

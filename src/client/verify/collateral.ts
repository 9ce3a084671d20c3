import type { Collateral, PreparedCollateral, QuoteVerifier } from '../../attestation';
import { toHex } from '../../attestation/bytes';
import { ROLE } from '../../attestation/chain';
import { collateralFault } from '../../attestation/checkCollateral';
import type { PlatformFamily } from '../../collateral/platform';
import { CLIENT_LIMITS } from '../limits';
import type { Pauses } from './pauses';
import { demand, Refusal } from './refusal';

/** Collateral of one family of machines: authentic, and in date when it was taken in. */
export interface KeptCollateral {
  collateral: Collateral;
  prepared: PreparedCollateral;
  /** Unix seconds from which on it is out of date. */
  validUntil: number;
}

/** Signed by Intel, it may come from anybody; whoever sends an older one than is known here changes nothing. */
export interface CollateralShelf {
  /** What is kept of the family; null where it has to be fetched first. Asks for a newer one in time, in the background. */
  current(family: PlatformFamily, router: string): KeptCollateral | null;
  /** Throws Refusal at the link `collateral`. */
  get(family: PlatformFamily, router: string): Promise<KeptCollateral>;
}

export interface CollateralDeps {
  load(router: string, family: PlatformFamily): Promise<unknown>;
  verifier: QuoteVerifier;
  /** Unix seconds. */
  now: () => number;
  pauses: Pauses;
}

export function createCollateralShelf({ load, verifier, now, pauses }: CollateralDeps): CollateralShelf {
  const kept = new Map<string, KeptCollateral & { lookAgainAt: number }>();
  const running = new Map<string, Promise<KeptCollateral>>();

  const take = async (family: PlatformFamily, router: string): Promise<KeptCollateral> => {
    const collateral = (await load(router, family)) as Collateral;
    const prepared = await verifier.prepare(collateral);
    const validUntil = judge(prepared, family, now());
    const known = kept.get(nameOf(family));
    const isOlder = known !== undefined && issuedAt(known.prepared) >= issuedAt(prepared);
    const newest = isOlder && now() < known.validUntil ? known : { collateral, prepared, validUntil };
    kept.delete(nameOf(family));
    kept.set(nameOf(family), { ...newest, lookAgainAt: now() + CLIENT_LIMITS.collateralFreshSeconds });
    if (kept.size > CLIENT_LIMITS.families) kept.delete(kept.keys().next().value!);
    return kept.get(nameOf(family))!;
  };

  const fetch = (family: PlatformFamily, router: string): Promise<KeptCollateral> => {
    const name = `collateral ${nameOf(family)} ${router}`;
    const paused = pauses.failure(name);
    if (paused) return Promise.reject(paused);
    const asked = running.get(name);
    if (asked) return asked;
    const asking = take(family, router)
      .then((found) => {
        pauses.succeeded(name);
        return found;
      })
      .catch((error: Error) => {
        pauses.failed(name, error);
        throw error;
      })
      .finally(() => running.delete(name));
    running.set(name, asking);
    return asking;
  };

  const current: CollateralShelf['current'] = (family, router) => {
    const known = kept.get(nameOf(family));
    if (!known || now() >= known.validUntil) return null;
    // Nobody waits for it, and a failure leaves what is known.
    if (now() >= known.lookAgainAt) fetch(family, router).catch(() => undefined);
    return known;
  };

  return {
    current,
    get: async (family, router) => current(family, router) ?? fetch(family, router),
  };
}

/** When it ends. Throws Refusal where it is not authentic, not of now, or about other machines. */
function judge(prepared: PreparedCollateral, { fmspc, ca }: PlatformFamily, now: number): number {
  const fault = collateralFault(prepared, Math.floor(now));
  if (fault) throw new Refusal('collateral', `${fault.name}: ${fault.seen}`);
  const { tcbInfo, pckCrlIssuer, validUntil } = prepared;
  demand(tcbInfo !== null && validUntil !== null, 'collateral', 'it has no end');
  demand(toHex(tcbInfo.fmspc) === fmspc, 'collateral', 'it is about another family of machines');
  const issuer = ca === 'processor' ? ROLE.processorCa : ROLE.platformCa;
  const isOfAuthority = pckCrlIssuer.certificate?.subjectCn === issuer;
  demand(isOfAuthority, 'collateral', 'its list of revoked machines is of another authority');
  return validUntil;
}

/** A text of a later date, or a list of one, replaces what is known. */
function issuedAt({ tcbInfo, windows }: PreparedCollateral): number {
  return (tcbInfo?.issueDate ?? 0) + (windows.pckCrl?.from ?? 0) + (windows.rootCrl?.from ?? 0);
}

function nameOf({ fmspc, ca }: PlatformFamily): string {
  return `${fmspc} ${ca}`;
}

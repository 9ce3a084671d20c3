import path from 'node:path';
import { collateralFault } from '../attestation/checkCollateral';
import type { Collateral } from '../attestation/collateral';
import type { PreparedCollateral } from '../attestation/prepare';
import { isoText } from '../attestation/time';
import type { QuoteVerifier } from '../attestation/verify';
import { createArchive } from './archive';
import { CollateralError } from './errors';
import type { FoundCollateral } from './found';
import type { HttpDeps } from './http';
import { createKept } from './kept';
import { COLLATERAL_LIMITS, type CollateralLimits } from './limits';
import { familyOf, type PlatformFamily } from './platform';
import { createSearch } from './search';
import { readServers } from './servers';

export interface CollateralConfig {
  /** Services with Intel's API, version 4, in the order in which they are asked; none where `offline`. */
  baseUrls: readonly string[];
  /** Where the root's revocation list is; by default Intel's address for Intel's service, else the service's own. */
  rootCrlUrl?: string | undefined;
  /** For cached answers and, below it, the archive. */
  cacheDir: string;
  /** Asks nobody: takes from the archive what was valid at the time. */
  offline?: boolean | undefined;
  limits?: Partial<CollateralLimits> | undefined;
}

export interface CollateralDeps {
  /** Judges what servers send before it is kept; it also fixes the root. */
  verifier: QuoteVerifier;
  /** Unix seconds. */
  now: () => number;
  fetch?: typeof fetch | undefined;
  sleep?: ((ms: number) => Promise<void>) | undefined;
}

/** Where verifiers get collateral. Every method throws CollateralError. */
export interface CollateralSource {
  /** For the platform that a quote names, now. */
  forQuote(quote: Uint8Array): Promise<FoundCollateral>;
  forFamily(family: PlatformFamily): Promise<FoundCollateral>;
  /** What was valid at a time in the past, from the archive alone. */
  fromArchive(family: PlatformFamily, atUnix: number): Promise<FoundCollateral>;
  byHash(hash: string): Promise<Collateral>;
}

/** Throws CollateralError `collateral_config` where an address is none. */
export function createCollateralSource(config: CollateralConfig, deps: CollateralDeps): CollateralSource {
  const { now, verifier } = deps;
  const limits = { ...COLLATERAL_LIMITS, ...config.limits };
  const servers = readServers(config);
  const archive = createArchive(path.join(config.cacheDir, 'archive'));
  const http: HttpDeps = {
    fetch: deps.fetch ?? fetch,
    sleep: deps.sleep ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms))),
    limits,
  };
  const search = createSearch({ folder: config.cacheDir, servers, http, now, judge });
  const kept = createKept(now);

  /** Signatures and dates; only what passes is kept anywhere. */
  async function judge(family: PlatformFamily, collateral: Collateral): Promise<FoundCollateral> {
    const prepared = await verifier.prepare(collateral);
    const fault = collateralFault(prepared, now());
    if (fault === null) return { collateral, prepared, hash: await archive.keep(family, collateral) };
    throw new CollateralError('collateral_unauthentic', `${fault.name}: ${fault.seen}`);
  }

  async function fromArchive(family: PlatformFamily, atUnix: number): Promise<FoundCollateral> {
    let newest: FoundCollateral | null = null;
    for (const hash of await archive.hashesOf(family)) {
      const collateral = await archive.byHash(hash);
      const prepared = await verifier.prepare(collateral);
      const later = issued(prepared) > (newest === null ? -1 : issued(newest.prepared));
      if (later && collateralFault(prepared, atUnix) === null) newest = { collateral, prepared, hash };
    }
    if (newest !== null) return newest;
    throw new CollateralError(
      'collateral_not_archived',
      `the archive has nothing for FMSPC ${family.fmspc} that was valid at ${isoText(atUnix)}`,
    );
  }

  const forFamily = (family: PlatformFamily): Promise<FoundCollateral> =>
    config.offline ? fromArchive(family, now()) : kept(family, () => search(family));
  return {
    forQuote: async (quote) => forFamily(familyOf(quote)),
    forFamily,
    fromArchive,
    byHash: (hash) => archive.byHash(hash),
  };
}

function issued({ tcbInfo }: PreparedCollateral): number {
  return tcbInfo?.issueDate ?? 0;
}

import type { Collateral } from '../attestation/collateral';
import { AttestationError } from '../attestation/errors';
import { readCached, writeCached, type CachedPart } from './cache';
import { CollateralError, reasonOf } from './errors';
import type { FoundCollateral } from './found';
import { get, type HttpDeps } from './http';
import { PARTS, type PartName, type Server } from './parts';
import type { PlatformFamily } from './platform';

export interface SearchDeps {
  folder: string;
  servers: readonly Server[];
  http: HttpDeps;
  /** Unix seconds. */
  now: () => number;
  /** Throws CollateralError `collateral_unauthentic`. */
  judge(family: PlatformFamily, collateral: Collateral): Promise<FoundCollateral>;
}

/** What was found, and until when (Unix seconds) it serves without looking again. */
export interface Searched {
  found: FoundCollateral;
  until: number;
}

type Parts = Partial<Record<PartName, CachedPart>>;
type AllParts = Record<PartName, CachedPart>;

const PART_NAMES = Object.keys(PARTS) as readonly PartName[];

/** Looks in the cache, then asks one server after the other, then makes do with older answers that are still valid. */
export function createSearch(deps: SearchDeps): (family: PlatformFamily) => Promise<Searched> {
  return async (family) => {
    const faults: CollateralError[] = [];
    const cached = await readAll(deps.folder, family);
    const attempt = (parts: () => Promise<Parts>): Promise<Searched | null> =>
      settle(family, parts, cached, faults, deps);
    const fresh = onlyFresh(cached, deps);
    if (isWhole(fresh)) {
      const found = await attempt(async () => fresh);
      if (found !== null) return found;
    }
    for (const server of deps.servers) {
      const found =
        (await attempt(() => fetchMissing(server, family, faults.length === 0 ? fresh : {}, deps))) ??
        // Where a set is not authentic, nobody knows which part of it is wrong: then all of it is asked for.
        (isUnauthentic(faults) ? await attempt(() => fetchMissing(server, family, {}, deps)) : null);
      if (found !== null) return found;
    }
    const found = isWhole(cached) ? await attempt(async () => cached) : null;
    if (found !== null) return found;
    throw together(faults);
  };
}

/** Judges a set and keeps it; null, with the reason among `faults`, where it is not good. */
async function settle(
  family: PlatformFamily,
  get: () => Promise<Parts>,
  cached: Parts,
  faults: CollateralError[],
  deps: SearchDeps,
): Promise<Searched | null> {
  try {
    const parts = await get();
    if (!isWhole(parts)) return null;
    const found = await deps.judge(family, assemble(parts));
    for (const name of PART_NAMES) {
      if (parts[name] !== cached[name]) await writeCached(deps.folder, family, name, parts[name]);
    }
    return { found, until: untilOf(parts, deps) };
  } catch (error) {
    if (!(error instanceof CollateralError)) throw error;
    faults.push(error);
    return null;
  }
}

function untilOf(parts: AllParts, { now, http }: SearchDeps): number {
  const { maxAgeSeconds, staleSeconds } = http.limits;
  const all = Object.values(parts);
  const fresh = Math.min(...all.map(({ fetchedAt }) => fetchedAt + maxAgeSeconds));
  const valid = Math.min(...all.map(({ nextUpdate }) => nextUpdate + 1));
  return Math.min(valid, Math.max(fresh, now() + staleSeconds));
}

async function fetchMissing(
  server: Server,
  family: PlatformFamily,
  have: Parts,
  deps: SearchDeps,
): Promise<Parts> {
  const parts: Parts = {};
  for (const name of PART_NAMES) parts[name] = have[name] ?? (await fetchPart(server, family, name, deps));
  return parts;
}

async function fetchPart(
  server: Server,
  family: PlatformFamily,
  name: PartName,
  { http, now }: SearchDeps,
): Promise<CachedPart> {
  const kind = PARTS[name];
  const url = kind.url(server, family);
  const answer = await get(url, kind.maxBytes, http);
  try {
    const part = kind.read(answer);
    return { part, fetchedAt: now(), nextUpdate: kind.nextUpdate(part) };
  } catch (error) {
    if (!(error instanceof CollateralError) && !(error instanceof AttestationError)) throw error;
    throw new CollateralError('collateral_malformed', `${url}: ${reasonOf(error)}`, { cause: error });
  }
}

async function readAll(folder: string, family: PlatformFamily): Promise<Parts> {
  const parts: Parts = {};
  for (const name of PART_NAMES) {
    const part = await readCached(folder, family, name);
    if (part !== null) parts[name] = part;
  }
  return parts;
}

function onlyFresh(parts: Parts, { now, http }: SearchDeps): Parts {
  const isFresh = ({ fetchedAt, nextUpdate }: CachedPart): boolean => {
    const age = now() - fetchedAt;
    return age >= 0 && age < http.limits.maxAgeSeconds && now() <= nextUpdate;
  };
  return Object.fromEntries(Object.entries(parts).filter(([, part]) => isFresh(part)));
}

function isWhole(parts: Parts): parts is AllParts {
  return PART_NAMES.every((name) => parts[name] !== undefined);
}

function isUnauthentic(faults: readonly CollateralError[]): boolean {
  return faults.at(-1)?.code === 'collateral_unauthentic';
}

function assemble({ tcbInfo, qeIdentity, pckCrl, rootCrl }: AllParts): Collateral {
  return {
    pck_crl_issuer_chain: pckCrl.part.chain,
    root_ca_crl: rootCrl.part.content,
    pck_crl: pckCrl.part.content,
    tcb_info_issuer_chain: tcbInfo.part.chain,
    tcb_info: tcbInfo.part.content,
    tcb_info_signature: tcbInfo.part.signature,
    qe_identity_issuer_chain: qeIdentity.part.chain,
    qe_identity: qeIdentity.part.content,
    qe_identity_signature: qeIdentity.part.signature,
  };
}

/** The last server's reason says what to do; the others stand beside it. */
function together(faults: readonly CollateralError[]): CollateralError {
  const last = faults.at(-1);
  const reasons = [...new Set(faults.map(({ message }) => message))].join('; ');
  return new CollateralError(last?.code ?? 'collateral_unreachable', reasons, { cause: last });
}

import type { AttestationCrypto, Verdict } from '../attestation';
import { CocoonError } from '../protocol/errors';
import { LIMITS } from '../protocol/limits';
import type { Root } from '../protocol/root';
import type { EvidenceBundle } from './bundle';
import type { EvidenceChain } from './chain';
import { CHAIN_LINKS, type Open } from './chainLinks';
import { JOB_LINKS } from './jobLinks';
import { demand, LINK_NAMES, type Case, type Link, type LinkName } from './link';
import { partsOf, type Parts } from './parts';
import { parseEvidencePolicy, type EvidencePolicy } from './policy';
import { checkReportData, QUOTE_LINKS, verdictOf } from './quoteLinks';
import { checked, readBundle } from './read';
import { contract, when } from './words';
import { WORKER_LINKS } from './workerLinks';

export interface VerifyOptions {
  /** `nodeCrypto` of src/attestation/crypto/node.ts, or `webCrypto()` in a browser. */
  crypto: AttestationCrypto;
  /** Unix seconds at which everything must have been in date; without it, when the ticket was issued. */
  atUnix?: number;
  /** JSON as in policy.ts; without it the strict one, which refuses simulated hardware. */
  policy?: unknown;
  /** Whom to ask for what has no proof without the chain; without it those links are not checked. */
  chain?: EvidenceChain;
}

export interface Verification {
  /** No link failed. */
  ok: boolean;
  /** Whether hardware was shown, or only a simulation of it; null for what is no bundle. */
  root: Root | null;
  /** What the links were judged by; null for what is no bundle. */
  judged: { atUnix: number; by: 'the ticket' | 'a given time' } | null;
  /** Hex; null where it cannot be read. */
  jobId: string | null;
  /** All there are, in the order of link.ts. */
  links: Link[];
}

/**
 * Verifies a bundle, as text or as JSON, link by link; without clock or network, in Node and in browsers. Whatever is
 * wrong with the bundle is a link that failed. Throws AttestationError for a policy or time that is none, and what
 * `chain` throws, CocoonError `chain_unavailable`.
 */
export async function verifyBundle(input: unknown, options: VerifyOptions): Promise<Verification> {
  const policy = parseEvidencePolicy(options.policy === undefined ? {} : options.policy);
  let bundle: EvidenceBundle;
  try {
    bundle = typeof input === 'string' ? readBundle(input) : checked(input);
  } catch (error) {
    if (error instanceof CocoonError && error.code === 'evidence_malformed') return unreadable(error.message);
    throw error;
  }
  const parts = partsOf(bundle);
  const judged = judgedAt(bundle, parts, options.atUnix);
  const at: Case = { bundle, parts, atUnix: judged.atUnix };
  const verdict = await verdictOf(at, policy, options.crypto);
  const links: Link[] = [];
  for (const name of LINK_NAMES) {
    links.push(await judge(name, () => checkLink(name, at, verdict, policy, options.chain ?? null)));
  }
  return {
    ok: links.every(({ state }) => state !== 'failed'),
    root: bundle.network.root,
    judged,
    jobId: jobIdOf(parts),
    links,
  };
}

/** The ticket's time is the one in a bundle that its client signed; what it claims beside that must fit it. */
function judgedAt(
  bundle: EvidenceBundle,
  parts: Parts,
  given: number | undefined,
): NonNullable<Verification['judged']> {
  if (given !== undefined) return { atUnix: given, by: 'a given time' };
  try {
    return { atUnix: parts.ticket().value.issuedAt, by: 'the ticket' };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { atUnix: bundle.claims.verifiedAt, by: 'the ticket' };
  }
}

async function checkLink(
  name: LinkName,
  at: Case,
  verdict: Verdict,
  policy: EvidencePolicy,
  chain: EvidenceChain | null,
): Promise<string | Open> {
  if (name === 'bundle') return checkClaims(at);
  if (name === 'network') return checkNetwork(at, policy, chain);
  if (name === 'report-data') return checkReportData(at, verdict);
  if (name in JOB_LINKS) return JOB_LINKS[name as keyof typeof JOB_LINKS](at);
  if (name in WORKER_LINKS) return WORKER_LINKS[name as keyof typeof WORKER_LINKS](at);
  if (name in QUOTE_LINKS) return QUOTE_LINKS[name as keyof typeof QUOTE_LINKS](at, verdict, policy);
  if (chain === null) return { open: 'has no proof without the chain' };
  return CHAIN_LINKS[name as keyof typeof CHAIN_LINKS](at, chain, verdict);
}

async function judge(name: LinkName, check: () => Promise<string | Open>): Promise<Link> {
  try {
    const found = await check();
    return typeof found === 'string'
      ? { name, state: 'ok', detail: found }
      : { name, state: 'not checked', detail: found.open };
  } catch (error) {
    const denied = error instanceof CocoonError && error.code === 'chain_refused';
    if (!(error instanceof RangeError || denied)) throw error;
    return { name, state: 'failed', detail: error.message };
  }
}

/** A client verifies a worker before it signs a ticket, with a statement that holds then. */
function checkClaims({ bundle, parts }: Case): string {
  const { verifiedAt } = bundle.claims;
  const { issuedAt } = parts.ticket().value;
  const { notBefore } = parts.statement();
  const skew = LIMITS.clockSkewSeconds;
  demand(
    verifiedAt <= issuedAt + skew,
    'the client says that it verified the worker after it signed the ticket',
  );
  demand(verifiedAt >= notBefore - skew, 'the client says that it verified a statement before there was one');
  return `version ${bundle.version}; the client says that it verified the worker ${when(verifiedAt)}`;
}

function checkNetwork(
  { bundle, parts: { registry } }: Case,
  policy: EvidencePolicy,
  chain: EvidenceChain | null,
): string {
  const { id } = bundle.network;
  const believed = policy.registry === null || policy.registry.equals(registry);
  demand(believed, 'the policy names another registry');
  if (chain) {
    demand(chain.networkId === id, `the chain that was asked is network ${chain.networkId}`);
    demand(chain.registry.hash.equals(registry), 'the chain was asked about another registry');
  }
  return `${id}, registry ${contract(registry, id)}`;
}

function jobIdOf(parts: Parts): string | null {
  try {
    return parts.ticket().value.jobId.toString('hex');
  } catch {
    return null;
  }
}

function unreadable(why: string): Verification {
  const links = LINK_NAMES.map((name): Link => {
    if (name === 'bundle') return { name, state: 'failed', detail: why };
    return { name, state: 'not checked', detail: 'the bundle cannot be read' };
  });
  return { ok: false, root: null, judged: null, jobId: null, links };
}

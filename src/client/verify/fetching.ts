import { EVIDENCE_LIMITS, openEvidence, type Evidence } from '../../protocol/wire';
import type { PlatformFamily } from '../../collateral/platform';
import { CLIENT_LIMITS } from '../limits';
import { readLimited } from '../readLimited';
import { Refusal, type Link } from './refusal';

type Fetch = typeof globalThis.fetch;

/** What a router shows of a worker. Throws Refusal at the link `evidence`. */
export async function fetchEvidence(router: string, workerKey: string, fetch: Fetch): Promise<Evidence> {
  const url = `${router}/v1/workers/${workerKey}/evidence`;
  const text = await get(url, 'evidence', EVIDENCE_LIMITS.evidenceBytes, fetch);
  const evidence = openEvidence(text);
  if (evidence) return evidence;
  throw new Refusal('evidence', 'what the router shows is no evidence');
}

/** What a router passes on of Intel's collateral, as JSON. Throws Refusal at the link `collateral`. */
export async function fetchCollateral(
  router: string,
  { fmspc, ca }: PlatformFamily,
  fetch: Fetch,
): Promise<unknown> {
  const url = `${router}/v1/collateral?fmspc=${fmspc}&ca=${ca}`;
  const text = await get(url, 'collateral', EVIDENCE_LIMITS.collateralBytes, fetch);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Refusal('collateral', 'what the router gives is no JSON', { cause });
  }
}

async function get(url: string, link: Link, mostBytes: number, fetch: Fetch): Promise<string> {
  try {
    const signal = AbortSignal.timeout(CLIENT_LIMITS.evidenceTimeoutMs);
    const response = await fetch(url, { redirect: 'error', signal });
    if (!response.ok) throw new Error(`status ${response.status}`);
    return await readLimited(response, mostBytes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Refusal(link, `the router shows none: ${reason}`, { cause });
  }
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Collateral } from '../attestation/collateral';
import type { PlatformFamily } from '../collateral';
import { CocoonError } from '../protocol/errors';
import { openEvidence } from '../protocol/wire';
import { asCocoonError, sendBytes, sendError } from './answer';
import type { Link } from './link';
import type { LinkTable } from './links';
import type { RouterLimits } from './limits';
import type { Target } from './server';
import { createShelf } from './shelf';

/** `/v1/workers/<worker key hex>/evidence`. */
export const EVIDENCE_PATH = /^\/v1\/workers\/([0-9a-f]{64})\/evidence$/;
/** `/v1/collateral?fmspc=<12 hex digits>&ca=platform|processor`. */
export const COLLATERAL_PATH = /^\/v1\/collateral$/;
const FMSPC = /^[0-9a-f]{12}$/;

/** Where this router gets what Intel publishes about a family of machines: `CollateralSource`, or a simulator's. */
export interface FamilyCollateral {
  forFamily(family: PlatformFamily): Promise<{ collateral: Collateral }>;
}

export interface EvidenceDeps {
  links: LinkTable;
  limits: RouterLimits;
  /** Milliseconds that only grow. */
  monotonicMs(): number;
}

type Answer = (request: IncomingMessage, response: ServerResponse, target: Target) => void;

/** Passes on what a linked worker shows of itself. It is signed up to Intel's root: nobody need believe this router. */
export function createEvidenceHandler({ links, limits, monotonicMs }: EvidenceDeps): Answer {
  const shelf = createShelf<Buffer>(
    { ...retries(limits), entries: limits.evidences, freshMs: limits.evidenceFreshMs },
    monotonicMs,
  );
  return answering(limits, async ({ path }) => {
    const key = EVIDENCE_PATH.exec(path)![1]!;
    const link = links.get(Buffer.from(key, 'hex'));
    if (!link) throw new CocoonError('not_found', 'No worker with that key is linked here.');
    // Another statement is other evidence: what was shown for the one before is of no use to anybody.
    return shelf.get(`${key} ${link.checked.offer.statement}`, () => readEvidence(link));
  });
}

/** Intel's words about the families of the machines that are linked here, and of no others. */
export function createCollateralHandler(
  source: FamilyCollateral | null,
  { links, limits, monotonicMs }: EvidenceDeps,
): Answer {
  const shelf = createShelf<Buffer>(
    { ...retries(limits), entries: limits.collaterals, freshMs: limits.collateralFreshMs },
    monotonicMs,
  );
  return answering(limits, async ({ query }) => {
    if (source === null) throw new CocoonError('not_found', 'This router serves no collateral.');
    const family = readFamily(query);
    const isLinked = [...links.values()].some(({ terms }) => terms.fmspc === family.fmspc);
    if (!isLinked) throw new CocoonError('not_found', `No machine of family ${family.fmspc} is linked here.`);
    return shelf.get(`${family.fmspc} ${family.ca}`, async () => {
      const { collateral } = await source.forFamily(family).catch((cause: unknown) => {
        throw new CocoonError('collateral_unavailable', 'There is no collateral now.', { cause });
      });
      return Buffer.from(JSON.stringify(collateral));
    });
  });
}

function answering(limits: RouterLimits, find: (target: Target) => Promise<Buffer>): Answer {
  return (request, response, target) => {
    find(target).then(
      (bytes) => sendBytes(response, 'application/json', bytes),
      (cause: unknown) => sendError(request, response, asCocoonError(cause), limits.retryAfterSeconds),
    );
  };
}

async function readEvidence(link: Link): Promise<Buffer> {
  const bytes = await link.fetchEvidence().catch((cause: unknown) => {
    throw new CocoonError('worker_failed', 'The worker does not show its quote.', { cause });
  });
  const evidence = openEvidence(bytes.toString());
  const statement = Buffer.from(link.checked.offer.statement, 'base64');
  if (evidence?.statement.equals(statement)) return bytes;
  throw new CocoonError('not_found', 'The worker has no quote to show for its statement.');
}

function readFamily(query: string): PlatformFamily {
  const parameters = new URLSearchParams(query);
  const fmspc = parameters.get('fmspc')?.toLowerCase() ?? '';
  const ca = parameters.get('ca');
  if (FMSPC.test(fmspc) && (ca === 'platform' || ca === 'processor')) return { fmspc, ca };
  throw new CocoonError('invalid_request', 'Name ?fmspc=<12 hex digits>&ca=platform or processor.');
}

function retries(limits: RouterLimits): { retryMinMs: number; retryMaxMs: number } {
  return { retryMinMs: limits.evidenceRetryMinMs, retryMaxMs: limits.evidenceRetryMaxMs };
}

import { writeBundle, type EvidenceBundle } from '../../evidence';
import { CocoonError } from '../../protocol/errors';
import type { Caller } from '../caller';
import type { Candidate } from '../market';
import { errorResponse, jsonResponse } from '../respond';
import type { StoredJob } from '../storeRows';
import { attestationReport } from './report';
import { signatureOf } from './signature';

export interface EvidenceRouteDeps {
  evidence(receiptId: string): EvidenceBundle | null;
  job(receiptId: string): StoredJob | null;
  /** Workers that are verified now, by model. */
  candidates(): Promise<readonly Candidate[]>;
}

/** Answers a request for evidence; null where the path is another's. Throws CocoonError, which the caller answers with. */
export type EvidenceRoutes = (
  request: Pick<Request, 'method' | 'url'>,
  path: string,
  caller: Caller | null,
) => Promise<Response | null>;

const EVIDENCE = '/v1/cocoon/evidence/';
const SIGNATURE = '/v1/signature/';
const REPORT = '/v1/attestation/report';
const RECEIPT_ID = /^[0-9a-f]{32}$/;
const NONCE = /^[0-9a-fA-F]{0,128}$/;

/**
 * `GET /v1/cocoon/evidence/{receipt}`, `/v1/signature/{receipt}` and `/v1/attestation/report?model=&nonce=`. A caller
 * sees what belongs to its own jobs and models, and of others not even that they are there.
 */
export function createEvidenceRoutes(deps: EvidenceRouteDeps): EvidenceRoutes {
  const owned = (id: string, caller: Caller | null): string => {
    if (RECEIPT_ID.test(id) && (!caller || caller.owns(id))) return id;
    throw unknownReceipt(id);
  };

  return async ({ method, url }, path, caller) => {
    const known = path === REPORT || path.startsWith(EVIDENCE) || path.startsWith(SIGNATURE);
    if (!known) return null;
    if (method !== 'GET') return notAllowed(method);
    if (path === REPORT) return report(new URL(url).searchParams, caller, deps);
    requireEd25519(new URL(url).searchParams);
    if (path.startsWith(SIGNATURE)) {
      const job = deps.job(owned(path.slice(SIGNATURE.length), caller));
      const signature = job && signatureOf(job);
      if (!signature) throw unknownReceipt(path.slice(SIGNATURE.length));
      return jsonResponse(signature);
    }
    const bundle = deps.evidence(owned(path.slice(EVIDENCE.length), caller));
    if (!bundle) throw unknownReceipt(path.slice(EVIDENCE.length));
    return new Response(writeBundle(bundle), { headers: { 'content-type': 'application/json' } });
  };
}

async function report(
  query: URLSearchParams,
  caller: Caller | null,
  deps: EvidenceRouteDeps,
): Promise<Response> {
  requireEd25519(query);
  const [model, nonce] = [query.get('model') ?? '', query.get('nonce') ?? ''];
  if (model === '') throw new CocoonError('invalid_request', 'Name a model: ?model=...');
  if (!NONCE.test(nonce)) throw new CocoonError('invalid_request', 'A nonce is at most 64 bytes in hex.');
  const address = query.get('signing_address');
  const found = (await deps.candidates()).filter(
    (one) => one.model.id === model && (address === null || one.worker.id === address.toLowerCase()),
  );
  if (found.length === 0 || (caller && !caller.mayUse(model))) {
    throw new CocoonError('model_not_found', `No verified worker offers ${model.slice(0, 200)}.`);
  }
  return jsonResponse(attestationReport(found, nonce));
}

/** Receipts are signed on the curve that TON's contracts verify. */
function requireEd25519(query: URLSearchParams): void {
  const algorithm = query.get('signing_algo');
  if (algorithm === null || algorithm === 'ed25519') return;
  throw new CocoonError('unsupported_parameter', 'The only signing_algo is ed25519.');
}

function notAllowed(method: string): Response {
  const response = errorResponse(new CocoonError('method_not_allowed', `${method} is not served here.`));
  response.headers.set('allow', 'GET');
  return response;
}

function unknownReceipt(id: string): CocoonError {
  return new CocoonError('evidence_unknown', `There is no evidence of ${id.slice(0, 64) || 'nothing'}.`);
}

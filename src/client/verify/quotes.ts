import type { QuoteVerifier } from '../../attestation';
import { createGate } from '../../chain/gate';
import type { Chain } from '../../chain/types';
import { CLIENT_LIMITS } from '../limits';
import type { CollateralShelf } from './collateral';
import type { Pauses } from './pauses';
import { CocoonError } from '../../protocol/errors';
import type { Evidence } from '../../protocol/wire';
import { proveQuote, requireWanted, type ProvenQuote, type WantedQuote } from './quote';
import { demand, Refusal } from './refusal';

/** A quote to be proven, and who shows it. */
export interface QuoteRequest extends WantedQuote {
  /** Hex. */
  workerKey: string;
  router: string;
}

/** Each quote is fetched and proven once, and again when its collateral changes or anything in its chain ends. */
export interface Quotes {
  /** What is proven and still holds; null where `prove` has work to do. */
  known(request: QuoteRequest): ProvenQuote | null;
  /** Rejects with Refusal; a failure is remembered, and the same is not tried again before a growing pause is over. */
  prove(request: QuoteRequest): Promise<ProvenQuote>;
}

export interface QuotesDeps {
  loadEvidence(router: string, workerKey: string): Promise<Evidence>;
  chain: Pick<Chain, 'masterchainRoot' | 'platformOf'>;
  shelf: CollateralShelf;
  verifier: QuoteVerifier;
  /** Plain policy of src/attestation. */
  policy: unknown;
  /** Unix seconds. */
  now: () => number;
  pauses: Pauses;
}

export function createQuotes(deps: QuotesDeps): Quotes {
  const { chain, shelf, now, pauses } = deps;
  const proven = new Map<string, ProvenQuote>();
  const running = new Map<string, Promise<ProvenQuote>>();
  const gate = createGate(CLIENT_LIMITS.verifiesAtOnce);

  const known: Quotes['known'] = (request) => {
    const found = proven.get(nameOf(request));
    if (!found || now() >= found.validUntil) return null;
    // A newer word of Intel's about that family: what was proven with the older one is proven anew.
    return shelf.current(found.family, request.router)?.collateral === found.collateral ? found : null;
  };

  const work = async (request: QuoteRequest): Promise<ProvenQuote> => {
    // What was proven once is kept, so that new collateral needs no new quote.
    const evidence: Evidence =
      proven.get(nameOf(request)) ?? (await deps.loadEvidence(request.router, request.workerKey));
    const family = requireWanted(evidence, request);
    const collateral = await shelf.get(family, request.router);
    const { verifier, policy } = deps;
    const platformOf = (ppid: Buffer): Promise<Buffer> => fromChain(chain.platformOf(ppid));
    const found = await proveQuote(evidence, collateral, family, {
      ...{ verifier, policy, platformOf, atUnix: now() },
    });
    const root = await fromChain(chain.masterchainRoot(request.blockSeqno));
    const isInChain = root.equals(request.reportData.subarray(32));
    demand(isInChain, 'freshness', 'the block that the quote is bound to is not in the masterchain');
    proven.delete(nameOf(request));
    proven.set(nameOf(request), found);
    if (proven.size > CLIENT_LIMITS.verifiedMost) proven.delete(proven.keys().next().value!);
    return found;
  };

  const prove = async (request: QuoteRequest): Promise<ProvenQuote> => {
    const name = `quote ${nameOf(request)} ${request.router}`;
    const paused = pauses.failure(name);
    if (paused) throw paused;
    const asked = running.get(name);
    if (asked) return asked;
    const asking = gate(() => work(request))
      .then((found) => {
        pauses.succeeded(name);
        return found;
      })
      .catch((error: Error) => {
        proven.delete(nameOf(request));
        pauses.failed(name, error);
        throw error;
      })
      .finally(() => running.delete(name));
    running.set(name, asking);
    return asking;
  };

  return { known, prove: async (request) => known(request) ?? prove(request) };
}

/** Endpoints that disagree, or do not answer, leave this worker unverified. */
async function fromChain<T>(reading: Promise<T>): Promise<T> {
  return reading.catch((cause: unknown) => {
    if (cause instanceof CocoonError) throw new Refusal('chain', cause.message, { cause });
    throw cause;
  });
}

/** The report data names statement and block, and so the quote. */
function nameOf({ workerKey, reportData }: QuoteRequest): string {
  return `${workerKey} ${reportData.toString('hex')}`;
}

import type { AttestationCrypto } from '../../attestation';
import type { Chain, Clock, RegistryRules, WorkerState } from '../../chain/types';
import type { Root } from '../../protocol/root';
import type { WorkerOffer } from '../../protocol/wire';
import { CLIENT_LIMITS } from '../limits';
import { quotePolicy, type Policy } from '../policy';
import { examineContract, verifyWorker, type Examined, type Verdict } from '../verifyWorker';
import { createCollateralShelf, type CollateralDeps } from './collateral';
import { fetchEvidence } from './fetching';
import { createPauses, type Pauses } from './pauses';
import type { ProvenQuote } from './quote';
import { createQuotes, type Quotes } from './quotes';
import { Refusal } from './refusal';
import { createVerifiers } from './root';

/** Verifies workers of order books: the cheap links each time, the quote once, and the verdict until something changes. */
export interface WorkerChecks {
  verify(at: Offered): Promise<Verdict>;
}

/** An offer, who shows it, and what the chain says now. */
export interface Offered {
  /** The exact text: what is remembered is remembered of it. */
  text: string;
  router: string;
  offer: WorkerOffer;
  state: WorkerState | null;
  rules: RegistryRules;
  root: Root;
}

export interface WorkerChecksDeps {
  chain: Chain;
  clock: Clock;
  crypto: AttestationCrypto;
  fetch: typeof globalThis.fetch;
  loadCollateral: CollateralDeps['load'];
}

interface Remembered {
  state: WorkerState | null;
  rules: RegistryRules;
  proven: ProvenQuote | null;
  verdict: Verdict;
  untilUnix: number;
}

export function createWorkerChecks(policy: Policy, deps: WorkerChecksDeps): WorkerChecks {
  const { chain, clock } = deps;
  const now = (): number => clock.now();
  const quotesUnder = createQuotesByRoot(policy, deps, now);
  const verdicts = new Map<string, Remembered>();

  const remember = (name: string, entry: Remembered): Verdict => {
    verdicts.delete(name);
    verdicts.set(name, entry);
    if (verdicts.size > CLIENT_LIMITS.verifiedMost) verdicts.delete(verdicts.keys().next().value!);
    return entry.verdict;
  };

  return {
    async verify({ text, router, offer, state, rules, root }) {
      const quotes = quotesUnder(root);
      const examined: Examined = { offer, state, rules, chain, policy, nowUnix: now() };
      const name = `${router} ${text}`;
      const known = verdicts.get(name);
      const stands = known?.state === state && known.rules === rules && now() < known.untilUnix;
      if (stands && !known.verdict.ok) return known.verdict;

      const wanted = examineContract(examined);
      if (!wanted.ok) return remember(name, { state, rules, proven: null, ...refused(wanted, now()) });
      const request = { ...wanted.worker, workerKey: offer.workerKey, router };
      const proven = quotes.known(request);
      if (stands && known.proven === proven && proven) return known.verdict;
      try {
        const quote = proven ?? (await quotes.prove(request));
        // The wait may have been long: judged by the clock of now.
        const verdict = verifyWorker({ ...examined, nowUnix: now() }, quote);
        if (!verdict.ok) return remember(name, { state, rules, proven: quote, ...refused(verdict, now()) });
        const untilUnix = Math.min(verdict.worker.validUntil, now() + CLIENT_LIMITS.verdictSeconds);
        return remember(name, { state, rules, proven: quote, verdict, untilUnix });
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        return { ok: false, link: error.link, reason: error.message };
      }
    },
  };
}

function refused(
  { link, reason }: Extract<Verdict, { ok: false }>,
  nowUnix: number,
): Pick<Remembered, 'verdict' | 'untilUnix'> {
  return { verdict: { ok: false, link, reason }, untilUnix: nowUnix + CLIENT_LIMITS.verdictSeconds };
}

/** What was proven under one root is nothing under the other. */
function createQuotesByRoot(
  policy: Policy,
  { chain, crypto, fetch, loadCollateral }: WorkerChecksDeps,
  now: () => number,
): (root: Root) => Quotes {
  const verifierOf = createVerifiers(crypto);
  const pauses: Pauses = createPauses(now);
  const made = new Map<Root, Quotes>();
  const common = { policy: quotePolicy(policy), now, pauses };
  return (root) => {
    const known = made.get(root);
    if (known) return known;
    const verifier = verifierOf(root);
    const quotes = createQuotes({
      ...common,
      ...{ chain, verifier },
      loadEvidence: (router, workerKey) => fetchEvidence(router, workerKey, fetch),
      shelf: createCollateralShelf({ load: loadCollateral, verifier, now, pauses }),
    });
    made.set(root, quotes);
    return quotes;
  };
}

import { Address } from '@ton/core';
import type { Verdict } from '../attestation';
import { CocoonError } from '../protocol/errors';
import { lineId } from '../protocol/line';
import { statementHash } from '../protocol/statement';
import type { EvidenceChain } from './chain';
import { demand, type Case } from './link';
import { coins, short, when } from './words';

/** What has no proof without the chain. */

type ChainLink = 'freshness' | 'allow-list' | 'admission' | 'escrow' | 'settlement';

/** A link that the chain can neither confirm nor deny yet: it stays unchecked, and says why. */
export interface Open {
  open: string;
}

/** Answers with what it found; throws RangeError for what the chain denies, CocoonError `chain_unavailable`. */
export const CHAIN_LINKS: Record<
  ChainLink,
  (at: Case, chain: EvidenceChain, verdict: Verdict) => Promise<string | Open>
> = {
  async freshness({ bundle }, chain, { reportData }) {
    const seqno = bundle.claims.quoteBlock;
    demand(reportData !== null, 'the quote cannot be read');
    const bound = reportData.slice(reportData.length / 2);
    const root = await chain.masterchainRoot(seqno).catch(unknown);
    if (root === null) return { open: `the chain that was asked does not know block ${seqno}` };
    demand(root.toString('hex') === bound, `masterchain block ${seqno} has another hash`);
    return `masterchain block ${seqno}: the quote is not older`;
  },

  async 'allow-list'({ bundle, parts }, chain, { shape }) {
    const root = await chain.registryRoot();
    demand(root === bundle.network.root, `the registry's code takes the ${root} root`);
    const rules = await chain.registryRules();
    const { imageId, modelHash, endedAt } = parts.record();
    const until = rules.images.get(imageId.toString('hex'));
    demand(until !== undefined, 'the image is not on the list, or not any more');
    demand(endedAt <= until, `the image was allowed until ${when(until)} only`);
    demand(shape !== null && rules.shapes.has(shape), 'the shape of the machine is not on the list');
    const { workerKey } = parts.line();
    const worker = await chain.worker(accountOf(bundle.worker));
    const platform = worker?.keys.find((key) => key.workerKey.equals(workerKey))?.platform;
    const subjects = { 'the image': imageId, 'the worker': parts.worker, 'the machine': platform };
    for (const [name, hash] of Object.entries(subjects)) {
      demand(!hash || !rules.blocks.has(hash.toString('hex')), `${name} is blocked`);
    }
    const name = rules.models.get(modelHash.toString('hex'));
    demand(name !== undefined, 'the model is not on the list, or not any more');
    const { model } = bundle.claims;
    demand(name === model, `the registry calls the model ${name}, the client ${model}`);
    return `image listed until ${when(until)}; the model is ${name}`;
  },

  async admission({ bundle, parts }, chain) {
    const address = accountOf(bundle.worker);
    const worker = await chain.worker(address);
    demand(worker !== null, 'no Worker contract of this registry has that address');
    const { workerKey, settleBy } = parts.line();
    const admitted = worker.keys.find((key) => key.workerKey.equals(workerKey));
    if (admitted) demand(settleBy <= admitted.lastSettleBy, "the line ends after the key's last date");
    const seen = await chain.admission(address, parts.statementImage);
    if (seen) return `admitted ${when(seen.atUnix)} by transaction ${short(seen.hash)}`;
    const recorded = worker.statementHash.equals(statementHash(parts.statementImage));
    demand(recorded, 'no transaction of the Worker contract admitted this statement');
    demand(admitted !== undefined, 'the Worker contract did not admit the key');
    return 'the contract records this statement and this key';
  },

  async escrow({ bundle, parts }, chain) {
    const escrow = await chain.escrow(accountOf(bundle.escrow.address));
    demand(escrow !== null, 'no escrow of this registry has that address');
    demand(escrow.domain.equals(parts.escrowDomain()), 'the escrow has another domain: it was born again');
    const { settleBy } = parts.line();
    const entry = escrow.lines.get(lineId(parts.line()).toString('hex'));
    if (!entry) {
      demand(settleBy < escrow.readAtUnix, 'the escrow has no such line');
      return { open: `the line ended ${when(settleBy)}, and the escrow has forgotten it` };
    }
    demand(entry.settleBy === settleBy, 'the escrow has the line with another date');
    const signer = escrow.signer?.equals(parts.signer) ? '' : '; the signer has changed since';
    const closing = entry.closeAt > 0 ? `, closing ${when(entry.closeAt)}` : '';
    return `${coins(entry.paidNano)} of ${coins(entry.capNano)} paid${closing}${signer}`;
  },

  async settlement({ bundle, parts }, chain) {
    const { total } = parts.receipt().value;
    const address = accountOf(bundle.escrow.address);
    const id = lineId(parts.line());
    let paid = 0n;
    for (const { amountNano, hash, atUnix } of await chain.payouts(address, id)) {
      paid += amountNano;
      if (paid >= total) return `${coins(total)} paid ${when(atUnix)} by transaction ${short(hash)}`;
    }
    const entry = (await chain.escrow(address))?.lines.get(id.toString('hex'));
    if (entry && entry.paidNano >= total)
      return `${coins(total)} paid; the transaction is too old to be found`;
    return { open: `not settled yet: ${coins(entry?.paidNano ?? paid)} of ${coins(total)} paid` };
  },
};

/** Endpoints forget old blocks. */
function unknown(error: unknown): null {
  if (error instanceof CocoonError && error.code === 'chain_refused') return null;
  throw error;
}

function accountOf(raw: string): Address {
  return Address.parseRaw(raw);
}

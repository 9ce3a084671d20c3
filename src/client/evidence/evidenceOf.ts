import { parseQuote, type Collateral } from '../../attestation';
import { equalBytes } from '../../attestation/bytes';
import { SIMULATED_ROOT } from '../../attestation/simulated';
import type { EvidenceBundle } from '../../evidence';
import { parseJobRecord } from '../../protocol/jobRecord';
import type { Root } from '../../protocol/root';
import { parseStatement } from '../../protocol/statement';
import type { StoredJob } from '../storeRows';
import type { KeptEvidence } from './kept';

/** The bundle of one answer, from the books alone; null while a part of it is missing. Nothing is verified here. */
export function evidenceOf(job: StoredJob, kept: KeptEvidence | null): EvidenceBundle | null {
  const { record, proof, receipt, ticket, model } = job;
  if (!kept || !record || !proof || !receipt) return null;
  const { networkId, registry, worker } = parseStatement(kept.statement);
  const { requestHash, responseHash } = parseJobRecord(record);
  return {
    version: 1,
    network: { id: networkId, root: rootOf(kept.quote) },
    registry: raw(registry),
    escrow: { address: raw(kept.escrow), born: kept.born.toString(), signer: kept.signer.toString('hex') },
    worker: raw(worker),
    requestHash: requestHash.toString('hex'),
    responseHash: responseHash.toString('hex'),
    record: base64(record),
    proof: base64(proof),
    receipt: base64(receipt),
    ticket: base64(ticket),
    line: base64(kept.line),
    ask: base64(kept.ask),
    certificate: base64(kept.certificate),
    statement: base64(kept.statement),
    models: [...new Set(kept.models.map((hash) => hash.toString('hex')))].sort(),
    quote: base64(kept.quote),
    collateral: JSON.parse(kept.collateral.toString('utf8')) as Collateral,
    claims: { model, verifiedAt: kept.verifiedAtUnix, quoteBlock: kept.quoteBlock },
  };
}

/** Under which root a quote has to be verified; that it holds there is the verifier's to find. */
function rootOf(quote: Buffer): Root {
  return equalBytes(parseQuote(quote).certificates.at(-1)!, SIMULATED_ROOT) ? 'simulated' : 'intel';
}

function raw(accountHash: Buffer): string {
  return `0:${accountHash.toString('hex')}`;
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64');
}

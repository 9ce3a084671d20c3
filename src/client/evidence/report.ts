import type { Candidate } from '../market';

/**
 * The quotes of all workers that are verified for a model, in the shape that NEAR AI and RedPill gave such reports:
 * `signing_address` is the worker's Ed25519 key, the same that `signature.ts` names. Their verifiers look for their nonce
 * in the report data. Here it is not: a quote is made once a day and for everybody, binds the worker's statement and a
 * masterchain block, and `info` tells how to check both. So the nonce is only given back.
 */
export function attestationReport(candidates: readonly Candidate[], nonce: string): object {
  const workers = new Map(candidates.map((candidate) => [candidate.worker.id, candidate]));
  const attestations = [...workers.values()].map((candidate) => attestation(candidate, nonce));
  return { ...attestations[0], model_attestations: attestations, gateway_attestation: null };
}

function attestation({ worker, model }: Candidate, nonce: string): object {
  const { evidence } = worker;
  return {
    model_name: model.id,
    signing_address: worker.id,
    signing_public_key: worker.id,
    signing_algo: 'ed25519',
    request_nonce: nonce,
    intel_quote: evidence.quote.toString('hex'),
    nvidia_payload: null,
    event_log: null,
    info: {
      model_hash: model.hash,
      image_id: worker.imageId.toString('hex'),
      tcb_status: evidence.tcbStatus,
      advisories: evidence.advisories,
      verified_at: Math.floor(evidence.atUnix),
      // The report data is SHA-256("cocoon/report-data/v1\0" ‖ statement) and the root hash of this block.
      statement: evidence.statement.toString('base64'),
      block_seqno: evidence.blockSeqno,
      worker: `0:${worker.address.toString('hex')}`,
      hpke_key: worker.hpkeKey.toString('hex'),
      hpke_certificate: worker.certificate.toString('base64'),
      collateral: evidence.collateral,
    },
  };
}

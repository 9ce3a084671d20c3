import { parseJobRecord } from '../../protocol/jobRecord';
import { decodeSigned, receiptLayout } from '../../protocol/signed';
import type { StoredJob } from '../storeRows';

/**
 * What the worker signed for one answer, in the shape that NEAR AI and RedPill gave such signatures. There the signature
 * is over `text`; here a receipt is signed, which covers the job's record by its root, so `signed_hash` is what to
 * verify, and `cocoon` holds what leads from `text` to it. Null while there is no receipt.
 */
export function signatureOf({ id, worker, record, proof, receipt }: StoredJob): object | null {
  if (!record || !proof || !receipt) return null;
  const { requestHash, responseHash } = parseJobRecord(record);
  const { value, signature } = decodeSigned(receiptLayout, receipt);
  return {
    text: `${requestHash.toString('hex')}:${responseHash.toString('hex')}`,
    signature: signature.toString('hex'),
    signing_address: worker,
    signing_algo: 'ed25519',
    signed_hash: receiptLayout.hash(value).toString('hex'),
    cocoon: {
      receipt_id: id,
      record: record.toString('base64'),
      proof: proof.toString('base64'),
      receipt: receipt.toString('base64'),
    },
  };
}

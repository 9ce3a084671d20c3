import type { Collateral } from '../../attestation';
import { withoutPadding } from '../../evidence';
import { lineImage, type Line } from '../../protocol/line';
import type { Candidate } from '../market';
import type { Signer } from '../signer';

/** What the books keep of a job, beside its row, so that evidence of its answer can be made later. */
export interface KeptEvidence {
  /** Account hash of the escrow, the logical time in its domain, and the key that signed the ticket. */
  escrow: Buffer;
  born: bigint;
  signer: Buffer;
  /** In its 90 bytes. */
  line: Buffer;
  /** Of the verification that the request was sent after. */
  verifiedAtUnix: number;
  /** Number of the masterchain block that the quote is bound to. */
  quoteBlock: number;
  models: readonly Buffer[];
  /** Signed structures as `image ‖ signature`. */
  statement: Buffer;
  certificate: Buffer;
  ask: Buffer;
  quote: Buffer;
  /** JSON of src/attestation/collateral.ts. */
  collateral: Buffer;
}

/** What a job was sent with. */
export interface SentTo {
  candidate: Candidate;
  escrow: { address: { hash: Buffer }; born: bigint };
  signer: Pick<Signer, 'publicKey'>;
  line: Line;
  /** The one that its record names. */
  signedAsk: Buffer;
}

export function keptEvidence({ candidate, escrow, signer, line, signedAsk }: SentTo): KeptEvidence {
  const { evidence, certificate, modelHashes } = candidate.worker;
  return {
    escrow: escrow.address.hash,
    born: escrow.born,
    signer: signer.publicKey,
    line: lineImage(line),
    verifiedAtUnix: Math.floor(evidence.atUnix),
    quoteBlock: evidence.blockSeqno,
    models: modelHashes,
    statement: evidence.statement,
    certificate,
    ask: signedAsk,
    ...provenBy(evidence),
  };
}

type Proven = Pick<KeptEvidence, 'quote' | 'collateral'>;

/** Many jobs rest on one quote: it is made ready for the books once. */
const ready = new WeakMap<object, Proven>();

function provenBy(evidence: { quote: Buffer; collateral: Collateral }): Proven {
  const known = ready.get(evidence);
  if (known) return known;
  const collateral = Buffer.from(JSON.stringify(plain(evidence.collateral)));
  const made = { quote: withoutPadding(evidence.quote), collateral };
  ready.set(evidence, made);
  return made;
}

/** The nine fields, in one order and one case, whatever else whoever served them wrote beside. */
function plain(from: Collateral): Collateral {
  return {
    pck_crl_issuer_chain: from.pck_crl_issuer_chain,
    root_ca_crl: from.root_ca_crl.toLowerCase(),
    pck_crl: from.pck_crl.toLowerCase(),
    tcb_info_issuer_chain: from.tcb_info_issuer_chain,
    tcb_info: from.tcb_info,
    tcb_info_signature: from.tcb_info_signature.toLowerCase(),
    qe_identity_issuer_chain: from.qe_identity_issuer_chain,
    qe_identity: from.qe_identity,
    qe_identity_signature: from.qe_identity_signature.toLowerCase(),
  };
}

import { z } from 'zod';
import {
  MAX_CHAIN_CHARACTERS,
  MAX_CRL_BYTES,
  MAX_IDENTITY_CHARACTERS,
  MAX_QUOTE_BYTES,
  MAX_TCB_INFO_CHARACTERS,
} from '../attestation/limits';
import { LIMITS } from '../protocol/limits';
import { STATEMENT_MODELS_MAX } from '../protocol/statement';
import { EVIDENCE_LIMITS } from './limits';
import { base64, hex } from './text';

/** One answer with everything that shows where it came from: docs/audit.md says how to read it. */

const structure = base64(EVIDENCE_LIMITS.structureMaxBytes);
/** Raw form: `0:` and the account hash in hex. */
const account = z.string().regex(/^0:[0-9a-f]{64}$/, 'an account such as 0:12ab...');
const moment = z.number().int().min(0).max(0xffff_ffff);

/** As Intel publishes it (src/attestation/collateral.ts); lists and signatures in lower-case hex. */
const collateralSchema = z.strictObject({
  pck_crl_issuer_chain: z.string().max(MAX_CHAIN_CHARACTERS),
  root_ca_crl: hex(1, MAX_CRL_BYTES),
  pck_crl: hex(1, MAX_CRL_BYTES),
  tcb_info_issuer_chain: z.string().max(MAX_CHAIN_CHARACTERS),
  tcb_info: z.string().max(MAX_TCB_INFO_CHARACTERS),
  tcb_info_signature: hex(64),
  qe_identity_issuer_chain: z.string().max(MAX_CHAIN_CHARACTERS),
  qe_identity: z.string().max(MAX_IDENTITY_CHARACTERS),
  qe_identity_signature: hex(64),
});

/** In the order in which it is written. Sizes of signed structures are judged where they are decoded. */
export const bundleSchema = z.strictObject({
  version: z.literal(1),
  /** `id` is the chain's global id; `root` says whose signature its registry takes for hardware's. */
  network: z.strictObject({ id: z.number().int(), root: z.enum(['intel', 'simulated']) }),
  registry: account,
  /** `born` is the logical time that its domain holds, `signer` the key that signed the ticket. */
  escrow: z.strictObject({
    address: account,
    born: z.string().regex(/^(0|[1-9]\d{0,19})$/, 'a number below 2^64'),
    signer: hex(32),
  }),
  worker: account,
  /** SHA-256 of the sealed request and of the sealed chunks of its answer. */
  requestHash: hex(32),
  responseHash: hex(32),
  record: structure,
  proof: base64(LIMITS.inclusionProofMaxBytes),
  receipt: structure,
  ticket: structure,
  line: structure,
  ask: structure,
  certificate: structure,
  statement: structure,
  /** All model hashes that the statement's root is of. */
  models: z.array(hex(32)).max(STATEMENT_MODELS_MAX),
  /** Without the padding that some clouds append and nothing signs. */
  quote: base64(MAX_QUOTE_BYTES),
  collateral: collateralSchema,
  /**
   * What the client says, and nothing in here signs: the model's name, when it verified the worker, and the number of the
   * masterchain block whose hash is in the quote.
   */
  claims: z.strictObject({
    model: z.string().max(EVIDENCE_LIMITS.modelNameMaxCharacters),
    verifiedAt: moment,
    quoteBlock: z.number().int().min(0).max(0xffff_ffff),
  }),
});

export type EvidenceBundle = z.infer<typeof bundleSchema>;

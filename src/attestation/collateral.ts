import { copyOf, fromHex } from './bytes';
import { AttestationError } from './errors';
import { jsonFields, type JsonFields } from './json';
import {
  MAX_CHAIN_CHARACTERS,
  MAX_CRL_BYTES,
  MAX_IDENTITY_CHARACTERS,
  MAX_TCB_INFO_CHARACTERS,
} from './limits';

/**
 * What Intel publishes beside quotes, as one JSON object; the form is the one that other verifiers use too. Chains are
 * PEM, lists and signatures hex, the two signed texts exactly as Intel signed them.
 */
export interface Collateral {
  pck_crl_issuer_chain: string;
  root_ca_crl: string;
  pck_crl: string;
  tcb_info_issuer_chain: string;
  tcb_info: string;
  tcb_info_signature: string;
  qe_identity_issuer_chain: string;
  qe_identity: string;
  qe_identity_signature: string;
}

/** Its binary parts as bytes. */
export interface CollateralParts {
  pckCrlIssuerChain: string;
  rootCrl: Uint8Array;
  pckCrl: Uint8Array;
  tcbInfoIssuerChain: string;
  tcbInfo: string;
  tcbInfoSignature: Uint8Array;
  qeIdentityIssuerChain: string;
  qeIdentity: string;
  qeIdentitySignature: Uint8Array;
}

const CODE = 'collateral_malformed';
const SIGNATURE_BYTES = 64;

/** Takes nine fields of the right kind and size, ignores others; throws AttestationError `collateral_malformed`. */
export function parseCollateral(value: unknown): CollateralParts {
  if (value === null || value === undefined) throw new AttestationError(CODE, 'no collateral was given');
  const fields = jsonFields(value, CODE, 'collateral');
  return {
    pckCrlIssuerChain: fields.text('pck_crl_issuer_chain', MAX_CHAIN_CHARACTERS),
    rootCrl: list(fields, 'root_ca_crl'),
    pckCrl: list(fields, 'pck_crl'),
    tcbInfoIssuerChain: fields.text('tcb_info_issuer_chain', MAX_CHAIN_CHARACTERS),
    tcbInfo: fields.text('tcb_info', MAX_TCB_INFO_CHARACTERS),
    tcbInfoSignature: fields.hex('tcb_info_signature', SIGNATURE_BYTES),
    qeIdentityIssuerChain: fields.text('qe_identity_issuer_chain', MAX_CHAIN_CHARACTERS),
    qeIdentity: fields.text('qe_identity', MAX_IDENTITY_CHARACTERS),
    qeIdentitySignature: fields.hex('qe_identity_signature', SIGNATURE_BYTES),
  };
}

function list(fields: JsonFields, key: string): Uint8Array {
  const digits = fields.text(key, 2 * MAX_CRL_BYTES);
  try {
    return copyOf(fromHex(digits));
  } catch (error) {
    throw new AttestationError(CODE, `collateral: ${key} is no hex`, { cause: error });
  }
}

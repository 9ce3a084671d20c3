import { AttestationError } from './errors';
import { parseCanonical } from './json';
import { MAX_IDENTITY_CHARACTERS } from './limits';
import { readPartLevels, type PartLevel } from './tcbInfo';

/** What Intel says of its quoting enclave for TDX (enclave identity, version 2). */
export interface QeIdentity {
  /** Unix seconds. */
  issueDate: number;
  nextUpdate: number;
  evaluationDataNumber: number;
  /** 4 bytes as they stand in a report, and which bits of them count. */
  miscSelect: Uint8Array;
  miscSelectMask: Uint8Array;
  /** 16 bytes, and which bits of them count. */
  attributes: Uint8Array;
  attributesMask: Uint8Array;
  /** 32 bytes. */
  mrSigner: Uint8Array;
  isvProdId: number;
  /** Best first. */
  levels: readonly PartLevel[];
}

const CODE = 'qe_identity_malformed';
const MAX_U16 = 65_535;
const MAX_U32 = 4_294_967_295;

/** Reads the exact text that Intel signed. Throws AttestationError `qe_identity_malformed`. */
export function parseQeIdentity(text: string): QeIdentity {
  const fields = parseCanonical(text, MAX_IDENTITY_CHARACTERS, CODE, 'QE identity');
  fields.oneOf('id', ['TD_QE']);
  if (fields.integer('version', MAX_U16) !== 2) {
    throw new AttestationError(CODE, 'QE identity: version is not 2');
  }
  return {
    issueDate: fields.date('issueDate'),
    nextUpdate: fields.date('nextUpdate'),
    evaluationDataNumber: fields.integer('tcbEvaluationDataNumber', MAX_U32),
    // Written as a number, most significant byte first; a report has it the other way round.
    miscSelect: fields.hex('miscselect', 4).reverse(),
    miscSelectMask: fields.hex('miscselectMask', 4).reverse(),
    attributes: fields.hex('attributes', 16),
    attributesMask: fields.hex('attributesMask', 16),
    mrSigner: fields.hex('mrsigner', 32),
    isvProdId: fields.integer('isvprodid', MAX_U16),
    levels: readPartLevels(fields, CODE),
  };
}

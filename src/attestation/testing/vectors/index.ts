import { AUTHORITY_VECTORS } from './authority';
import { AUTHORITY_DATE_VECTORS } from './authorityDates';
import { CONTAINER_VECTORS } from './container';
import { ATTRIBUTE_VECTORS, BODY_VECTORS } from './domain';
import { ENCLAVE_VECTORS } from './enclave';
import { FORM_VECTORS, SPELLING_VECTORS, VALUE_VECTORS } from './forms';
import { HEADER_VECTORS } from './header';
import { LEAF_VECTORS } from './leaf';
import { PLATFORM_LEVEL_VECTORS } from './levels';
import { CONVERGENCE_VECTORS, MODULE_VECTORS } from './modules';
import { REMEMBERED_VECTORS } from './remembered';
import { REVOCATION_VECTORS } from './revocation';
import { SGX_EXTENSION_VECTORS } from './sgxExtension';
import { SIGNATURE_VECTORS } from './signatures';
import { COLLATERAL_VECTORS, SIGNER_VECTORS, TEXT_VECTORS } from './signedText';
import type { Vector } from './vector';

/** Everything that both verifiers must answer rightly, with the rule that each case comes from. */
export const VECTORS: readonly Vector[] = [
  ...FORM_VECTORS,
  ...VALUE_VECTORS,
  ...SPELLING_VECTORS,
  ...HEADER_VECTORS,
  ...CONTAINER_VECTORS,
  ...LEAF_VECTORS,
  ...SGX_EXTENSION_VECTORS,
  ...AUTHORITY_VECTORS,
  ...AUTHORITY_DATE_VECTORS,
  ...ENCLAVE_VECTORS,
  ...SIGNATURE_VECTORS,
  ...REMEMBERED_VECTORS,
  ...ATTRIBUTE_VECTORS,
  ...BODY_VECTORS,
  ...REVOCATION_VECTORS,
  ...SIGNER_VECTORS,
  ...TEXT_VECTORS,
  ...COLLATERAL_VECTORS,
  ...PLATFORM_LEVEL_VECTORS,
  ...MODULE_VECTORS,
  ...CONVERGENCE_VECTORS,
];

export type { Vector, VectorKind } from './vector';

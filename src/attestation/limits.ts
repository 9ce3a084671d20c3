/** Nothing is parsed beyond these sizes (bytes, characters or entries): evidence comes from strangers. */

/** Genuine quotes have 5,006 bytes, 8,000 with a cloud's padding. */
export const MAX_QUOTE_BYTES = 65_536;
/** A genuine one has 1,270. */
export const MAX_CERTIFICATE_BYTES = 8_192;
/** Three certificates as PEM take 3,700. */
export const MAX_CHAIN_CHARACTERS = 32_768;
export const MAX_CHAIN_CERTIFICATES = 4;
/** Intel's list of revoked platforms has 2,660 bytes and 47 entries; this is room for 28,000. */
export const MAX_CRL_BYTES = 1_048_576;
/** A family's TCB info has 5,000 characters and 4 to 30 levels. */
export const MAX_TCB_INFO_CHARACTERS = 262_144;
/** The enclave identity has 460. */
export const MAX_IDENTITY_CHARACTERS = 65_536;
export const MAX_TCB_LEVELS = 256;
export const MAX_MODULE_IDENTITIES = 64;
export const MAX_ADVISORIES = 256;
export const MAX_ADVISORY_CHARACTERS = 64;
/** Entries of one list in a policy. */
export const MAX_POLICY_ENTRIES = 4_096;

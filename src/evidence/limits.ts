/** Bounds of a bundle: it comes from strangers. Bytes, or characters of text where the name says so. */
export const EVIDENCE_LIMITS = {
  /** The whole file. A usual one has some 60,000; disclosed answers are the long ones. */
  bundleMaxBytes: 16 * 1_048_576,
  /** Signed structures, statement, line: none has more than 200 bytes. */
  structureMaxBytes: 1_024,
  modelNameMaxCharacters: 200,
  /** How much of a hash a line for people shows, in hex digits. */
  shortHex: 16,
} as const;

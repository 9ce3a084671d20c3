import { topic, type Draft } from './vector';

const QUOTE = 'Intel QVL, Quote.cpp validate()';
const QUOTE_SIGNATURE = 'ERROR_PLATFORM_QUOTE_SIGNATURE';

/** Header and body descriptor: signed, but of a kind that nobody should accept. */
export const HEADER_VECTORS = topic('header', [
  ...[0, 3, 6, 65_535].map((version): Draft => ({
    name: `version ${version}`,
    rule: `${QUOTE}: versions 4 and 5 are TDX's`,
    with: { header: { version } },
    refusal: 'quote-version',
    onChain: 'unbuildable',
    forced: QUOTE_SIGNATURE,
  })),
  {
    name: 'version 5 in the form of version 4',
    rule: `${QUOTE}: version 5 names its body`,
    with: { header: { version: 5 } },
    refusal: 'quote-format',
    onChain: 'unbuildable',
    forced: QUOTE_SIGNATURE,
  },
  {
    name: 'version 4 in the form of version 5',
    rule: `${QUOTE}: version 4 has no body descriptor`,
    with: { form: 'v5-td10', header: { version: 4 } },
    refusal: 'quote-format',
    onChain: 'unbuildable',
    forced: QUOTE_SIGNATURE,
  },
  ...[0, 1, 3].map((keyType): Draft => ({
    name: `attestation key of type ${keyType}`,
    rule: `${QUOTE}: ECDSA-256 with P-256 is type 2`,
    with: { header: { keyType } },
    refusal: 'quote-format',
    onChain: 'unbuildable',
    forced: QUOTE_SIGNATURE,
  })),
  ...[0, 0x80, 0x181].map((teeType): Draft => ({
    name: `TEE of type 0x${teeType.toString(16)}`,
    rule: `${QUOTE}: TDX is 0x81`,
    with: { header: { teeType } },
    refusal: 'tee-type',
    onChain: 'unbuildable',
    forced: QUOTE_SIGNATURE,
  })),
  {
    name: "another vendor's quoting enclave",
    rule: `${QUOTE}: the vendor is Intel`,
    with: { header: { vendorId: Buffer.alloc(16, 0x99) } },
    refusal: 'qe-vendor',
    onChain: 'unbuildable',
    forced: QUOTE_SIGNATURE,
  },
  ...[0, 1, 4, 65_535].map((bodyType): Draft => ({
    name: `body of type ${bodyType}`,
    rule: `${QUOTE}: TD bodies are of type 2 and 3`,
    with: { form: 'v5-td15', bodyType },
    refusal: 'quote-format',
    onChain: 'unbuildable',
    forced: QUOTE_SIGNATURE,
  })),
  {
    name: 'body 1.5 that calls itself 1.0',
    rule: `${QUOTE}: the size is that of the type`,
    with: { form: 'v5-td15', bodyType: 2 },
    refusal: 'quote-format',
    onChain: 'unbuildable',
    forced: QUOTE_SIGNATURE,
  },
  ...[-1, 1, 64].map((bodySize): Draft => ({
    name: `body whose size is said ${bodySize} too large`,
    rule: `${QUOTE}: the size is that of the type`,
    with: { form: 'v5-td10', container: { lengthErrors: { bodySize } } },
    refusal: 'quote-format',
    onChain: 'unbuildable',
    forced: QUOTE_SIGNATURE,
  })),
]);

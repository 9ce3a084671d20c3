import { topic, type Draft } from './vector';

const BOUNDS =
  'Intel QVL, Quote.cpp parse(): every size is checked against what is left and consumed exactly';
const TYPES = 'Intel QVL, Quote.cpp: outer certification data is of type 6, the PCK chain of type 5';
const CHAIN = 'Intel QVL, CertificateChain.cpp: PEM of leaf, intermediate and root';
/** The contract is given values, not the container: there is no message without a readable quote. */
const UNREADABLE = { refusal: 'quote-format', onChain: 'unbuildable' } as const;

const V4_BODY_END = 632;
const AUTH = V4_BODY_END + 4;

/** Where each structure of a version 4 quote begins. */
const CUTS: readonly [at: number, what: string][] = [
  [0, 'before its first byte'],
  [1, 'in its version'],
  [47, 'in its header'],
  [48, 'after its header'],
  [V4_BODY_END - 1, 'in its body'],
  [V4_BODY_END, 'after its body'],
  [AUTH - 1, 'in the size of the authentication data'],
  [AUTH, 'after the size of the authentication data'],
  [AUTH + 63, 'in its signature'],
  [AUTH + 127, 'in the attestation key'],
  [AUTH + 129, 'in the type of the certification data'],
  [AUTH + 133, 'in the size of the certification data'],
  [AUTH + 134 + 383, "in the QE's report"],
  [AUTH + 134 + 384 + 63, "in the QE report's signature"],
  [AUTH + 582 + 1, 'in the size of the QE authentication data'],
  [AUTH + 584 + 31, 'in the QE authentication data'],
  [AUTH + 616 + 1, 'in the type of the chain'],
  [AUTH + 616 + 5, 'in the size of the chain'],
  [AUTH + 622, 'before the chain'],
  [AUTH + 622 + 1000, 'in the chain'],
];

const SIZES = ['authData', 'outer', 'qeAuthData', 'inner'] as const;
const noPadding = { padding: Buffer.alloc(0) };

/** The unsigned container around what is signed. */
export const CONTAINER_VECTORS = topic('container', [
  ...CUTS.map(([at, what]): Draft => ({
    name: `cut ${what}`,
    rule: BOUNDS,
    with: { bytes: (quote) => quote.subarray(0, at) },
    ...UNREADABLE,
  })),
  {
    name: 'cut before the last byte of the chain',
    rule: BOUNDS,
    with: { container: noPadding, bytes: (quote) => quote.subarray(0, -1) },
    ...UNREADABLE,
  },
  ...SIZES.flatMap((size) =>
    [-1, 1, 0x4000].map((error): Draft => ({
      name: `size of ${size} said ${error} too large`,
      rule: BOUNDS,
      with: { container: { ...noPadding, lengthErrors: { [size]: error } } },
      ...UNREADABLE,
    })),
  ),
  {
    name: 'more than 65,536 bytes',
    rule: 'This project: nothing is parsed beyond a stated size',
    with: { container: { padding: Buffer.alloc(65_536) } },
    ...UNREADABLE,
  },
  ...[0, 1, 5, 7].map((outerType): Draft => ({
    name: `outer certification data of type ${outerType}`,
    rule: TYPES,
    with: { container: { outerType } },
    ...UNREADABLE,
  })),
  ...[0, 1, 2, 3, 4, 6, 7].map((innerType): Draft => ({
    name: `chain of type ${innerType}`,
    rule: TYPES,
    with: { container: { innerType } },
    ...UNREADABLE,
  })),
  {
    name: 'a chain of DER instead of PEM',
    rule: CHAIN,
    with: { chainBytes: (bytes) => derOf(bytes) },
    ...UNREADABLE,
  },
  { name: 'an empty chain', rule: CHAIN, with: { chainBytes: () => Buffer.alloc(0) }, ...UNREADABLE },
  {
    name: 'text before the chain',
    rule: CHAIN,
    with: { chainBytes: (bytes) => Buffer.concat([Buffer.from('subject=\n'), bytes]) },
    ...UNREADABLE,
  },
  {
    name: 'text behind the chain',
    rule: CHAIN,
    with: { chainBytes: (bytes) => Buffer.concat([bytes.subarray(0, -1), Buffer.from('x\0')]) },
    ...UNREADABLE,
  },
  {
    name: 'a chain with a character that is not base64',
    rule: CHAIN,
    with: { chainBytes: (bytes) => Buffer.from(bytes.toString('ascii').replace('MII', 'M*I'), 'ascii') },
    ...UNREADABLE,
  },
  { name: 'a chain of the leaf alone', rule: CHAIN, with: { chain: ([leaf]) => [leaf] }, ...UNREADABLE },
  {
    name: 'a chain without its root',
    rule: CHAIN,
    with: { chain: ([leaf, authority]) => [leaf, authority] },
    ...UNREADABLE,
  },
  {
    name: 'a chain with its leaf twice',
    rule: CHAIN,
    with: { chain: ([leaf, ...rest]) => [leaf, leaf, ...rest] },
    ...UNREADABLE,
  },
  {
    name: 'a chain of ten certificates',
    rule: CHAIN,
    with: { chain: ([leaf, authority, root]) => [leaf, ...new Array<Buffer>(8).fill(authority), root] },
    ...UNREADABLE,
  },
]);

function derOf(chain: Buffer): Buffer {
  const [first] = chain.toString('ascii').split('-----END');
  return Buffer.from(first!.replace(/-----.*-----/, ''), 'base64');
}

import { P256_ORDER, keyFromSeed, malleated, toBytes } from '../keys';
import { QE_AUTH_DATA, createMachine } from '../machine';
import { MINTED_AT } from '../mint';
import { qeReportData } from '../quoteWriter';
import { topic, type Draft } from './vector';

const QUOTE = 'Intel QVL, QuoteVerifier 4.1.2.4.16: the attestation key signed header and body';
const RANGE = 'SEC 1, 4.1.4: 0 < r, s < n';
const MALLEABLE = 'SEC 1, 4.1: with (r, s) also (r, n - s) is a signature';
const stranger = keyFromSeed('stranger');
const other = createMachine({ seed: 'other machine', ca: 'platform', nowUnix: MINTED_AT });

const zero = Buffer.alloc(32);
const order = toBytes(P256_ORDER);
const highest = Buffer.alloc(32, 0xff);
const r = (signature: Buffer) => signature.subarray(0, 32);
const s = (signature: Buffer) => signature.subarray(32);
const flipped = (at: number) => (signature: Buffer) => {
  const changed = Buffer.from(signature);
  changed[at] = changed[at]! ^ 1;
  return changed;
};

const RANGES: readonly [string, (signature: Buffer) => Buffer, Draft['onChain']][] = [
  ['r = 0', (one) => Buffer.concat([zero, s(one)]), 'unbuildable'],
  ['s = 0', (one) => Buffer.concat([r(one), zero]), 'ERROR_PLATFORM_QUOTE_SIGNATURE'],
  ['r = n', (one) => Buffer.concat([order, s(one)]), 'unbuildable'],
  ['s = n', (one) => Buffer.concat([r(one), order]), 'ERROR_PLATFORM_QUOTE_SIGNATURE'],
  ['r above n', (one) => Buffer.concat([highest, s(one)]), 'ERROR_PLATFORM_QUOTE_SIGNATURE'],
  ['s above n', (one) => Buffer.concat([r(one), highest]), 'ERROR_PLATFORM_QUOTE_SIGNATURE'],
  ['r and s exchanged', (one) => Buffer.concat([s(one), r(one)]), 'ERROR_PLATFORM_QUOTE_SIGNATURE'],
  ['a bit of r changed', flipped(31), 'ERROR_PLATFORM_QUOTE_SIGNATURE'],
  ['a bit of s changed', flipped(63), 'ERROR_PLATFORM_QUOTE_SIGNATURE'],
  ['only zeros', () => Buffer.alloc(64), 'unbuildable'],
];

/** Keys that are no point of the curve, though the quoting enclave vouches for them. */
const NO_POINTS: readonly [string, Buffer][] = [
  ['of zeros', Buffer.alloc(64)],
  [
    'off the curve',
    Buffer.concat([stranger.publicKey.subarray(0, 63), Buffer.of(stranger.publicKey[63]! ^ 1)]),
  ],
  ['whose x is not below p', Buffer.concat([highest, stranger.publicKey.subarray(32)])],
];

/** Signatures of the quote itself, and those that may be replaced by their twin. */
export const SIGNATURE_VECTORS = topic('signatures', [
  {
    name: 'a quote signed by a stranger',
    rule: QUOTE,
    with: { quoteKey: stranger },
    refusal: 'quote-signature',
    onChain: 'ERROR_PLATFORM_QUOTE_SIGNATURE',
  },
  {
    name: 'a quote signed by the PCK',
    rule: QUOTE,
    with: { quoteKey: createMachine({ seed: 'machine', ca: 'platform', nowUnix: MINTED_AT }).pckKey },
    refusal: 'quote-signature',
    onChain: 'ERROR_PLATFORM_QUOTE_SIGNATURE',
  },
  {
    name: "a quote signed by another machine's attestation key",
    rule: QUOTE,
    with: { quoteKey: other.attestationKey },
    refusal: 'quote-signature',
    onChain: 'ERROR_PLATFORM_QUOTE_SIGNATURE',
  },
  {
    name: 'a quote signed by a stranger for a remembered key',
    rule: QUOTE,
    with: { quoteKey: stranger },
    primer: {},
    kind: 'key',
    refusal: 'quote-signature',
    onChain: 'ERROR_PLATFORM_QUOTE_SIGNATURE',
  },
  ...RANGES.map(([what, signature, onChain]): Draft => ({
    name: `a quote signature with ${what}`,
    rule: RANGE,
    with: { signature },
    refusal: 'quote-signature',
    onChain,
    ...(onChain === 'unbuildable' && { forced: 'ERROR_P256_INVERSE' }),
  })),
  ...NO_POINTS.map(([what, key]): Draft => ({
    name: `an attestation key ${what}`,
    rule: 'SEC 1, 3.2.2: a public key is a point of the curve',
    with: { shownKey: key, qe: { reportData: qeReportData(key, QE_AUTH_DATA) } },
    refusal: 'quote-signature',
    onChain: 'unbuildable',
    forced: 'ERROR_P256_KEY',
  })),
  {
    name: 'a quote with the other signature',
    rule: MALLEABLE,
    with: { signature: malleated },
    onChain: 'accepted',
  },
  {
    name: 'a QE report with the other signature',
    rule: MALLEABLE,
    with: { signedQe: (qe) => ({ ...qe, signature: malleated(qe.signature) }) },
    onChain: 'accepted',
  },
  {
    name: 'a quote of a remembered key with the other signature',
    rule: MALLEABLE,
    with: { signature: malleated },
    primer: {},
    kind: 'key',
    onChain: 'accepted',
  },
  ...bodyChanges(),
]);

/** One bit of what is signed: every field of the body is covered. */
function bodyChanges(): Draft[] {
  const places: readonly [number, string][] = [
    [8, "the header's numbers"],
    [28, 'the user data'],
    [48, 'TEE_TCB_SVN'],
    [64, 'MRSEAM'],
    [184, 'MRTD'],
    [232, 'MRCONFIGID'],
    [280, 'MROWNER'],
    [328, 'MROWNERCONFIG'],
    [376, 'RTMR0'],
    [424, 'RTMR1'],
    [472, 'RTMR2'],
    [520, 'RTMR3'],
    [568, 'the report data'],
    [631, "the report data's last byte"],
  ];
  return places.map(([at, what]): Draft => ({
    name: `a changed bit in ${what}`,
    rule: QUOTE,
    with: { bytes: flipped(at) },
    refusal: 'quote-signature',
    onChain: 'ERROR_PLATFORM_QUOTE_SIGNATURE',
  }));
}

import type { Sources } from '../support/tactSources';
import type { AttackName } from './attacks';
import { withReplaced } from './guards';

/** What becomes possible without a guard, or why nothing does. */
export type Verdict = { attack: AttackName } | { argument: string };

const attack = (name: AttackName): Verdict => ({ attack: name });
const argument = (text: string): Verdict => ({ argument: text });

const NAMES_ONLY = 'Gives the refusal its name: the statement after it throws in any case.';
const REFERENCE_MISSING =
  'Gives the refusal its name: the reference that is read next is not there, and the VM ends with 9.';
const DATE_OUT_OF_RANGE =
  'UTCTime cannot write such a date: the text would be no certificate, and no CA signs it. The bound gives that a name.';

/** Every guard of the Platform, by its id in guards.ts. */
export const GUARDS: Readonly<Record<string, Verdict>> = {
  'platform/certificates.tact: noMoreText(rest);': attack('a reference more in the certificate of the CA'),
  'platform/certificates.tact: throwUnless(ERROR_PLATFORM_CA_NOT_YET_VALID, notBefore <= now());':
    attack('a CA of tomorrow'),
  'platform/certificates.tact: requireP256(caDigest(values, processor, ROOT_KEY_ID), ROOT_X, ROOT_Y, signature, ERROR_PLATFORM_CA_SIGNATURE);':
    attack('a chain under a root of its own'),
  'platform/certificates.tact: noMoreText(rest); (2)': attack('a reference more in the certificate'),
  'platform/certificates.tact: throwUnless(ERROR_PLATFORM_LEAF_NOT_YET_VALID, notBefore <= now());':
    attack('a certificate of tomorrow'),
  'platform/certificates.tact: throwUnless(ERROR_PLATFORM_OTHER_PLATFORM, sha256OfPart(machine.preloadBits(128)) == ppidHash);':
    attack("another machine's quote"),
  'platform/certificates.tact: requireNoRefs(crl);': attack('a reference more in the address of the CRL'),
  'platform/certificates.tact: throwUnless(ERROR_PLATFORM_VALUE_MALFORMED, crl.bits() <= CRL_ADDRESS_MAX_BITS);':
    argument(
      'A longer address runs over the length bytes that are written for it, so the text is no certificate, and no CA signs it. The bound gives that a name.',
    ),
  'platform/certificates.tact: requireP256(digest, x, caKey.preloadUint(256), signature, ERROR_PLATFORM_LEAF_SIGNATURE);':
    attack('a chain under a CA of its own'),
  'platform/certificates.tact: noMoreText(evidence);': attack('a reference more beside the QE report'),
  'platform/certificates.tact: requireP256(report.digest, x, pck.preloadUint(256), signature, ERROR_PLATFORM_QE_SIGNATURE);':
    attack('a QE report signed by a stranger'),
  'platform/certificates.tact: requireOnCurve(keyX, key.preloadUint(256));': attack(
    'an attestation key off the curve',
  ),
  'platform/keys.tact: throwUnless(ERROR_PLATFORM_KEY_NOT_CACHED, !rest.refsEmpty());':
    argument(REFERENCE_MISSING),
  'platform/keys.tact: throwUnless(ERROR_PLATFORM_KEY_NOT_CACHED, !rest.refsEmpty()); (2)':
    argument(REFERENCE_MISSING),
  'platform/keys.tact: throwUnless(ERROR_PLATFORM_KEY_NOT_CACHED, newest.depth() > 0);': argument(
    'Gives the refusal its name: without a key the cell is empty, and the VM ends with 9 where its bits are skipped.',
  ),
  'platform/keys.tact: throwUnless(ERROR_PLATFORM_KEY_NOT_CACHED, !rest.refsEmpty()); (3)':
    argument(REFERENCE_MISSING),
  'platform/keys.tact: noMoreText(tag);': attack('a reference more behind the name of a key'),
  'platform/opcodes.tact: throwUnless(ERROR_PLATFORM_MALFORMED, rest.refsEmpty());': attack(
    'a reference more in the auth data',
  ),
  'platform/platform.tact: requireNetwork();': attack('a quote under the simulated root, on mainnet'),
  'platform/platform.tact: throwUnless(ERROR_PLATFORM_VALUE_TOO_SMALL, spare >= attestGas(kind));':
    attack('too little value'),
  'platform/platform.tact: throwUnless(ERROR_PLATFORM_FULL, slotsGet(slotId(msg.provider, msg.index), Shelf.fromCell(self.shelf).slots).found);':
    attack('a Worker more than there are slots'),
  'platform/platform.tact: throwUnless(ERROR_PLATFORM_CA_EXPIRED, now() <= attested.caUntil);':
    argument(NAMES_ONLY),
  'platform/platform.tact: throw(ERROR_PLATFORM_LEAF_EXPIRED);': attack(
    'a certificate a second after its end',
  ),
  'platform/platform.tact: requireP256(quote.digest, attested.x, attested.y, signature, ERROR_PLATFORM_QUOTE_SIGNATURE);':
    attack('a quote signed by a stranger'),
  'platform/platform.tact: throwUnless(ERROR_PLATFORM_NOT_REGISTRY, sender() == self.registry);': attack(
    'a slot that a stranger gives',
  ),
  'platform/qe-report.tact: noMoreText(qe);': attack('a reference more in the QE report'),
  'platform/qe-report.tact: throwUnless(ERROR_PLATFORM_QE_ATTRIBUTES, (flags | QE_FLAGS_OPEN) == QE_FLAGS);':
    attack('a QE in debug mode'),
  'platform/qe-report.tact: requireNoRefs(auth);': attack('a reference more in the auth data'),
  'platform/quote-text.tact: noMoreText(head);': attack('a reference more in the message'),
  'platform/quote-text.tact: noMoreText(second);': attack('a reference more in the second cell of text'),
  'platform/quote-text.tact: noMoreText(third);': attack('a reference more in the third cell of text'),
  'platform/quote-text.tact: noMoreText(first);': attack('a reference more in the first cell of text'),
  'platform/quote-text.tact: throwUnless(ERROR_PLATFORM_MALFORMED, form <= FORM_V5_TD15);':
    attack('an unknown form'),
  'platform/quote-text.tact: throwUnless(ERROR_PLATFORM_DEBUG, (decided & ATTRIBUTE_DEBUG) == 0);':
    argument(NAMES_ONLY),
  'platform/quote-text.tact: throwUnless(ERROR_PLATFORM_MIGRATABLE, (decided & ATTRIBUTE_MIGRATABLE) == 0);':
    argument(NAMES_ONLY),
  'platform/quote-text.tact: throwUnless( ERROR_PLATFORM_ATTRIBUTES_RESERVED, (decided & (ATTRIBUTES_DECIDED - ATTRIBUTE_SEPT_VE_DISABLE)) == 0, );':
    argument(NAMES_ONLY),
  'platform/quote-text.tact: throw(ERROR_PLATFORM_SEPT_VE_ENABLED);': attack(
    'a TD that its host can surprise',
  ),
  'platform/roots/simulated.tact: throwIf(ERROR_PLATFORM_MAINNET, networkId() == MAINNET);': attack(
    'a quote under the simulated root, on mainnet',
  ),
  'shared/certificate-text.tact: noMoreText(tail);': attack(
    'a reference more in the values of a machine of the processor CA',
  ),
  'shared/certificate-text.tact: noMoreText(tail); (2)': attack(
    'a reference more in the values of the machine',
  ),
  'shared/p256.tact: ENDS': attack('a reference more in a hint'),
  'shared/p256.tact: 1310 THROWIF': attack('a hint that is honest for another quote'),
  'shared/p256.tact: 1312 THROWIFNOT': attack('a T of nobody'),
  'shared/p256.tact: ENDS (2)': attack('a reference more in the point of a hint'),
  'shared/p256.tact: 1311 THROWIFNOT': attack('the line through the opposite of T'),
  'shared/p256.tact: 1313 THROWIF': attack('a slope of its own'),
  'shared/p256.tact: THROWANYIFNOT': attack('a quote signed by a stranger'),
  'shared/p256.tact: 1314 THROWIFNOT': argument(
    'A coordinate of p or more that is a point modulo p takes one below 2^256 - p, whose logarithm nobody knows, and a quoting enclave that reports such a key. The formulas hold modulo p, so it would stand for that same point.',
  ),
  'shared/p256.tact: 1314 THROWIF': attack('an attestation key off the curve'),
  'shared/text-hash.tact: ENDS': attack('a reference more in the message'),
  'shared/utc-time.tact: throwUnless(ERROR_PLATFORM_VALUE_MALFORMED, min(notBefore, notAfter) >= UTC_TIME_FIRST);':
    argument(DATE_OUT_OF_RANGE),
  'shared/utc-time.tact: throwUnless(ERROR_PLATFORM_VALUE_MALFORMED, max(notBefore, notAfter) < UTC_TIME_END);':
    argument(DATE_OUT_OF_RANGE),
};

/** A part of a guard, where one statement guards several things. */
export interface PartMutant {
  name: string;
  attack: AttackName;
  apply(sources: Sources): Sources;
}

const part = (
  name: string,
  attackName: AttackName,
  [file, text, replacement, occurrence]: [
    file: string,
    text: string,
    replacement: string,
    occurrence?: number,
  ],
): PartMutant => ({
  name,
  attack: attackName,
  apply: (sources) => withReplaced(sources, file, text, replacement, occurrence),
});

const P256 = 'contracts/shared/p256.tact';
const QUOTE_TEXT = 'contracts/platform/quote-text.tact';
const DECIDED = '0xffffffffffffffff - (1 << 38)';
const CHECK = 'x{F914} s,';
/** In the place of a check: its three operands go, and it is content. */
const NO_CHECK = '3 BLKDROP -1 PUSHINT';

export const PARTS: readonly PartMutant[] = [
  part('T is checked by the second fixed message only', 'the mirror for the second fixed message', [
    P256,
    CHECK,
    NO_CHECK,
    1,
  ]),
  part('T is checked by the first fixed message only', 'the mirror for the first fixed message', [
    P256,
    CHECK,
    NO_CHECK,
    2,
  ]),
  part('the end of the CA does not count', 'a CA a second after its end', [
    'contracts/platform/platform.tact',
    'min(attested.leafUntil, attested.caUntil)',
    'attested.leafUntil',
  ]),
  part('DEBUG is not decided', 'a TD in debug mode', [QUOTE_TEXT, DECIDED, `${DECIDED} - ATTRIBUTE_DEBUG`]),
  part('MIGRATABLE is not decided', 'a TD that can move', [
    QUOTE_TEXT,
    DECIDED,
    `${DECIDED} - ATTRIBUTE_MIGRATABLE`,
  ]),
  part('bit 1 is not decided', 'a TD with a reserved attribute', [
    QUOTE_TEXT,
    DECIDED,
    `${DECIDED} - (1 << 57)`,
  ]),
];

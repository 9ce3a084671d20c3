import type { Root } from '../../protocol/root';
import { TD_ATTRIBUTE, hasBit, isDebug, reservedAttributes } from '../tdBody';
import { isZero, toHex } from '../bytes';
import { nodeCrypto } from '../crypto/node';
import type { Quote } from '../quote';
import type { Chain } from './chain';
import { unless, type Reason } from './dryRunReason';
import type { AttestKind, PlatformCache } from './kind';
import { PINNED } from './pinned';
import { certificateTag, keyTag } from './remembered';

/** What a Platform contract holds; a new one remembers nothing and has every slot free. */
export interface PlatformState {
  cache: PlatformCache;
  /** Every slot is held, now, by other Workers than the one that the quote is for. */
  full: boolean;
  /** SHA-256 of the PPID that the contract was made for, in hex; null: that of the quote. */
  ppidHash: string | null;
}

/** A quote on its way to a Platform. */
export interface AtPlatform {
  quote: Quote;
  root: Root;
  kind: AttestKind;
  /** Unix seconds of the block that will hold the transaction. */
  nowUnix: number;
  /** Global id of the network, -239 is mainnet; null: not known. */
  networkId: number | null;
  platform: PlatformState;
}

export const NEW_PLATFORM: PlatformState = {
  cache: { keyTags: [], certificateTags: [] },
  full: false,
  ppidHash: null,
};

const MAINNET = -239;
/** Of the QE's flags all but MODE64BIT are looked at, and they must be INIT and PROVISIONKEY. */
const QE_FLAGS = { mask: 0xfb, value: 0x11 };

/** The first check of contracts/platform/platform.tact that fails, in its order; null when none does. */
export function refusalByPlatform(input: AtPlatform, chain: Chain): Reason | null {
  const { quote, root, networkId, platform } = input;
  return (
    unless(
      root !== 'simulated' || networkId !== MAINNET,
      'PLATFORM_MAINNET',
      'a simulated quote is worth nothing on mainnet',
    ) ??
    unless(!platform.full, 'PLATFORM_FULL', 'every slot of this machine is held by another worker') ??
    attributesRefusal(quote) ??
    keyRefusal(input, chain) ??
    datesRefusal(input, chain) ??
    signature(
      'QUOTE',
      quote.attestationKey,
      quote.signed,
      quote.signature,
      "the attestation key did not sign the TD's report",
    )
  );
}

function attributesRefusal({ body }: Quote): Reason | null {
  const has = (bit: number): boolean => hasBit(body.tdAttributes, bit);
  return (
    unless(!isDebug(body), 'PLATFORM_DEBUG', 'debugging is on: the host reads and changes everything') ??
    unless(!has(TD_ATTRIBUTE.migratable), 'PLATFORM_MIGRATABLE', 'the TD may be moved by a service TD') ??
    unless(
      isZero(reservedAttributes(body.tdAttributes)),
      'PLATFORM_ATTRIBUTES_RESERVED',
      'a reserved attribute bit is set',
    ) ??
    unless(
      has(TD_ATTRIBUTE.septVeDisable),
      'PLATFORM_SEPT_VE_ENABLED',
      'SEPT_VE_DISABLE is off: the host can raise exceptions',
    )
  );
}

/** Everything that leads to the attestation key. */
function keyRefusal(input: AtPlatform, chain: Chain): Reason | null {
  const { quote, kind, platform } = input;
  if (kind === 'key')
    return remembered(platform.cache.keyTags.includes(keyTag(quote, chain)), 'attestation key');
  const certificate =
    kind === 'pck'
      ? remembered(platform.cache.certificateTags.includes(certificateTag(chain)), 'certificate')
      : leafRefusal(input, chain);
  return certificate ?? reportRefusal(quote, chain);
}

function leafRefusal({ root, kind, nowUnix, platform }: AtPlatform, { leaf, ca }: Chain): Reason | null {
  const pinned = PINNED[root];
  const ppidHash = toHex(sha256(leaf.ppid));
  return (
    (kind === 'ca'
      ? (unless(ca.notBefore <= nowUnix, 'PLATFORM_CA_NOT_YET_VALID', "the CA's certificate begins later") ??
        signature('CA', pinned.rootKey, ca.text, ca.signature, "the root did not sign the CA's certificate"))
      : null) ??
    unless(
      leaf.notBefore <= nowUnix,
      'PLATFORM_LEAF_NOT_YET_VALID',
      "the processor's certificate begins later",
    ) ??
    unless(
      (platform.ppidHash ?? ppidHash) === ppidHash,
      'PLATFORM_OTHER_PLATFORM',
      'the contract is of another machine',
    ) ??
    signature(
      'LEAF',
      kind === 'ca' ? ca.publicKey : pinned.platformCaKey,
      leaf.text,
      leaf.signature,
      "the CA did not sign the processor's certificate",
    )
  );
}

function reportRefusal({ qe, qeReport, qeReportSignature }: Quote, { leaf }: Chain): Reason | null {
  const flags = qe.attributes[0]! & QE_FLAGS.mask;
  return (
    unless(
      flags === QE_FLAGS.value,
      'PLATFORM_QE_ATTRIBUTES',
      'the quoting enclave has other attributes than Intel gives it',
    ) ??
    signature(
      'QE',
      leaf.publicKey,
      qeReport,
      qeReportSignature,
      "the processor's key did not sign the quoting enclave's report",
    )
  );
}

function datesRefusal({ kind, root, nowUnix }: AtPlatform, { leaf, ca }: Chain): Reason | null {
  const caUntil = kind === 'leaf' ? PINNED[root].platformCaUntil : ca.notAfter;
  return (
    unless(nowUnix <= caUntil, 'PLATFORM_CA_EXPIRED', "the CA's certificate has ended") ??
    unless(nowUnix <= leaf.notAfter, 'PLATFORM_LEAF_EXPIRED', "the processor's certificate has ended")
  );
}

function remembered(known: boolean, what: string): Reason | null {
  return unless(known, 'PLATFORM_KEY_NOT_CACHED', `the contract does not remember this ${what}`);
}

function signature(
  whose: 'CA' | 'LEAF' | 'QE' | 'QUOTE',
  key: Uint8Array,
  text: Uint8Array,
  bytes: Uint8Array,
  why: string,
): Reason | null {
  return unless(nodeCrypto.verifyP256(key, text, bytes) === true, `PLATFORM_${whose}_SIGNATURE`, why);
}

const sha256 = (bytes: Uint8Array): Uint8Array => nodeCrypto.sha256(bytes) as Uint8Array;

import { AUTHORITIES } from './authorities';
import type { Collateral } from '../collateral';
import { mintCollateral, type CollateralTwist } from './collateral';
import type { SigningKey } from './keys';
import { writeLeaf, type LeafFields, type LeafTwist, type PckFields } from './leaf';
import {
  QE_AUTH_DATA,
  QUOTE_PADDING,
  createMachine,
  healthyBody,
  healthyHeader,
  healthyQe,
  type Machine,
} from './machine';
import {
  pem,
  qeReportData,
  writeQeReport,
  writeQuote,
  type BodyFields,
  type Container,
  type HeaderFields,
  type QeFields,
  type QuoteForm,
  type SignedQe,
} from './quoteWriter';

/** Evidence with every field overridable: what is above a changed field is signed again, so that one thing breaks alone. */

/** Noon of a day on which everything minted is valid; seconds since 1970. */
export const MINTED_AT = Date.parse('2026-06-01T12:00:00Z') / 1000;

export interface MintOverrides {
  form?: QuoteForm;
  ca?: 'platform' | 'processor';
  /** Another machine. */
  seed?: string;
  /** The clock of the verifier. */
  atUnix?: number;
  pck?: Partial<PckFields>;
  leaf?: Partial<Omit<LeafFields, 'pck'>>;
  leafTwist?: LeafTwist;
  /** DER certificates of the quote. */
  chain?: (chain: [leaf: Buffer, authority: Buffer, root: Buffer], machine: Machine) => readonly Buffer[];
  chainBytes?: (bytes: Buffer) => Buffer;
  /** Who signs and issues the leaf, where it is not the CA of the machine. */
  authority?: Machine['authority'];
  header?: Partial<HeaderFields>;
  body?: Partial<BodyFields>;
  bodyType?: number;
  qe?: Partial<QeFields>;
  qeAuthData?: Buffer;
  /** Who signs the QE report, where it is not the PCK. */
  qeKey?: SigningKey;
  /** After signing. */
  signedQe?: (qe: SignedQe) => SignedQe;
  /** Who signs the quote, where it is not the attestation key. */
  quoteKey?: SigningKey;
  signature?: (signature: Buffer) => Buffer;
  /** The attestation key that the quote shows. */
  shownKey?: Buffer;
  container?: Partial<Container>;
  /** The finished bytes. */
  bytes?: (quote: Buffer) => Buffer;
  collateral?: CollateralTwist;
}

export interface Minted {
  quote: Buffer;
  collateral: unknown;
  atUnix: number;
  machine: Machine;
  /** How its bytes are laid out, whatever they say of themselves. */
  form: QuoteForm;
}

/** Report data of minted quotes: 64 bytes. */
export const REPORT_DATA = Buffer.from(Array.from({ length: 64 }, (_, i) => 255 - i));

/** A healthy quote of version 4 and its collateral, but for what is overridden. */
export function mintQuote(overrides: MintOverrides = {}): Minted {
  const machine = mintMachine(overrides);
  const quote = mintBytes(overrides, machine);
  const collateral: Collateral = mintCollateral(machine, MINTED_AT, overrides.collateral);
  return {
    quote: overrides.bytes?.(quote) ?? quote,
    collateral: overrides.collateral?.whole ? overrides.collateral.whole(collateral) : collateral,
    atUnix: overrides.atUnix ?? MINTED_AT,
    machine,
    form: overrides.form ?? 'v4',
  };
}

function mintMachine({ seed = 'machine', ca = 'platform', pck, leaf, authority }: MintOverrides): Machine {
  const machine = createMachine({ seed, ca, nowUnix: MINTED_AT });
  return {
    ...machine,
    authority: authority ?? machine.authority,
    leaf: { ...machine.leaf, ...leaf, pck: { ...machine.leaf.pck, ...cpuSvnOf(pck), ...pck } },
  };
}

/** Intel writes the components into the CPU's SVN too, as far as they are bytes. */
function cpuSvnOf({ sgxSvns }: Partial<PckFields> = {}): Partial<PckFields> {
  return sgxSvns === undefined ? {} : { cpuSvn: Buffer.from([...sgxSvns, 0].slice(0, 16)) };
}

function mintBytes(overrides: MintOverrides, machine: Machine): Buffer {
  const { form = 'v4' } = overrides;
  const shown = {
    ...(overrides.signature && { signature: overrides.signature }),
    ...(overrides.shownKey && { attestationKey: overrides.shownKey }),
  };
  return writeQuote({
    form,
    header: { ...healthyHeader(form === 'v4' ? 4 : 5), ...overrides.header },
    ...(overrides.bodyType !== undefined && { bodyType: overrides.bodyType }),
    body: { ...healthyBody(REPORT_DATA), ...overrides.body },
    attestationKey: machine.attestationKey,
    signingKey: overrides.quoteKey ?? machine.attestationKey,
    qe: mintQe(overrides, machine),
    container: {
      outerType: 6,
      innerType: 5,
      chain: mintChain(overrides, machine),
      padding: form === 'v4' ? QUOTE_PADDING : Buffer.alloc(0),
      lengthErrors: {},
      ...overrides.container,
    },
    shown,
  });
}

function mintQe(overrides: MintOverrides, machine: Machine): SignedQe {
  const authData = overrides.qeAuthData ?? QE_AUTH_DATA;
  const reportData = qeReportData(machine.attestationKey.publicKey, authData);
  const qe = writeQeReport(
    { ...healthyQe(), reportData, ...overrides.qe },
    authData,
    overrides.qeKey ?? machine.pckKey,
  );
  return overrides.signedQe?.(qe) ?? qe;
}

function mintChain(overrides: MintOverrides, machine: Machine): Buffer {
  const leaf = writeLeaf(machine.leaf, machine.authority, overrides.leafTwist);
  const healthy = [leaf, machine.authority.certificate, AUTHORITIES.root.certificate] as [
    Buffer,
    Buffer,
    Buffer,
  ];
  const bytes = Buffer.from(`${pem(...(overrides.chain?.(healthy, machine) ?? healthy))}\0`, 'ascii');
  return overrides.chainBytes?.(bytes) ?? bytes;
}

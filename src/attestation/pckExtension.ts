import {
  booleanOf,
  contentOf,
  end,
  inside,
  isOid,
  more,
  next,
  nextAny,
  oidOctets,
  oidText,
  onlyElement,
  smallInteger,
  TAG,
  type Cursor,
  type Element,
} from './der';
import { AttestationError, under } from './errors';

/**
 * What Intel certifies of a platform, in the leaf's own extension (Intel SGX PCK certificate and CRL profile). A leaf
 * of the platform authority has all seven parts, one of the processor authority the first five.
 */
export interface PckExtension {
  /** 16 bytes: the platform's name, for ever. */
  ppid: Uint8Array;
  /** 16 components, 0 to 255 each. */
  sgxSvns: number[];
  /** 0 to 65,535. */
  pceSvn: number;
  /** 16 bytes. */
  cpuSvn: Uint8Array;
  /** 2 bytes. */
  pceId: Uint8Array;
  /** 6 bytes: family, model, stepping and custom SKU. */
  fmspc: Uint8Array;
  /** 0: standard, 1: scalable, 2: scalable with integrity. */
  type: number;
  /** 16 bytes. */
  platformInstanceId: Uint8Array | null;
  flags: PckFlags | null;
}

export interface PckFlags {
  dynamicPlatform: boolean;
  cachedKeys: boolean;
  smtEnabled: boolean;
}

export const PCK_EXTENSION_OID = '1.2.840.113741.1.13.1';
const COMPONENTS = 16;
const MAX_TYPE = 2;

/** Object identifiers of the parts, below the extension's own. */
const PART = {
  ppid: part('1'),
  tcb: part('2'),
  pceId: part('3'),
  fmspc: part('4'),
  type: part('5'),
  platformInstanceId: part('6'),
  configuration: part('7'),
  sgxSvns: Array.from({ length: COMPONENTS }, (_, i) => part(`2.${i + 1}`)),
  pceSvn: part('2.17'),
  cpuSvn: part('2.18'),
  dynamicPlatform: part('7.1'),
  cachedKeys: part('7.2'),
  smtEnabled: part('7.3'),
};

function part(below: string): Uint8Array {
  return oidOctets(`${PCK_EXTENSION_OID}.${below}`);
}

/** Reads the extension's content; parts must stand in Intel's order. Throws `pck_extension_malformed`. */
export function parsePckExtension(value: Uint8Array): PckExtension {
  return under('pck_extension_malformed', 'SGX extension', () => readParts(value));
}

function readParts(value: Uint8Array): PckExtension {
  const parts = inside(onlyElement(value, TAG.sequence, 'SGX extension'));
  const extension: PckExtension = {
    ppid: readOctets(parts, PART.ppid, 16, 'PPID'),
    ...readTcb(readPart(parts, PART.tcb, TAG.sequence, 'TCB')),
    pceId: readOctets(parts, PART.pceId, 2, 'PCEID'),
    fmspc: readOctets(parts, PART.fmspc, 6, 'FMSPC'),
    type: smallInteger(readPart(parts, PART.type, TAG.enumerated, 'SGX type'), MAX_TYPE, 'SGX type'),
    platformInstanceId: null,
    flags: null,
  };
  if (!more(parts)) return extension;
  extension.platformInstanceId = readOctets(parts, PART.platformInstanceId, 16, 'platform instance id');
  extension.flags = readFlags(readPart(parts, PART.configuration, TAG.sequence, 'configuration'));
  end(parts, 'SGX extension');
  return extension;
}

function readTcb(sequence: Element): Pick<PckExtension, 'sgxSvns' | 'pceSvn' | 'cpuSvn'> {
  const parts = inside(sequence);
  const sgxSvns = PART.sgxSvns.map((oid, i) => readInteger(parts, oid, 255, `SGX component ${i + 1}`));
  const pceSvn = readInteger(parts, PART.pceSvn, 65_535, 'PCESVN');
  const cpuSvn = readOctets(parts, PART.cpuSvn, 16, 'CPUSVN');
  end(parts, 'TCB');
  return { sgxSvns, pceSvn, cpuSvn };
}

function readFlags(sequence: Element): PckFlags {
  const parts = inside(sequence);
  const flag = (oid: Uint8Array, what: string): boolean =>
    booleanOf(readPart(parts, oid, TAG.boolean, what), what);
  const flags = {
    dynamicPlatform: flag(PART.dynamicPlatform, 'dynamic platform'),
    cachedKeys: flag(PART.cachedKeys, 'cached keys'),
    smtEnabled: flag(PART.smtEnabled, 'SMT enabled'),
  };
  end(parts, 'configuration');
  return flags;
}

function readInteger(parts: Cursor, oid: Uint8Array, max: number, what: string): number {
  return smallInteger(readPart(parts, oid, TAG.integer, what), max, what);
}

function readOctets(parts: Cursor, oid: Uint8Array, length: number, what: string): Uint8Array {
  const octets = contentOf(readPart(parts, oid, TAG.octetString, what));
  if (octets.length !== length) fail(`${what} has ${octets.length} bytes, not ${length}`);
  return octets;
}

/** The value of the next `SEQUENCE { id, value }`, which must have this id and tag. */
function readPart(parts: Cursor, oid: Uint8Array, tag: number, what: string): Element {
  const pair = inside(next(parts, TAG.sequence, what));
  const id = next(pair, TAG.oid, what);
  if (!isOid(id, oid)) fail(`${what} stands under ${oidText(id, what)}`);
  const value = nextAny(pair, what);
  if (value.tag !== tag) fail(`${what} has tag ${value.tag} instead of ${tag}`);
  end(pair, what);
  return value;
}

function fail(reason: string): never {
  throw new AttestationError('pck_extension_malformed', `SGX extension: ${reason}`);
}

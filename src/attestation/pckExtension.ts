import { booleanOf, elements, oidText, onlyElement, smallInteger, TAG, type Element } from './der';
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

/** Reads the extension's content; parts must stand in Intel's order. Throws `pck_extension_malformed`. */
export function parsePckExtension(value: Uint8Array): PckExtension {
  return under('pck_extension_malformed', 'SGX extension', () => readParts(value));
}

function readParts(value: Uint8Array): PckExtension {
  const parts = elements(onlyElement(value, TAG.sequence, 'SGX extension').value);
  const ppid = octets(part(parts.next(TAG.sequence, 'PPID'), '.1', 'PPID'), 16, 'PPID');
  const tcb = readTcb(part(parts.next(TAG.sequence, 'TCB'), '.2', 'TCB'));
  const pceId = octets(part(parts.next(TAG.sequence, 'PCEID'), '.3', 'PCEID'), 2, 'PCEID');
  const fmspc = octets(part(parts.next(TAG.sequence, 'FMSPC'), '.4', 'FMSPC'), 6, 'FMSPC');
  const type = part(parts.next(TAG.sequence, 'SGX type'), '.5', 'SGX type');
  const extension: PckExtension = {
    ppid,
    ...tcb,
    pceId,
    fmspc,
    type: smallInteger(tagged(type, TAG.enumerated, 'SGX type'), MAX_TYPE, 'SGX type'),
    platformInstanceId: null,
    flags: null,
  };
  if (!parts.more()) return extension;
  const instance = part(parts.next(TAG.sequence, 'instance id'), '.6', 'platform instance id');
  const flags = part(parts.next(TAG.sequence, 'configuration'), '.7', 'configuration');
  parts.end('SGX extension');
  return {
    ...extension,
    platformInstanceId: octets(instance, 16, 'platform instance id'),
    flags: readFlags(flags),
  };
}

function readTcb(element: Element): Pick<PckExtension, 'sgxSvns' | 'pceSvn' | 'cpuSvn'> {
  const parts = elements(tagged(element, TAG.sequence, 'TCB'));
  const sgxSvns: number[] = [];
  for (let i = 1; i <= COMPONENTS; i++) {
    const what = `SGX component ${i}`;
    const svn = part(parts.next(TAG.sequence, what), `.2.${i}`, what);
    sgxSvns.push(smallInteger(tagged(svn, TAG.integer, what), 255, what));
  }
  const pceSvn = part(parts.next(TAG.sequence, 'PCESVN'), '.2.17', 'PCESVN');
  const cpuSvn = part(parts.next(TAG.sequence, 'CPUSVN'), '.2.18', 'CPUSVN');
  parts.end('TCB');
  return {
    sgxSvns,
    pceSvn: smallInteger(tagged(pceSvn, TAG.integer, 'PCESVN'), 65_535, 'PCESVN'),
    cpuSvn: octets(cpuSvn, 16, 'CPUSVN'),
  };
}

function readFlags(element: Element): PckFlags {
  const parts = elements(tagged(element, TAG.sequence, 'configuration'));
  const flag = (index: number, what: string): boolean => {
    const value = part(parts.next(TAG.sequence, what), `.7.${index}`, what);
    return booleanOf(tagged(value, TAG.boolean, what), what);
  };
  const flags = {
    dynamicPlatform: flag(1, 'dynamic platform'),
    cachedKeys: flag(2, 'cached keys'),
    smtEnabled: flag(3, 'SMT enabled'),
  };
  parts.end('configuration');
  return flags;
}

/** The value of one `SEQUENCE { id, value }` whose id ends with `suffix`. */
function part(sequence: Element, suffix: string, what: string): Element {
  const pair = elements(sequence.value);
  const oid = oidText(pair.next(TAG.oid, what).value, what);
  if (oid !== PCK_EXTENSION_OID + suffix) fail(`${what} stands under ${oid}`);
  const value = pair.any(what);
  pair.end(what);
  return value;
}

function octets(element: Element, length: number, what: string): Uint8Array {
  const value = tagged(element, TAG.octetString, what);
  if (value.length !== length) fail(`${what} has ${value.length} bytes, not ${length}`);
  return value;
}

function tagged(element: Element, tag: number, what: string): Uint8Array {
  if (element.tag !== tag) fail(`${what} has tag ${element.tag} instead of ${tag}`);
  return element.value;
}

function fail(reason: string): never {
  throw new AttestationError('pck_extension_malformed', `SGX extension: ${reason}`);
}

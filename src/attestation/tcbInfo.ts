import {
  MAX_ADVISORIES,
  MAX_ADVISORY_CHARACTERS,
  MAX_MODULE_IDENTITIES,
  MAX_TCB_INFO_CHARACTERS,
  MAX_TCB_LEVELS,
} from './limits';
import { AttestationError } from './errors';
import { jsonFields, parseCanonical, type JsonFields } from './json';
import { PART_STATUSES, PLATFORM_STATUSES, type PartStatus, type PlatformStatus } from './status';

/** What Intel says of one family of platforms (TCB info, version 3, of TDX). */
export interface TcbInfo {
  /** Unix seconds. */
  issueDate: number;
  nextUpdate: number;
  /** 6 bytes. */
  fmspc: Uint8Array;
  /** 2 bytes. */
  pceId: Uint8Array;
  /** Grows with each of Intel's recoveries. */
  evaluationDataNumber: number;
  /** For modules that do not name their version. */
  module: ModuleIdentity;
  /** By major version of the module. */
  modules: ReadonlyMap<number, VersionedModule>;
  /** Best first: see `compareLevels`. */
  levels: readonly PlatformLevel[];
}

export interface ModuleIdentity {
  /** 48 bytes. */
  mrSigner: Uint8Array;
  /** 8 bytes, and which bits of them count. */
  attributes: Uint8Array;
  attributesMask: Uint8Array;
}

export interface VersionedModule extends ModuleIdentity {
  id: string;
  /** Best first. */
  levels: readonly PartLevel[];
}

/** A level of a module or of the quoting enclave. */
export interface PartLevel {
  isvSvn: number;
  status: PartStatus;
  advisories: readonly string[];
}

export interface PlatformLevel {
  /** 16 components. */
  sgxSvns: readonly number[];
  pceSvn: number;
  /** 16 components. */
  tdxSvns: readonly number[];
  status: PlatformStatus;
  advisories: readonly string[];
}

const CODE = 'tcb_info_malformed';
const COMPONENTS = 16;
const MAX_U16 = 65_535;
const MAX_U32 = 4_294_967_295;

/** Reads the exact text that Intel signed. Throws AttestationError `tcb_info_malformed`. */
export function parseTcbInfo(text: string): TcbInfo {
  const fields = parseCanonical(text, MAX_TCB_INFO_CHARACTERS, CODE, 'TCB info');
  fields.oneOf('id', ['TDX']);
  if (fields.integer('version', MAX_U16) !== 3) fail('version is not 3');
  if (fields.integer('tcbType', MAX_U16) !== 0) fail('tcbType is not 0');
  const levels = fields.list('tcbLevels', MAX_TCB_LEVELS).map(readPlatformLevel);
  if (levels.length === 0) fail('tcbLevels is empty');
  return {
    issueDate: fields.date('issueDate'),
    nextUpdate: fields.date('nextUpdate'),
    fmspc: fields.hex('fmspc', 6),
    pceId: fields.hex('pceId', 2),
    evaluationDataNumber: fields.integer('tcbEvaluationDataNumber', MAX_U32),
    module: readModule(fields.object('tdxModule')),
    modules: readModules(fields),
    levels: levels.sort(compareLevels),
  };
}

/** Best first, as Intel's ordered set has them: SGX components from the first on, then PCESVN, then TDX components. */
function compareLevels(a: PlatformLevel, b: PlatformLevel): number {
  return compareSvns(b.sgxSvns, a.sgxSvns) || b.pceSvn - a.pceSvn || compareSvns(b.tdxSvns, a.tdxSvns);
}

function compareSvns(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((svn, i) => svn !== b[i]);
  return at < 0 ? 0 : a[at]! - b[at]!;
}

function readPlatformLevel(value: unknown): PlatformLevel {
  const level = jsonFields(value, CODE, 'tcbLevels');
  const tcb = level.object('tcb');
  level.date('tcbDate');
  return {
    sgxSvns: readComponents(tcb, 'sgxtcbcomponents'),
    pceSvn: tcb.integer('pcesvn', MAX_U16),
    tdxSvns: readComponents(tcb, 'tdxtcbcomponents'),
    status: level.oneOf('tcbStatus', PLATFORM_STATUSES),
    advisories: readAdvisories(level, CODE),
  };
}

function readComponents(tcb: JsonFields, key: string): number[] {
  const components = tcb.list(key, COMPONENTS);
  if (components.length !== COMPONENTS) fail(`${key} has not ${COMPONENTS} entries`);
  return components.map((component) => {
    const svn =
      typeof component === 'object' && component !== null && 'svn' in component ? component.svn : null;
    const valid = typeof svn === 'number' && Number.isInteger(svn) && svn >= 0 && svn <= 255;
    return valid ? svn : fail(`${key} holds something that is no SVN`);
  });
}

/** Advisories of a level; none where the field is missing. */
export function readAdvisories(level: JsonFields, code: typeof CODE | 'qe_identity_malformed'): string[] {
  if (!level.has('advisoryIDs')) return [];
  return level.list('advisoryIDs', MAX_ADVISORIES).map((advisory) => {
    if (typeof advisory !== 'string' || advisory.length === 0 || advisory.length > MAX_ADVISORY_CHARACTERS) {
      throw new AttestationError(code, 'advisoryIDs holds something that is no name');
    }
    return advisory;
  });
}

function readModule(fields: JsonFields): ModuleIdentity {
  return {
    mrSigner: fields.hex('mrsigner', 48),
    attributes: fields.hex('attributes', 8),
    attributesMask: fields.hex('attributesMask', 8),
  };
}

function readModules(fields: JsonFields): Map<number, VersionedModule> {
  const modules = new Map<number, VersionedModule>();
  if (!fields.has('tdxModuleIdentities')) return modules;
  for (const value of fields.list('tdxModuleIdentities', MAX_MODULE_IDENTITIES)) {
    const identity = jsonFields(value, CODE, 'tdxModuleIdentities');
    const id = identity.text('id', 16);
    const version = /^TDX_([0-9a-f]{2})$/i.exec(id)?.[1];
    if (version === undefined)
      return fail(`tdxModuleIdentities names "${id}", which is no version like TDX_01`);
    if (modules.has(parseInt(version, 16))) fail(`tdxModuleIdentities names ${id} twice`);
    modules.set(parseInt(version, 16), {
      id,
      ...readModule(identity),
      levels: readPartLevels(identity, CODE),
    });
  }
  return modules;
}

/** Levels of a part, best first. */
export function readPartLevels(fields: JsonFields, code: typeof CODE | 'qe_identity_malformed'): PartLevel[] {
  const levels = fields.list('tcbLevels', MAX_TCB_LEVELS).map((value) => {
    const level = jsonFields(value, code, 'tcbLevels');
    level.date('tcbDate');
    return {
      isvSvn: level.object('tcb').integer('isvsvn', MAX_U16),
      status: level.oneOf('tcbStatus', PART_STATUSES),
      advisories: readAdvisories(level, code),
    };
  });
  if (levels.length === 0) throw new AttestationError(code, 'tcbLevels is empty');
  return levels.sort((a, b) => b.isvSvn - a.isvSvn);
}

function fail(reason: string): never {
  throw new AttestationError(CODE, `TCB info: ${reason}`);
}

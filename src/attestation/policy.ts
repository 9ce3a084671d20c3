import { fromHex } from './bytes';
import { AttestationError } from './errors';
import { jsonFields, type JsonFields } from './json';
import { MAX_ADVISORY_CHARACTERS, MAX_POLICY_ENTRIES } from './limits';
import { TCB_STATUSES, type TcbStatus } from './status';

/**
 * What a relying party asks beyond Intel's signatures: plain JSON, all of it optional, strict where nothing is said.
 * Debugging, migration and service TDs cannot be allowed: such a TD keeps no secret from its host.
 */
export interface Policy {
  /** Statuses that are good enough besides UpToDate; Revoked never is. Default none. */
  tolerateStatuses: readonly TcbStatus[];
  /** Advisories (`INTEL-SA-00960`) that may apply, or `*` for all. Default none. */
  tolerateAdvisories: readonly string[] | '*';
  /** TCB info and QE identity must be of this recovery or a later one. Default 0. */
  minTcbEvaluationDataNumber: number;
  /** Hashes of TDX modules, 48 bytes in hex; null for any that Intel signed. Default null. */
  mrSeams: readonly string[] | null;
  /** Names of software, 32 bytes in hex: see image.ts. Default null, any. */
  imageIds: readonly string[] | null;
  /** Names of virtual machines, 32 bytes in hex. Default null, any. */
  shapes: readonly string[] | null;
  /** Bits of XFAM that may be set, 8 bytes in hex as a quote has them. Default `DEFAULT_XFAM_MASK`. */
  xfamMask: string;
  /** Supervisor protection keys, key locker, performance counters. Default false. */
  allowPks: boolean;
  allowKl: boolean;
  allowPerfmon: boolean;
  /** What the TD must have put into its report, 64 bytes in hex; null for anything. Default null. */
  reportData: string | null;
}

/** x87, SSE, AVX, AVX-512, protection keys, CET and AMX; not processor trace, LBR, PASID or user interrupts. */
export const DEFAULT_XFAM_MASK = 'e71a060000000000';

const CODE = 'policy_malformed';
const KEYS: Record<keyof Policy, true> = {
  tolerateStatuses: true,
  tolerateAdvisories: true,
  minTcbEvaluationDataNumber: true,
  mrSeams: true,
  imageIds: true,
  shapes: true,
  xfamMask: true,
  allowPks: true,
  allowKl: true,
  allowPerfmon: true,
  reportData: true,
};
const MAX_U32 = 4_294_967_295;

/** Policies that `parsePolicy` made: they are frozen, so they need not be read again. */
const known = new WeakSet<object>();

/** Completes a policy with the defaults; hex becomes lower case. Throws AttestationError `policy_malformed`. */
export function parsePolicy(value: unknown): Policy {
  if (typeof value === 'object' && value !== null && known.has(value)) return value as Policy;
  const fields = jsonFields(value ?? {}, CODE, 'policy');
  const unknown = Object.keys(value ?? {}).find((key) => !Object.hasOwn(KEYS, key));
  if (unknown !== undefined) fail(`${unknown} is no setting: there are ${Object.keys(KEYS).join(', ')}`);
  const policy: Policy = {
    tolerateStatuses: readStatuses(fields),
    tolerateAdvisories: readAdvisories(fields),
    minTcbEvaluationDataNumber: fields.has('minTcbEvaluationDataNumber')
      ? fields.integer('minTcbEvaluationDataNumber', MAX_U32)
      : 0,
    mrSeams: readHashes(fields, 'mrSeams', 48),
    imageIds: readHashes(fields, 'imageIds', 32),
    shapes: readHashes(fields, 'shapes', 32),
    xfamMask: readHex(fields, 'xfamMask', 8) ?? DEFAULT_XFAM_MASK,
    allowPks: readFlag(fields, 'allowPks'),
    allowKl: readFlag(fields, 'allowKl'),
    allowPerfmon: readFlag(fields, 'allowPerfmon'),
    reportData: readHex(fields, 'reportData', 64),
  };
  Object.values(policy).forEach((part: unknown) => Object.freeze(part));
  known.add(Object.freeze(policy));
  return policy;
}

/** The policy of those who say nothing. */
export const STRICT_POLICY: Policy = parsePolicy({});

function readStatuses(fields: JsonFields): TcbStatus[] {
  return readList(fields, 'tolerateStatuses').map((word) => {
    const status = TCB_STATUSES.find((known) => known === word);
    if (status === undefined) return fail(`tolerateStatuses: "${word}" is no TCB status`);
    if (status === 'Revoked') return fail('tolerateStatuses: a revoked platform cannot be tolerated');
    return status;
  });
}

function readAdvisories(fields: JsonFields): string[] | '*' {
  return fields.is('tolerateAdvisories', '*') ? '*' : readList(fields, 'tolerateAdvisories');
}

function readList(fields: JsonFields, key: string): string[] {
  if (!fields.has(key)) return [];
  return fields.list(key, MAX_POLICY_ENTRIES).map((entry) => {
    const valid =
      typeof entry === 'string' && entry.length > 0 && entry.length <= MAX_ADVISORY_CHARACTERS * 2;
    return valid ? entry : fail(`${key} holds something that is no name`);
  });
}

function readHashes(fields: JsonFields, key: string, length: number): string[] | null {
  if (!fields.has(key) || fields.is(key, null)) return null;
  return readList(fields, key).map((entry) => {
    if (entry.length !== 2 * length || !/^[0-9a-fA-F]+$/.test(entry))
      fail(`${key} holds no ${length} bytes in hex`);
    return entry.toLowerCase();
  });
}

function readHex(fields: JsonFields, key: string, length: number): string | null {
  if (!fields.has(key) || fields.is(key, null)) return null;
  fields.hex(key, length);
  return fields.text(key, 2 * length).toLowerCase();
}

function readFlag(fields: JsonFields, key: string): boolean {
  return fields.has(key) && fields.flag(key);
}

/** The bits of a policy's XFAM mask. */
export function xfamMaskOf(policy: Policy): Uint8Array {
  return fromHex(policy.xfamMask);
}

function fail(reason: string): never {
  throw new AttestationError(CODE, `policy: ${reason}`);
}

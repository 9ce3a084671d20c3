import type { PckExtension } from './pckExtension';
import {
  converge,
  isConfigurationNeeded,
  isOutOfDate,
  type PartStatus,
  type PlatformStatus,
  type TcbStatus,
} from './status';
import type { PartLevel, PlatformLevel, TcbInfo } from './tcbInfo';

/** Which level a platform has reached, by Intel's rules (QVL, TcbLevelCheck, TdxModuleCheck and TDRelaunchCheck). */

/** The first level whose SVNs the platform's certificate reaches, and the first that its TD reaches too. */
export interface MatchedLevels {
  sgx: PlatformLevel | null;
  tdx: PlatformLevel | null;
}

export function matchLevels(info: TcbInfo, pck: PckExtension, teeTcbSvn: Uint8Array): MatchedLevels {
  const reached = info.levels.filter(
    ({ sgxSvns, pceSvn }) => reaches(pck.sgxSvns, sgxSvns) && pck.pceSvn >= pceSvn,
  );
  // A module that names its version is judged by its own levels, so its two bytes do not count here.
  const from = teeTcbSvn[1]! > 0 ? 2 : 0;
  const tdx = reached.find(({ tdxSvns }) => reaches([...teeTcbSvn].slice(from), tdxSvns.slice(from)));
  return { sgx: reached[0] ?? null, tdx: tdx ?? null };
}

/** Every component, not their sum or order: one that is lower cannot be made up for. */
function reaches(svns: readonly number[], level: readonly number[]): boolean {
  return level.every((svn, i) => svns[i]! >= svn);
}

/** The best level that `isvSvn` reaches; null where it is below all. */
export function matchPart(levels: readonly PartLevel[], isvSvn: number): PartLevel | null {
  return levels.find((level) => isvSvn >= level.isvSvn) ?? null;
}

/** What a body 1.5 adds: the module was updated while the TD ran, so a relaunch alone would bring it up to date. */
export type Relaunch = 'not applicable' | 'not advised' | 'advised' | 'module unknown';

/** The status of each part, as far as it has one of its own. */
export interface PartStatuses {
  /** Of the level that the platform's certificate reaches. */
  sgx: PlatformStatus;
  /** Of the level that the TD reaches too. */
  tdx: PlatformStatus;
  module: PartStatus;
  qe: PartStatus;
}

/**
 * Whether everything would be well after a relaunch: only the module that started the TD is out of date, and the one
 * that runs now (`teeTcbSvn2`) has reached the newest level.
 */
export function relaunch(info: TcbInfo, teeTcbSvn2: Uint8Array | null, statuses: PartStatuses): Relaunch {
  if (teeTcbSvn2 === null) return 'not applicable';
  if (!onlyModuleOutOfDate(statuses)) return 'not advised';

  const newest = info.levels[0]!;
  const [svn, version, loader] = teeTcbSvn2;
  const identity = version === 0 ? null : info.modules.get(version!);
  if (identity === undefined) return 'module unknown';
  const newestModule = identity === null ? newest.tdxSvns[0]! : identity.levels[0]!.isvSvn;
  return svn! >= newestModule && loader! >= newest.tdxSvns[2]! ? 'advised' : 'not advised';
}

function onlyModuleOutOfDate({ sgx, tdx, module, qe }: PartStatuses): boolean {
  const platform = converge(tdx, module);
  return (
    qe === 'UpToDate' &&
    module === 'OutOfDate' &&
    !isOutOfDate(sgx) &&
    sgx !== 'Revoked' &&
    isOutOfDate(platform)
  );
}

/** Platform, then module, then relaunch, then quoting enclave; a revoked part anywhere revokes the whole. */
export function conclude({ sgx, tdx, module, qe }: PartStatuses, relaunched: Relaunch): TcbStatus {
  if (sgx === 'Revoked') return 'Revoked';
  const platform = converge(tdx, module);
  if (relaunched !== 'advised') return converge(platform, qe);
  const configuration = isConfigurationNeeded(sgx) || isConfigurationNeeded(platform);
  return configuration ? 'TDRelaunchAdvisedConfigurationNeeded' : 'TDRelaunchAdvised';
}

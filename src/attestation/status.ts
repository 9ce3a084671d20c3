/** Intel's words for how far a platform is from its newest trusted computing base. */
export const TCB_STATUSES = [
  'UpToDate',
  'SWHardeningNeeded',
  'ConfigurationNeeded',
  'ConfigurationAndSWHardeningNeeded',
  'OutOfDate',
  'OutOfDateConfigurationNeeded',
  'TDRelaunchAdvised',
  'TDRelaunchAdvisedConfigurationNeeded',
  'Revoked',
] as const;

export type TcbStatus = (typeof TCB_STATUSES)[number];

/** What TCB info may say of a platform level: the two about a relaunch are conclusions, no entries. */
export const PLATFORM_STATUSES = [
  'UpToDate',
  'SWHardeningNeeded',
  'ConfigurationNeeded',
  'ConfigurationAndSWHardeningNeeded',
  'OutOfDate',
  'OutOfDateConfigurationNeeded',
  'Revoked',
] as const satisfies readonly TcbStatus[];
export type PlatformStatus = (typeof PLATFORM_STATUSES)[number];

/** What may be said of a TDX module or of the quoting enclave. */
export const PART_STATUSES = ['UpToDate', 'OutOfDate', 'Revoked'] as const satisfies readonly TcbStatus[];
export type PartStatus = (typeof PART_STATUSES)[number];

/**
 * The status of a whole from the status so far and that of one more part (Intel QVL, TcbLevelCheck and TdxModuleCheck):
 * a part that is out of date makes the whole so, and keeps what was said about its configuration.
 */
export function converge(status: TcbStatus, part: PartStatus): TcbStatus {
  if (part === 'Revoked') return 'Revoked';
  if (part === 'UpToDate') return status;
  switch (status) {
    case 'UpToDate':
    case 'SWHardeningNeeded':
      return 'OutOfDate';
    case 'ConfigurationNeeded':
    case 'ConfigurationAndSWHardeningNeeded':
      return 'OutOfDateConfigurationNeeded';
    case 'OutOfDate':
    case 'OutOfDateConfigurationNeeded':
    case 'TDRelaunchAdvised':
    case 'TDRelaunchAdvisedConfigurationNeeded':
    case 'Revoked':
      return status;
  }
}

/** Whether a status says that the firmware's settings leave a weakness open. */
export function isConfigurationNeeded(status: TcbStatus): boolean {
  return status.includes('Configuration');
}

export function isOutOfDate(status: TcbStatus): boolean {
  return status.startsWith('OutOfDate');
}

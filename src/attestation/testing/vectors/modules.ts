import type { TcbStatus } from '../../status';
import type { MintOverrides } from '../mint';
import { svnLevel, tcbLevel, type SvnLevel, type TcbInfo } from '../tcbInfo';
import { TOLERANT, levels, status, tee, unseen } from './levels';
import { topic, type Draft } from './vector';

const MODULE = 'Intel QVL, TdxModuleCheck';
const CONVERGED = 'Intel QVL, TcbLevelCheck and TdxModuleCheck: statuses converge, the worse one wins';
const RELAUNCH = 'Intel QVL, TDRelaunchCheck';

const moduleOf =
  (id: string, ...moduleLevels: SvnLevel[]) =>
  (info: TcbInfo): TcbInfo => ({
    ...info,
    tdxModuleIdentities: [{ id, ...info.tdxModule, tcbLevels: moduleLevels }],
  });

/** The TDX module, by its version and SVN. */
export const MODULE_VECTORS = topic('TDX module', [
  unseen(
    'a module of a version that TCB info does not name',
    `${MODULE}: its identity must be there`,
    { body: { teeTcbSvn: tee(5, 2) } },
    { refusal: 'module-identity' },
  ),
  unseen(
    'a module of version 1 where TCB info names no modules',
    `${MODULE}: its identity must be there`,
    { collateral: { tcbInfo: { content: (info) => ({ ...info, tdxModuleIdentities: undefined }) } } },
    { refusal: 'module-identity' },
  ),
  unseen('a module of version 3', MODULE, { body: { teeTcbSvn: tee(3, 3) } }, { tcbStatus: 'UpToDate' }),
  unseen(
    'a module of version 16, which is named in hex',
    MODULE,
    {
      body: { teeTcbSvn: tee(5, 16) },
      collateral: { tcbInfo: { content: moduleOf('TDX_10', svnLevel(1, 'UpToDate')) } },
    },
    { tcbStatus: 'UpToDate' },
  ),
  unseen(
    'a module of version 10, where TCB info names version 16',
    MODULE,
    {
      body: { teeTcbSvn: tee(5, 10) },
      collateral: { tcbInfo: { content: moduleOf('TDX_10', svnLevel(1, 'UpToDate')) } },
    },
    { refusal: 'module-identity' },
  ),
  unseen(
    'a module named in lower case',
    `${MODULE}: names are compared in upper case`,
    {
      body: { teeTcbSvn: tee(5, 10) },
      collateral: { tcbInfo: { content: moduleOf('tdx_0a', svnLevel(1, 'UpToDate')) } },
    },
    { tcbStatus: 'UpToDate' },
  ),
  unseen(
    'a module that is out of date',
    `${MODULE}: the level of its ISVSVN`,
    { body: { teeTcbSvn: tee(3, 1) } },
    status('OutOfDate'),
  ),
  unseen(
    'a module below all its levels',
    `${MODULE}: the level of its ISVSVN`,
    { body: { teeTcbSvn: tee(1, 1) } },
    { refusal: 'module-tcb' },
  ),
  unseen(
    'a revoked module',
    CONVERGED,
    { collateral: { tcbInfo: { content: moduleOf('TDX_01', svnLevel(1, 'Revoked')) } } },
    status('Revoked'),
  ),
  unseen(
    "a module whose identity has another signer than the quote's",
    `Intel QVL, QuoteVerifier 4.1.2.4.11.1: MRSIGNERSEAM`,
    { collateral: { tcbInfo: { content: signer('01') } } },
    { refusal: 'module-identity' },
  ),
  unseen(
    'a module whose attributes TCB info expects to be set',
    `Intel QVL, QuoteVerifier 4.1.2.4.11.2: SEAMATTRIBUTES`,
    { collateral: { tcbInfo: { content: attributes } } },
    { refusal: 'module-identity' },
  ),
  unseen(
    'a module with attributes that TCB info expects too',
    'Intel QVL, QuoteVerifier 4.1.2.4.11.2: SEAMATTRIBUTES are zero, whatever TCB info says',
    {
      body: { seamAttributes: Buffer.from('0100000000000000', 'hex') },
      collateral: { tcbInfo: { content: attributes } },
    },
    {
      refusal: 'seam-attributes',
      onChain: 'unbuildable',
      forced: 'ERROR_PLATFORM_QUOTE_SIGNATURE',
    },
  ),
]);

/** One status out of several. */
export const CONVERGENCE_VECTORS = topic('convergence', [
  ...convergences('module', (one) => ({
    body: { teeTcbSvn: tee(3, 1) },
    collateral: levels({ status: one }),
  })),
  ...convergences('quoting enclave', (one) => ({ qe: { isvSvn: 3 }, collateral: levels({ status: one }) })),
  unseen(
    'a revoked module on a platform that is out of date',
    CONVERGED,
    {
      collateral: {
        tcbInfo: {
          content: (info) => ({
            ...moduleOf('TDX_01', svnLevel(1, 'Revoked'))(info),
            tcbLevels: [tcbLevel({ status: 'OutOfDate' })],
          }),
        },
      },
    },
    status('Revoked'),
  ),
  ...relaunches(),
]);

/** What becomes of each status when one part is out of date. */
function convergences(part: string, make: (status: TcbStatus) => MintOverrides): Draft[] {
  const results: readonly [TcbStatus, TcbStatus][] = [
    ['UpToDate', 'OutOfDate'],
    ['SWHardeningNeeded', 'OutOfDate'],
    ['ConfigurationNeeded', 'OutOfDateConfigurationNeeded'],
    ['ConfigurationAndSWHardeningNeeded', 'OutOfDateConfigurationNeeded'],
    ['OutOfDate', 'OutOfDate'],
    ['OutOfDateConfigurationNeeded', 'OutOfDateConfigurationNeeded'],
    ['Revoked', 'Revoked'],
  ];
  return results.map(([from, to]) =>
    unseen(`a ${part} out of date on a platform of status ${from}`, CONVERGED, make(from), status(to)),
  );
}

/** A body 1.5 also names the module that runs now: after an update, a relaunch is all that is missing. */
function relaunches(): Draft[] {
  const body = (svn2: Buffer) => ({ teeTcbSvn: tee(3, 1), teeTcbSvn2: svn2 });
  const draft = (name: string, overrides: MintOverrides, rest: Partial<Draft>) =>
    unseen(name, RELAUNCH, { form: 'v5-td15', ...overrides }, rest);
  return [
    draft('an old module that was updated since', { body: body(tee(4, 1)) }, status('TDRelaunchAdvised')),
    draft(
      'an old module that was updated since, which the policy tolerates',
      { body: body(tee(4, 1)) },
      { tcbStatus: 'TDRelaunchAdvised', policy: { tolerateStatuses: ['TDRelaunchAdvised'] } },
    ),
    draft(
      'an old module that was updated to another version',
      { body: body(tee(3, 3)) },
      status('TDRelaunchAdvised'),
    ),
    draft(
      'an old module that was updated to version 0',
      { body: body(tee(5, 0)) },
      status('TDRelaunchAdvised'),
    ),
    draft(
      'an old module that was updated on a badly configured platform',
      { body: body(tee(4, 1)), collateral: levels({ status: 'ConfigurationNeeded' }) },
      status('TDRelaunchAdvisedConfigurationNeeded'),
    ),
    draft('an old module that was not updated far enough', { body: body(tee(3, 1)) }, status('OutOfDate')),
    draft(
      'an old module that was updated without its loader',
      { body: body(tee(4, 1, 1)) },
      status('OutOfDate'),
    ),
    draft(
      'an old module that was updated to a version that nobody knows',
      { body: body(tee(9, 9)) },
      { refusal: 'tcb-relaunch' },
    ),
    draft(
      'an old module that was updated, beside an old quoting enclave',
      { body: body(tee(4, 1)), qe: { isvSvn: 3 } },
      { ...status('OutOfDate'), policy: TOLERANT },
    ),
    draft(
      'a new module whose update is older',
      { body: { teeTcbSvn: tee(5, 1), teeTcbSvn2: tee(0, 1) } },
      { tcbStatus: 'UpToDate' },
    ),
    draft(
      'a platform out of date for another reason than its module',
      { body: { teeTcbSvn: tee(5, 1), teeTcbSvn2: tee(5, 1) }, pck: { pceSvn: 10 } },
      { ...status('OutOfDate'), policy: TOLERANT },
    ),
  ];
}

function signer(byte: string) {
  return (info: TcbInfo): TcbInfo => ({
    ...info,
    tdxModuleIdentities: info.tdxModuleIdentities!.map((identity) => ({
      ...identity,
      mrsigner: byte.repeat(48),
    })),
  });
}

function attributes(info: TcbInfo): TcbInfo {
  return {
    ...info,
    tdxModuleIdentities: info.tdxModuleIdentities!.map((identity) => ({
      ...identity,
      attributes: '01'.padEnd(16, '0'),
    })),
  };
}

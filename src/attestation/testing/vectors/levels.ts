import type { TcbStatus } from '../../status';
import { tcbLevel, TDX_LEVEL, type LevelFields, type TcbInfo } from '../tcbInfo';
import type { MintOverrides } from '../mint';
import { topic, type Draft } from './vector';

const PLATFORM = 'Intel QVL, TcbLevelCheck: the first level, best first, that every SVN reaches';
const SKIPPED =
  'Intel QVL, TcbLevelCheck isTdxTcbHigherOrEqual: components 0 and 1 count only for modules of version 0';
const POLICY =
  'This project: only UpToDate is accepted unless the policy tolerates more, and Revoked never is';
export const TOLERANT = { tolerateAdvisories: '*' };

/** TEE_TCB_SVN: SVN of the module, its version, then the rest. */
export const tee = (svn: number, version: number, loader = 2) =>
  Buffer.from([svn, version, loader, ...new Array<number>(13).fill(0)]);
export const levels = (...all: LevelFields[]) => ({
  tcbInfo: { content: (info: TcbInfo) => ({ ...info, tcbLevels: all.map(tcbLevel) }) },
});
const STATUSES: readonly TcbStatus[] = [
  'SWHardeningNeeded',
  'ConfigurationNeeded',
  'ConfigurationAndSWHardeningNeeded',
  'OutOfDate',
  'OutOfDateConfigurationNeeded',
];

export const unseen = (
  name: string,
  rule: string,
  overrides: MintOverrides,
  rest: Partial<Draft>,
): Draft => ({
  name,
  rule,
  with: overrides,
  onChain: 'unseen',
  ...rest,
});
export const status = (tcbStatus: TcbStatus): Partial<Draft> => ({ tcbStatus, refusal: 'tcb-status' });

/** Which level a platform has, and what that means. */
export const PLATFORM_LEVEL_VECTORS = topic('platform level', [
  ...STATUSES.map((one) =>
    unseen(`of status ${one}`, POLICY, { collateral: levels({ status: one }) }, status(one)),
  ),
  ...STATUSES.map((one) =>
    unseen(
      `of status ${one}, which the policy tolerates`,
      POLICY,
      { collateral: levels({ status: one }) },
      { tcbStatus: one, policy: { tolerateStatuses: [one] } },
    ),
  ),
  unseen('of status Revoked', POLICY, { collateral: levels({ status: 'Revoked' }) }, status('Revoked')),
  unseen(
    'of a status that nobody knows',
    'Intel QVL 4.1.2.4.17.5: an unrecognized status refuses',
    { collateral: levels({ status: 'Splendid' }) },
    { refusal: 'tcb-info-format' },
  ),
  unseen(
    'up to date, with an advisory',
    'This project: advisories are tolerated by name',
    { collateral: levels({ status: 'UpToDate', advisories: ['INTEL-SA-00001'] }) },
    { refusal: 'advisories' },
  ),
  unseen(
    'up to date, with an advisory that the policy names',
    'This project: advisories are tolerated by name',
    { collateral: levels({ status: 'UpToDate', advisories: ['INTEL-SA-00001'] }) },
    { policy: { tolerateAdvisories: ['INTEL-SA-00001'] } },
  ),
  unseen(
    'tolerated, with an advisory that the policy does not name',
    'This project: advisories are tolerated by name',
    { collateral: levels({ status: 'SWHardeningNeeded', advisories: ['INTEL-SA-00001', 'INTEL-SA-00002'] }) },
    {
      policy: { tolerateStatuses: ['SWHardeningNeeded'], tolerateAdvisories: ['INTEL-SA-00001'] },
      refusal: 'advisories',
      tcbStatus: 'SWHardeningNeeded',
    },
  ),
  ...Array.from({ length: 16 }, (_, i) =>
    unseen(
      `SGX component ${i} one below its level`,
      PLATFORM,
      {
        pck: { sgxSvns: below(i) },
        collateral: levels(
          { status: 'UpToDate', sgx: new Array<number>(16).fill(9) },
          { status: 'OutOfDate', sgx: new Array<number>(16).fill(0) },
        ),
      },
      status('OutOfDate'),
    ),
  ),
  unseen(
    'PCESVN one below its level',
    PLATFORM,
    { pck: { pceSvn: 10 } },
    { ...status('OutOfDate'), policy: TOLERANT },
  ),
  unseen(
    'TDX component 2 one below its level',
    PLATFORM,
    {
      body: { teeTcbSvn: tee(5, 1, 1) },
      collateral: levels(
        { status: 'UpToDate' },
        { status: 'OutOfDate', tdx: [5, 0, 1, ...TDX_LEVEL.slice(3)] },
      ),
    },
    status('OutOfDate'),
  ),
  unseen('SVNs below all levels', PLATFORM, { pck: { pceSvn: 4 } }, { refusal: 'platform-tcb' }),
  unseen(
    'TDX components below all levels',
    PLATFORM,
    { body: { teeTcbSvn: tee(5, 1, 1) } },
    { refusal: 'platform-tcb' },
  ),
  unseen(
    'a higher component that does not make up for a lower one',
    PLATFORM,
    { pck: { sgxSvns: [255, 1, 2, 2, 4, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0] } },
    { refusal: 'platform-tcb' },
  ),
  unseen(
    'TDX components 0 and 1 below their level, module of version 1',
    SKIPPED,
    {
      body: { teeTcbSvn: tee(4, 1) },
      collateral: levels({ status: 'UpToDate', tdx: [200, 200, ...TDX_LEVEL.slice(2)] }),
    },
    { tcbStatus: 'UpToDate' },
  ),
  unseen(
    'TDX component 0 at its level, module of version 0',
    SKIPPED,
    { body: { teeTcbSvn: tee(5, 0) } },
    { tcbStatus: 'UpToDate' },
  ),
  unseen(
    'TDX component 0 below its level, module of version 0',
    SKIPPED,
    { body: { teeTcbSvn: tee(4, 0) } },
    { refusal: 'platform-tcb' },
  ),
  unseen(
    'a better level that only the SGX components reach',
    PLATFORM,
    {
      body: { teeTcbSvn: tee(5, 1, 2) },
      collateral: levels(
        { status: 'UpToDate', tdx: [5, 0, 3, ...TDX_LEVEL.slice(3)] },
        { status: 'SWHardeningNeeded' },
      ),
    },
    status('SWHardeningNeeded'),
  ),
  unseen(
    'a revoked level of the SGX components below a good one of the TD',
    'DESIGN 5: Revoked anywhere refuses',
    {
      collateral: levels(
        { status: 'Revoked', tdx: [5, 0, 3, ...TDX_LEVEL.slice(3)] },
        { status: 'UpToDate' },
      ),
    },
    status('Revoked'),
  ),
  unseen(
    'a TCB info of an evaluation below the wanted one',
    'Intel PCS API: tcbEvaluationDataNumber grows with each TCB recovery',
    {},
    { policy: { minTcbEvaluationDataNumber: 18 }, refusal: 'evaluation-number' },
  ),
  unseen(
    'a TCB info of the wanted evaluation',
    'Intel PCS API: tcbEvaluationDataNumber grows with each TCB recovery',
    {},
    { policy: { minTcbEvaluationDataNumber: 17 } },
  ),
  unseen(
    'a QE identity of an evaluation below the wanted one',
    'Intel PCS API: tcbEvaluationDataNumber grows with each TCB recovery',
    { collateral: { qeIdentity: { content: (identity) => ({ ...identity, tcbEvaluationDataNumber: 16 }) } } },
    { policy: { minTcbEvaluationDataNumber: 17 }, refusal: 'evaluation-number' },
  ),
]);

/** All components far above the level, but for one. */
function below(index: number): number[] {
  return Array.from({ length: 16 }, (_, i) => (i === index ? 8 : 9));
}

import type { Collateral } from '../../../src/attestation/collateral';
import { parseTcbInfo } from '../../../src/attestation/tcbInfo';
import { conclude, relaunch, type PartStatuses } from '../../../src/attestation/tcbLevel';
import { mintQuote } from '../../../src/attestation/testing/mint';

/** Only the module that started the TD is old: what a relaunch would cure. */
const curable: PartStatuses = { sgx: 'UpToDate', tdx: 'UpToDate', module: 'OutOfDate', qe: 'UpToDate' };

const info = parseTcbInfo((mintQuote().collateral as Collateral).tcb_info);
const newest = info.levels[0]!;
const [version, identity] = [...info.modules][0]!;

/** TEE_TCB_SVN2 of a module at the newest level, but for what is named. */
function svn2({
  svn = identity.levels[0]!.isvSvn,
  major = version,
  loader = newest.tdxSvns[2]!,
} = {}): Uint8Array {
  return Uint8Array.from([svn, major, loader, ...new Array<number>(13).fill(0)]);
}

describe('a relaunch', () => {
  test('is advised where it would bring everything up to date', () => {
    expect(relaunch(info, svn2(), curable)).toBe('advised');
    expect(conclude(curable, 'advised')).toBe('TDRelaunchAdvised');
  });

  test.each<[string, Partial<PartStatuses>]>([
    ['the platform is out of date', { sgx: 'OutOfDate' }],
    ['the platform is out of date and to be configured', { sgx: 'OutOfDateConfigurationNeeded' }],
    ['the platform is revoked', { sgx: 'Revoked' }],
    ['the TD is revoked', { tdx: 'Revoked' }],
    ['the module is up to date', { module: 'UpToDate' }],
    ['the module is revoked', { module: 'Revoked' }],
    ['the quoting enclave is out of date', { qe: 'OutOfDate' }],
    ['the quoting enclave is revoked', { qe: 'Revoked' }],
  ])('is not advised where %s', (_, other) => {
    expect(relaunch(info, svn2(), { ...curable, ...other })).toBe('not advised');
  });

  test('is not advised where the module that runs now, or its loader, is old', () => {
    expect(relaunch(info, svn2({ svn: identity.levels[0]!.isvSvn - 1 }), curable)).toBe('not advised');
    expect(relaunch(info, svn2({ loader: newest.tdxSvns[2]! - 1 }), curable)).toBe('not advised');
  });

  test('judges a module without versions by the newest platform level', () => {
    const first = newest.tdxSvns[0]!;
    expect(relaunch(info, svn2({ major: 0, svn: first }), curable)).toBe('advised');
    expect(relaunch(info, svn2({ major: 0, svn: first - 1 }), curable)).toBe('not advised');
  });

  test('cannot be judged for a module that TCB info does not describe, nor without a second SVN', () => {
    expect(relaunch(info, svn2({ major: 0x7e }), curable)).toBe('module unknown');
    expect(relaunch(info, null, curable)).toBe('not applicable');
  });
});

describe('the conclusion', () => {
  test('keeps what was said about the configuration', () => {
    expect(conclude({ ...curable, sgx: 'ConfigurationNeeded' }, 'advised')).toBe(
      'TDRelaunchAdvisedConfigurationNeeded',
    );
    expect(conclude({ ...curable, tdx: 'ConfigurationNeeded' }, 'advised')).toBe(
      'TDRelaunchAdvisedConfigurationNeeded',
    );
    expect(conclude({ ...curable, tdx: 'ConfigurationNeeded' }, 'not advised')).toBe(
      'OutOfDateConfigurationNeeded',
    );
  });

  test('is revoked where any part is', () => {
    const revoked = (['sgx', 'tdx', 'module', 'qe'] as const).map((part) =>
      conclude({ ...curable, [part]: 'Revoked' }, 'not advised'),
    );
    expect(revoked).toEqual(['Revoked', 'Revoked', 'Revoked', 'Revoked']);
  });
});

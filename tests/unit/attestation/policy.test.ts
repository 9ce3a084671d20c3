import { DEFAULT_XFAM_MASK, parsePolicy, STRICT_POLICY } from '../../../src/attestation/policy';
import { converge, PART_STATUSES, TCB_STATUSES } from '../../../src/attestation/status';

describe('a policy', () => {
  test('of nothing is the strict one', () => {
    for (const nothing of [undefined, null, {}]) expect(parsePolicy(nothing)).toEqual(STRICT_POLICY);
    expect(STRICT_POLICY).toEqual({
      tolerateStatuses: [],
      tolerateAdvisories: [],
      minTcbEvaluationDataNumber: 0,
      mrSeams: null,
      imageIds: null,
      shapes: null,
      xfamMask: DEFAULT_XFAM_MASK,
      allowPks: false,
      allowKl: false,
      allowPerfmon: false,
      reportData: null,
    });
  });

  test('is JSON that reads as it was written, hex in lower case, and is frozen', () => {
    const policy = parsePolicy({
      imageIds: ['AB'.repeat(32)],
      tolerateAdvisories: '*',
      tolerateStatuses: ['OutOfDate'],
    });
    expect(policy.imageIds).toEqual(['ab'.repeat(32)]);
    expect(parsePolicy(JSON.parse(JSON.stringify(policy)))).toEqual(policy);
    expect(parsePolicy(policy)).toBe(policy);
    expect(Object.isFrozen(policy) && Object.isFrozen(policy.imageIds)).toBe(true);
  });

  test.each<[string, unknown]>([
    ['a list', []],
    ['a text', 'strict'],
    ['a setting that is none', { allowDebug: true }],
    ['a setting with a wrong letter', { imageids: [] }],
    ['a status that is none', { tolerateStatuses: ['Fine'] }],
    ['a revoked platform', { tolerateStatuses: ['Revoked'] }],
    ['all statuses', { tolerateStatuses: '*' }],
    ['an advisory that is no text', { tolerateAdvisories: [960] }],
    ['an empty advisory', { tolerateAdvisories: [''] }],
    ['a star among advisories is a name', { tolerateAdvisories: '**' }],
    ['a fraction', { minTcbEvaluationDataNumber: 1.5 }],
    ['a short image', { imageIds: ['ab'] }],
    ['an image that is no hex', { imageIds: ['zz'.repeat(32)] }],
    ['a module of 32 bytes', { mrSeams: ['ab'.repeat(32)] }],
    ['a mask of another length', { xfamMask: 'ff' }],
    ['report data of 32 bytes', { reportData: 'ab'.repeat(32) }],
    ['a flag that is a number', { allowPks: 1 }],
    ['5,000 images', { imageIds: new Array(5_000).fill('ab'.repeat(32)) }],
  ])('is refused with %s', (_, policy) => {
    expect(() => parsePolicy(policy)).toThrow(expect.objectContaining({ code: 'policy_malformed' }));
  });

  test('with an empty list of images takes none', () => {
    expect(parsePolicy({ imageIds: [] }).imageIds).toEqual([]);
  });
});

describe('statuses', () => {
  test('converge as Intel has them converge', () => {
    const table = TCB_STATUSES.map((status) => PART_STATUSES.map((part) => converge(status, part)));
    expect(table).toEqual([
      ['UpToDate', 'OutOfDate', 'Revoked'],
      ['SWHardeningNeeded', 'OutOfDate', 'Revoked'],
      ['ConfigurationNeeded', 'OutOfDateConfigurationNeeded', 'Revoked'],
      ['ConfigurationAndSWHardeningNeeded', 'OutOfDateConfigurationNeeded', 'Revoked'],
      ['OutOfDate', 'OutOfDate', 'Revoked'],
      ['OutOfDateConfigurationNeeded', 'OutOfDateConfigurationNeeded', 'Revoked'],
      ['TDRelaunchAdvised', 'TDRelaunchAdvised', 'Revoked'],
      ['TDRelaunchAdvisedConfigurationNeeded', 'TDRelaunchAdvisedConfigurationNeeded', 'Revoked'],
      ['Revoked', 'Revoked', 'Revoked'],
    ]);
  });
});

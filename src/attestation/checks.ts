/** One thing that was looked at, in words for people and for programs. */
export interface Check {
  /** One of `CHECK_NAMES`. */
  name: CheckName;
  ok: boolean;
  expected: string;
  seen: string;
}

/**
 * Every check, with what it expects, in the order of the list: what the quote proves by itself, whether collateral is
 * authentic and in date, whom it revokes, how far the platform is from its newest TCB, and what the policy asks.
 */
const EXPECTED = {
  'quote-format': 'a TDX quote whose sizes add up',
  'quote-version': 'version 4 or 5',
  'tee-type': 'TDX (0x81)',
  'qe-vendor': "Intel's quoting enclave",
  'root-pinned': 'a chain that ends at the pinned root',
  'pck-chain': 'leaf, PCK authority and root in their roles, each signed by the next',
  'pck-date': 'all three certificates within their dates',
  'pck-extension': "the platform's identity and SVNs in the form of its authority",
  'qe-report-signature': "the quoting enclave's report, signed by the leaf's key",
  'attestation-key-binding': 'a report that names the attestation key, and nothing else',
  'quote-signature': 'header and body, signed by the attestation key',
  collateral: 'nine fields of the known kinds and sizes',
  'tcb-signer': 'TCB info and QE identity signed by a valid certificate of the TCB signing role',
  'tcb-info-signature': 'the exact text, signed by the TCB signer',
  'tcb-info-format': 'TCB info of version 3 for TDX',
  'tcb-info-date': 'issued, and not yet due for its update',
  'qe-identity-signature': 'the exact text, signed by the TCB signer',
  'qe-identity-format': 'enclave identity of version 2 for the TD quoting enclave',
  'qe-identity-date': 'issued, and not yet due for its update',
  'root-crl-signature': "the root's list of revoked certificates, signed by the pinned root",
  'root-crl-date': 'issued, and not yet due for its update',
  'pck-crl-issuer': "issued by the authority of the quote's leaf, under the pinned root",
  'pck-crl-signature': 'a list of revoked platforms, signed by its issuer',
  'pck-crl-date': 'issued, and not yet due for its update',
  'leaf-revoked': "the leaf is not on its authority's list",
  'ca-revoked': "the PCK authority is not on the root's list",
  'tcb-signer-revoked': "the TCB signer is not on the root's list",
  fmspc: 'TCB info of the same family',
  'pce-id': 'TCB info of the same PCE',
  'qe-identity': "the enclave that Intel's identity describes",
  'qe-tcb': 'an SVN that the QE identity knows',
  'module-identity': "a TDX module of TCB info's signer",
  'module-tcb': 'a module SVN that TCB info knows',
  'platform-tcb': "a level that the platform's SVNs reach",
  'tcb-relaunch': 'a module after an update that TCB info knows',
  'tcb-status': 'UpToDate',
  advisories: 'none',
  'evaluation-number': 'any',
  'td-debug': 'debugging off',
  'td-sept-ve': 'no exceptions by the host for missing pages (SEPT_VE_DISABLE)',
  'td-migratable': 'no migration',
  'td-reserved': 'no other attributes',
  xfam: 'x87 and SSE, and nothing outside the mask',
  'seam-attributes': 'zero',
  'service-td': 'none bound',
  'mr-seam': 'any',
  'image-id': 'any',
  shape: 'any',
  'report-data': 'any',
} as const satisfies Record<string, string>;

export type CheckName = keyof typeof EXPECTED;

export const CHECK_NAMES = Object.keys(EXPECTED) as readonly CheckName[];

/** What a check found. */
export interface Finding {
  ok: boolean;
  seen: string;
  /** Where it is not what the table above says. */
  expected?: string;
}

/** The checklist of one verification: each check is noted once, in any order. */
export interface Checklist {
  /** Null is no finding: the check could not be made. */
  note(name: CheckName, finding: Finding | null): void;
  /** Whether all of these were noted and fine. */
  passed(names: readonly CheckName[]): boolean;
  /** The first check that found something wrong; null where all were made and are fine. */
  refusal(): CheckName | null;
  /** All checks there are; what was not noted could not be checked, and that is not fine. */
  finish(): Check[];
}

export function checklist(): Checklist {
  const noted = new Map<CheckName, Finding>();
  const refusal = (): CheckName | null => CHECK_NAMES.find((name) => noted.get(name)?.ok === false) ?? null;
  return {
    note(name, finding) {
      if (finding !== null) noted.set(name, finding);
    },
    passed: (names) => names.every((name) => noted.get(name)?.ok === true),
    refusal: () => refusal() ?? CHECK_NAMES.find((name) => !noted.has(name)) ?? null,
    finish() {
      const unmade: Finding = { ok: false, seen: `not checked: see ${refusal() ?? 'what is missing'}` };
      return CHECK_NAMES.map((name) => {
        const { ok, seen, expected } = noted.get(name) ?? unmade;
        return { name, ok, expected: expected ?? EXPECTED[name], seen };
      });
    },
  };
}

import { keyFromSeed } from '../keys';
import { QE_AUTH_DATA, createMachine } from '../machine';
import { MINTED_AT } from '../mint';
import { qeReportData, type QeFields } from '../quoteWriter';
import { svnLevel } from '../tcbInfo';
import { topic, type Draft } from './vector';

const SIGNED = 'Intel QVL, QuoteVerifier 4.1.2.4.12: the QE report is signed by the PCK';
const BOUND = 'Intel QVL, QuoteVerifier 4.1.2.4.13: the QE report names the attestation key';
const REPORT = 'Intel QVL, EnclaveReportVerifier 4.1.2.9';
const LEVEL = 'Intel QVL, EnclaveReportVerifier 4.1.2.9.9: the level of the ISVSVN';
const stranger = keyFromSeed('stranger');
const machine = createMachine({ seed: 'machine', ca: 'platform', nowUnix: MINTED_AT });
const other = createMachine({ seed: 'other machine', ca: 'platform', nowUnix: MINTED_AT });

const OTHER_TEXT = { onChain: 'unbuildable', forced: 'ERROR_PLATFORM_QE_SIGNATURE' } as const;
const qe = (
  name: string,
  fields: Partial<QeFields>,
  rule: string,
  rest: Pick<Draft, 'refusal' | 'onChain' | 'forced'>,
): Draft => ({
  name: `a quoting enclave ${name}`,
  rule,
  with: { qe: fields },
  ...rest,
});
const foreign = (name: string, fields: Partial<QeFields>, rule = REPORT) =>
  qe(name, fields, rule, { refusal: 'qe-identity', ...OTHER_TEXT });

const attributes = (hex: string) => ({ attributes: Buffer.from(hex, 'hex') });
const bound = qeReportData(machine.attestationKey.publicKey, QE_AUTH_DATA);

/** The quoting enclave and the key that it vouches for. */
export const ENCLAVE_VECTORS = topic('quoting enclave', [
  {
    name: 'a QE report signed by a stranger',
    rule: SIGNED,
    with: { qeKey: stranger },
    refusal: 'qe-report-signature',
    onChain: 'ERROR_PLATFORM_QE_SIGNATURE',
  },
  {
    name: "a QE report signed by another machine's PCK",
    rule: SIGNED,
    with: { qeKey: other.pckKey },
    refusal: 'qe-report-signature',
    onChain: 'ERROR_PLATFORM_QE_SIGNATURE',
  },
  {
    name: 'a QE report signed by the attestation key',
    rule: SIGNED,
    with: { qeKey: machine.attestationKey },
    refusal: 'qe-report-signature',
    onChain: 'ERROR_PLATFORM_QE_SIGNATURE',
  },
  {
    name: 'a QE report changed after it was signed',
    rule: SIGNED,
    with: {
      signedQe: (signed) => ({
        ...signed,
        report: Buffer.concat([Buffer.alloc(1, 0xff), signed.report.subarray(1)]),
      }),
    },
    refusal: 'qe-report-signature',
    onChain: 'ERROR_PLATFORM_QE_SIGNATURE',
  },
  {
    name: 'an attestation key that the QE did not make',
    rule: BOUND,
    with: { shownKey: stranger.publicKey, quoteKey: stranger },
    refusal: 'attestation-key-binding',
    ...OTHER_TEXT,
  },
  {
    name: 'a QE report that names nothing',
    rule: BOUND,
    with: { qe: { reportData: Buffer.alloc(64) } },
    refusal: 'attestation-key-binding',
    ...OTHER_TEXT,
  },
  {
    name: 'QE authentication data that the QE did not hash',
    rule: BOUND,
    with: { signedQe: (signed) => ({ ...signed, authData: Buffer.alloc(32, 3) }) },
    refusal: 'attestation-key-binding',
    ...OTHER_TEXT,
  },
  {
    name: 'other QE authentication data',
    rule: BOUND,
    with: { qeAuthData: Buffer.alloc(32, 0xfe) },
    onChain: 'accepted',
  },
  {
    name: "something in the upper half of the QE's report data",
    rule: 'DESIGN 5: the upper half is zero, as Intel writes it',
    with: { qe: { reportData: Buffer.concat([bound.subarray(0, 32), Buffer.alloc(32, 1)]) } },
    refusal: 'attestation-key-binding',
    ...OTHER_TEXT,
  },
  foreign('of another signer', { mrSigner: Buffer.alloc(32, 7) }, `${REPORT}.7`),
  foreign('with product id 1, which is the one for SGX', { isvProdId: 1 }, `${REPORT}.8`),
  foreign('with MISCSELECT', { miscSelect: Buffer.from('01000000', 'hex') }, `${REPORT}.5`),
  foreign('with MISCSELECT in its last byte', { miscSelect: Buffer.from('00000080', 'hex') }, `${REPORT}.5`),
  ...[
    ['in debug mode', '1700000000000000e700000000000000'],
    ['that was not initialised', '1400000000000000e700000000000000'],
    ['without the provisioning key', '0500000000000000e700000000000000'],
    ['with key separation', '9500000000000000e700000000000000'],
  ].map(([name, hex]) =>
    qe(name!, attributes(hex!), `${REPORT}.6`, {
      refusal: 'qe-identity',
      onChain: 'ERROR_PLATFORM_QE_ATTRIBUTES',
    }),
  ),
  qe(
    'in 32-bit mode, which the mask leaves open',
    attributes('1100000000000000e700000000000000'),
    `${REPORT}.6`,
    { onChain: 'accepted' },
  ),
  qe(
    'with other processor states, which the mask leaves open',
    attributes('1500000000000000030000000000ff00'),
    `${REPORT}.6`,
    { onChain: 'accepted' },
  ),
  foreign(
    'with an attribute in its last flag byte',
    attributes('1500000000000080e700000000000000'),
    `${REPORT}.6`,
  ),
  ...(['reserved1', 'reserved2', 'reserved3', 'reserved4'] as const).map((field, i) =>
    foreign(
      `with something in reserved bytes (${i + 1} of 4)`,
      { [field]: Buffer.alloc([28, 32, 96, 60][i]!, 1) },
      'DESIGN 5: what has no name is zero',
    ),
  ),
  qe(
    'of another build',
    { mrEnclave: Buffer.alloc(32, 0x42) },
    'Intel QVL, EnclaveReportVerifier: MRENCLAVE is not part of the identity',
    { onChain: 'accepted' },
  ),
  qe(
    'on a CPU of another SVN',
    { cpuSvn: Buffer.alloc(16, 0x42) },
    'Intel QVL: CPUSVN of the QE is not compared',
    { onChain: 'accepted' },
  ),
  {
    name: 'a quoting enclave at its newest level',
    rule: LEVEL,
    with: { qe: { isvSvn: 4 } },
    tcbStatus: 'UpToDate',
    onChain: 'accepted',
  },
  {
    name: 'a quoting enclave of the highest SVN',
    rule: LEVEL,
    with: { qe: { isvSvn: 65_535 } },
    tcbStatus: 'UpToDate',
    onChain: 'accepted',
  },
  {
    name: 'a quoting enclave one below its newest level',
    rule: LEVEL,
    with: { qe: { isvSvn: 3 } },
    tcbStatus: 'OutOfDate',
    refusal: 'tcb-status',
    onChain: 'unseen',
  },
  {
    name: "an advisory of the quoting enclave's level",
    rule: 'This project: advisories are tolerated by name',
    with: {
      collateral: {
        qeIdentity: {
          content: (identity) => ({ ...identity, tcbLevels: [svnLevel(4, 'UpToDate', ['INTEL-SA-00001'])] }),
        },
      },
    },
    refusal: 'advisories',
    onChain: 'unseen',
  },
  {
    name: 'a quoting enclave below all levels',
    rule: LEVEL,
    with: { qe: { isvSvn: 2 } },
    refusal: 'qe-tcb',
    onChain: 'unseen',
  },
  {
    name: 'a revoked quoting enclave',
    rule: LEVEL,
    with: {
      collateral: {
        qeIdentity: {
          content: (identity) => ({
            ...identity,
            tcbLevels: identity.tcbLevels.map((level) => ({ ...level, tcbStatus: 'Revoked' })),
          }),
        },
      },
    },
    tcbStatus: 'Revoked',
    refusal: 'tcb-status',
    onChain: 'unseen',
  },
  {
    name: 'a quoting enclave of a status that nobody knows',
    rule: 'Intel QVL: an unrecognized status refuses',
    with: {
      collateral: {
        qeIdentity: {
          content: (identity) => ({
            ...identity,
            tcbLevels: identity.tcbLevels.map((level) => ({ ...level, tcbStatus: 'Fine' })),
          }),
        },
      },
    },
    refusal: 'qe-identity-format',
    onChain: 'unseen',
  },
  {
    name: 'an identity of another signer',
    rule: `${REPORT}.7`,
    with: {
      collateral: { qeIdentity: { content: (identity) => ({ ...identity, mrsigner: '07'.repeat(32) }) } },
    },
    refusal: 'qe-identity',
    onChain: 'unseen',
  },
  {
    name: 'an identity of another product',
    rule: `${REPORT}.8`,
    with: { collateral: { qeIdentity: { content: (identity) => ({ ...identity, isvprodid: 3 }) } } },
    refusal: 'qe-identity',
    onChain: 'unseen',
  },
]);

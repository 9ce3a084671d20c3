import { AUTHORITIES } from '../authorities';
import { CN, extension, keyUsage, type CertificateFields } from '../certificateWriter';
import type { CollateralTwist, TextTwist } from '../collateral';
import * as der from '../derWriter';
import { keyFromSeed, malleated } from '../keys';
import { createMachine } from '../machine';
import { MINTED_AT } from '../mint';
import { authorityFields, mintAuthority } from '../mintAuthorities';
import { writeLeaf } from '../leaf';
import { isoDate } from '../tcbInfo';
import { offChainDraft as draft, topic, type Draft } from './vector';

const SIGNER = 'Intel QVL, TCBSigningChain: the signer has the role of TCB signing, under the trusted root';
const SIGNATURE = 'Intel QVL, TCBInfoVerifier and EnclaveIdentityVerifier: a signature over the exact text';
const DATES = 'Intel QVL, TCBInfoVerifier and EnclaveIdentityVerifier: issueDate <= now <= nextUpdate';
const FORM = 'Intel PCS API 4: the fields of TCB info version 3 and of QE identity version 2';
const stranger = keyFromSeed('stranger');

type Texts = 'tcbInfo' | 'qeIdentity';

/** Both signed texts by the same wrong signer. */
const both = (twist: TextTwist<unknown>): CollateralTwist => ({ tcbInfo: twist, qeIdentity: twist });

const signer = (twist: Partial<CertificateFields>): TextTwist<unknown> => ({
  chain: [mintAuthority('tcbSigning', twist), AUTHORITIES.root.certificate],
});

/** Who signs TCB info and QE identity. */
export const SIGNER_VECTORS = topic('TCB signer', [
  draft('texts signed by a machine', SIGNER, both(byMachine()), 'tcb-signer'),
  draft('a TCB info signed by a machine', SIGNER, { tcbInfo: byMachine() }, 'tcb-signer'),
  draft(
    'texts signed by the platform CA',
    SIGNER,
    both({
      key: AUTHORITIES.platformCa.key,
      chain: [AUTHORITIES.platformCa.certificate, AUTHORITIES.root.certificate],
    }),
    'tcb-signer',
  ),
  draft(
    'texts signed by the root',
    SIGNER,
    both({ key: AUTHORITIES.root.key, chain: [AUTHORITIES.root.certificate] }),
    'tcb-signer',
  ),
  draft('texts signed by a signer of another role', SIGNER, both(signer({ subject: CN.leaf })), 'tcb-signer'),
  draft(
    'texts by a signer that a stranger certified',
    SIGNER,
    both({ chain: [badlySigned(), AUTHORITIES.root.certificate] }),
    'tcb-signer',
  ),
  draft(
    'texts by a signer that names another issuer',
    SIGNER,
    both(signer({ issuer: CN.platformCa })),
    'tcb-signer',
  ),
  draft(
    'texts by a signer who may only sign certificates',
    'RFC 5280, 4.2.1.3: digitalSignature is set',
    both(signer({ extensions: changed(3, keyUsage('authority')) })),
    'tcb-signer',
  ),
  draft(
    'texts by a signer with an unknown critical extension',
    'RFC 5280, 4.2: such a certificate must be rejected',
    both(
      signer({
        extensions: [
          ...authorityFields('tcbSigning').extensions,
          extension('1.3.6.1.4.1.99999.1', der.octetString(), true),
        ],
      }),
    ),
    'tcb-signer',
  ),
  draft('texts by a signer at its last second', 'RFC 5280, 4.1.2.5', both(signer({ notAfter: MINTED_AT }))),
  draft(
    'texts by a signer one second after its last',
    'RFC 5280, 4.1.2.5',
    both(signer({ notAfter: MINTED_AT - 1 })),
    'tcb-signer',
  ),
  draft(
    'texts by a signer one second before its first',
    'RFC 5280, 4.1.2.5',
    both(signer({ notBefore: MINTED_AT + 1 })),
    'tcb-signer',
  ),
  draft(
    'texts whose chain ends at another root',
    SIGNER,
    both({ chain: [AUTHORITIES.tcbSigning.certificate, AUTHORITIES.platformCa.certificate] }),
    'tcb-signer',
  ),
  draft('texts without a chain', SIGNER, both({ chain: [] }), 'tcb-signer'),
]);

/** What both texts have in common. */
export const TEXT_VECTORS = topic('signed texts', (['tcbInfo', 'qeIdentity'] as const).flatMap(textDrafts));

function textDrafts(text: Texts): Draft[] {
  const [what, prefix] =
    text === 'tcbInfo' ? (['a TCB info', 'tcb-info'] as const) : (['a QE identity', 'qe-identity'] as const);
  const one = (
    name: string,
    rule: string,
    twist: TextTwist<Record<string, unknown>>,
    refusal?: 'signature' | 'format' | 'date',
  ): Draft => draft(`${what} ${name}`, rule, { [text]: twist }, refusal && `${prefix}-${refusal}`);
  const content = (change: object) => ({ content: (healthy: object) => ({ ...healthy, ...change }) });
  return [
    one('signed by a stranger', SIGNATURE, { key: stranger }, 'signature'),
    one(
      'changed after it was signed',
      SIGNATURE,
      { shownText: (json) => json.replace('2026-06-30', '2027-06-30') },
      'signature',
    ),
    one(
      'of another evaluation than the signed one',
      SIGNATURE,
      { shownText: (json) => json.replace('"tcbEvaluationDataNumber":17', '"tcbEvaluationDataNumber":99') },
      'signature',
    ),
    one(
      'with a space that JSON does not need',
      'This project: a signed text has one reading',
      { text: (json) => json.replace('"version":', '"version": ') },
      'format',
    ),
    one('with the other signature', 'SEC 1, 4.1: with (r, s) also (r, n - s) is a signature', {
      signature: malleated,
    }),
    one(
      'with r and s exchanged',
      SIGNATURE,
      { signature: (s) => Buffer.concat([s.subarray(32), s.subarray(0, 32)]) },
      'signature',
    ),
    one(
      'with a signature of zeros',
      'SEC 1, 4.1.4: 0 < r, s < n',
      { signature: () => Buffer.alloc(64) },
      'signature',
    ),
    one('of another version', FORM, content({ version: 1 }), 'format'),
    one('of the next version', FORM, content({ version: 4 }), 'format'),
    one('of another id', FORM, content({ id: text === 'tcbInfo' ? 'SGX' : 'QE' }), 'format'),
    one('that is no JSON', FORM, { text: (json) => json.slice(0, -1) }, 'format'),
    one('that is a list', FORM, { text: (json) => `[${json}]` }, 'format'),
    one('without levels', FORM, content({ tcbLevels: [] }), 'format'),
    one('without a date', FORM, content({ nextUpdate: undefined }), 'format'),
    one('with a date of no calendar', FORM, content({ nextUpdate: '2026-02-30T00:00:00Z' }), 'format'),
    one(
      'that says its date twice',
      'This project: a signed text has one reading',
      { text: (json) => json.replace('{', '{"nextUpdate":"2020-01-01T00:00:00Z",') },
      'format',
    ),
    one('at its first second', DATES, content({ issueDate: isoDate(MINTED_AT) })),
    one('one second before its first', DATES, content({ issueDate: isoDate(MINTED_AT + 1) }), 'date'),
    one('at its last second', DATES, content({ nextUpdate: isoDate(MINTED_AT) })),
    one('one second after its last', DATES, content({ nextUpdate: isoDate(MINTED_AT - 1) }), 'date'),
  ];
}

/** What is TCB info's alone, and the object around all. */
export const COLLATERAL_VECTORS = topic('collateral', [
  draft(
    'a TCB info of another family',
    'Intel QVL, QuoteVerifier 4.1.2.4.10: FMSPC',
    { tcbInfo: { content: (info) => ({ ...info, fmspc: '00806F050000' }) } },
    'fmspc',
  ),
  draft(
    'a TCB info of another PCE',
    'Intel QVL, QuoteVerifier 4.1.2.4.10: PCEID',
    { tcbInfo: { content: (info) => ({ ...info, pceId: '0001' }) } },
    'pce-id',
  ),
  draft(
    'a TCB info of another type',
    FORM,
    { tcbInfo: { content: (info) => ({ ...info, tcbType: 1 }) } },
    'tcb-info-format',
  ),
  draft(
    'a TCB info with 15 components',
    FORM,
    {
      tcbInfo: {
        content: (info) => ({
          ...info,
          tcbLevels: info.tcbLevels.map((level) => ({
            ...level,
            tcb: { ...level.tcb, tdxtcbcomponents: level.tcb.tdxtcbcomponents.slice(1) },
          })),
        }),
      },
    },
    'tcb-info-format',
  ),
  draft(
    'a TCB info without a module',
    FORM,
    { tcbInfo: { content: (info) => ({ ...info, tdxModule: undefined }) } },
    'tcb-info-format',
  ),
  draft('no collateral', 'Intel QVL: all collateral is mandatory', { whole: () => null }, 'collateral'),
  draft(
    'collateral without a PCK CRL',
    'Intel QVL: all collateral is mandatory',
    { whole: (all) => ({ ...all, pck_crl: undefined }) },
    'collateral',
  ),
  draft(
    'collateral whose root CRL is no hex',
    'Form of the collateral',
    { whole: (all) => ({ ...all, root_ca_crl: 'zz' }) },
    'collateral',
  ),
  draft(
    'collateral with a signature of 63 bytes',
    'Form of the collateral',
    { whole: (all) => ({ ...all, tcb_info_signature: all.tcb_info_signature.slice(2) }) },
    'collateral',
  ),
  draft(
    'TCB info and QE identity exchanged',
    FORM,
    {
      whole: (all) => ({
        ...all,
        tcb_info: all.qe_identity,
        tcb_info_signature: all.qe_identity_signature,
        qe_identity: all.tcb_info,
        qe_identity_signature: all.tcb_info_signature,
      }),
    },
    'tcb-info-format',
    ['qe-identity-format'],
  ),
]);

function byMachine(): TextTwist<unknown> {
  const machine = createMachine({ seed: 'machine', ca: 'platform', nowUnix: MINTED_AT });
  return {
    key: machine.pckKey,
    chain: [
      writeLeaf(machine.leaf, machine.authority),
      machine.authority.certificate,
      AUTHORITIES.root.certificate,
    ],
  };
}

/** A TCB signer's certificate that the root never signed. */
function badlySigned(): Buffer {
  const certificate = Buffer.from(AUTHORITIES.tcbSigning.certificate);
  const last = certificate.length - 1;
  certificate[last] = certificate[last]! ^ 1;
  return certificate;
}

function changed(index: number, by: Buffer): readonly Buffer[] {
  return authorityFields('tcbSigning').extensions.map((one, i) => (i === index ? by : one));
}

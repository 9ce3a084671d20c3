import { AUTHORITIES, type Authority } from '../authorities';
import type { CertificateFields } from '../certificateWriter';
import { MINTED_AT, type MintOverrides } from '../mint';
import { authorityFields, mintAuthority } from '../mintAuthorities';
import { isoDate } from '../tcbInfo';
import { platformCa } from './authority';
import { topic, type Draft } from './vector';

const DATES = 'RFC 5280, 4.1.2.5: both ends of the validity are included';
const HOUR = 3600;
const CA_END = authorityFields('platformCa').notAfter;
const ROOT_END = authorityFields('root').notAfter;

/** When the certificates above the leaf begin and end. */
export const AUTHORITY_DATE_VECTORS = topic('authority dates', [
  ca('at its first second', { notBefore: MINTED_AT }, { onChain: 'accepted' }),
  ca(
    'one second before its first',
    { notBefore: MINTED_AT + 1 },
    { refusal: 'pck-date', onChain: 'ERROR_PLATFORM_CA_NOT_YET_VALID' },
  ),
  ca('at its last second', { notAfter: MINTED_AT }, { onChain: 'accepted' }),
  ca(
    'one second after its last',
    { notAfter: MINTED_AT - 1 },
    { refusal: 'pck-date', onChain: 'ERROR_PLATFORM_CA_EXPIRED' },
  ),
  {
    name: 'a processor CA one second after its last',
    rule: DATES,
    with: {
      ca: 'processor',
      authority: {
        ...AUTHORITIES.processorCa,
        certificate: mintAuthority('processorCa', { notAfter: MINTED_AT - 1 }),
      },
    },
    refusal: 'pck-date',
    onChain: 'ERROR_PLATFORM_CA_EXPIRED',
  },
  ...pinnedEnd(),
  ...rootEnd(),
]);

function ca(
  name: string,
  twist: Partial<CertificateFields>,
  rest: Pick<Draft, 'refusal' | 'onChain'>,
): Draft {
  return {
    name: `a platform CA ${name}`,
    rule: DATES,
    with: { authority: platformCa(twist) },
    kind: 'ca',
    ...rest,
  };
}

/** The real end of the platform CA, whose certificate the contract knows. */
function pinnedEnd(): Draft[] {
  const young = validAround(CA_END, ROOT_END);
  const over = {
    refusal: 'pck-date',
    also: ['pck-crl-issuer'],
    onChain: 'ERROR_PLATFORM_CA_EXPIRED',
  } as const;
  return [
    {
      name: "the pinned platform CA's last second",
      rule: DATES,
      with: { ...young, atUnix: CA_END },
      onChain: 'accepted',
    },
    {
      name: "one second after the pinned platform CA's last",
      rule: DATES,
      with: { ...young, atUnix: CA_END + 1 },
      ...over,
    },
    {
      name: "one second after the last of a remembered leaf's CA",
      rule: DATES,
      with: { ...young, atUnix: CA_END + 1 },
      primer: { ...young, atUnix: CA_END - 1 },
      kind: 'pck',
      ...over,
    },
  ];
}

/** The root's own end, with everything below it young. */
function rootEnd(): Draft[] {
  const later = ROOT_END + HOUR;
  const last = underCa(platformCa({ notAfter: ROOT_END }), validAround(ROOT_END, ROOT_END));
  const over = underCa(platformCa({ notAfter: later }), validAround(ROOT_END, later));
  return [
    {
      name: "the root's last second",
      rule: DATES,
      with: { ...last, leaf: { notBefore: ROOT_END - 60, notAfter: ROOT_END }, atUnix: ROOT_END },
      kind: 'ca',
      onChain: 'accepted',
    },
    {
      name: "one second after the root's last",
      rule: DATES,
      with: { ...over, atUnix: ROOT_END + 1 },
      kind: 'ca',
      refusal: 'pck-date',
      // A date from 2050 on is none that the contract can write.
      onChain: 'unbuildable',
      forced: 'ERROR_PLATFORM_VALUE_MALFORMED',
    },
  ];
}

/** With this certificate of the platform CA in the quote and beside the list of its leaves. */
function underCa(authority: Authority, { collateral, ...rest }: MintOverrides): MintOverrides {
  const pckCrlChain = [authority.certificate, AUTHORITIES.root.certificate];
  return { ...rest, authority, collateral: { ...collateral, pckCrlChain } };
}

/** Leaf and collateral that are valid around a date far away, by a TCB signer that lives until `signerEnd`. */
function validAround(unix: number, signerEnd: number): MintOverrides {
  const chain = [mintAuthority('tcbSigning', { notAfter: signerEnd }), AUTHORITIES.root.certificate];
  const dates = { issueDate: isoDate(unix - 60), nextUpdate: isoDate(unix + HOUR) };
  const lists = { thisUpdate: unix - 60, nextUpdate: unix + HOUR };
  return {
    leaf: { notBefore: unix - 60, notAfter: unix + HOUR },
    collateral: {
      tcbInfo: { chain, content: (info) => ({ ...info, ...dates }) },
      qeIdentity: { chain, content: (identity) => ({ ...identity, ...dates }) },
      rootCrl: lists,
      pckCrl: lists,
    },
  };
}

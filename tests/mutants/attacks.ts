import { beginCell, Cell } from '@ton/core';
import { storeSlotTaken } from '../../build/RegistrySimulated/RegistrySimulated_Platform';
import type { AttestKind } from '../../src/attestation/onchain/kind';
import { parseQuote } from '../../src/attestation/quote';
import { MINTED_AT, mintQuote, type Minted, type MintOverrides } from '../../src/attestation/testing/mint';
import { QE_AUTH_DATA } from '../../src/attestation/testing/machine';
import { qeReportData } from '../../src/attestation/testing/quoteWriter';
import { keyFromSeed } from '../../src/attestation/testing/keys';
import { MAX_PLATFORM_SLOTS, ppidHash } from '../../wrappers/Platform';
import * as S from '../support/cellSurgery';
import { forcedAttest } from '../support/forcedAttest';
import { ownAuthority } from '../support/forgeries';
import * as P from '../support/p256';
import { REGISTRY, SUBMITTER, type Sent, type Target, type Targets } from '../support/platformTarget';
import * as A from './signatureAttacks';

/** A message that the shipped Platform refuses with `refusal`, and that one without a certain guard accepts. */
export interface Attack {
  refusal: string;
  send(targets: Targets): Promise<string>;
}

const INDEX = 3;
const MAINNET = -239;
const seconds = (date: string): number => Date.parse(date) / 1000;

const platformOf = (targets: Targets, minted: Minted, at = minted.atUnix): Promise<Target> =>
  targets(ppidHash(minted.machine.leaf.pck.ppid), at);

const bodyOf = (minted: Minted, kind: AttestKind): Cell => forcedAttest(minted, kind, SUBMITTER, INDEX);

/** Evidence sent to its machine's new Platform, at its own time or another. */
function evidence(
  refusal: string,
  kind: AttestKind,
  overrides: MintOverrides,
  at?: string,
  sent?: Sent,
): Attack {
  return {
    refusal,
    async send(targets) {
      const minted = mintQuote(overrides);
      const target = await platformOf(targets, minted, at === undefined ? undefined : seconds(at));
      return target.send(bodyOf(minted, kind), sent);
    },
  };
}

/** A genuine message with a reference more in one of its cells. */
function withReference(
  refusal: string,
  kind: AttestKind,
  path: S.Path,
  overrides: MintOverrides = {},
): Attack {
  return {
    refusal,
    async send(targets) {
      const minted = mintQuote(overrides);
      const fresh = await platformOf(targets, minted);
      const target = kind === 'key' ? await fresh.after(bodyOf(minted, 'leaf')) : fresh;
      const body = bodyOf(minted, kind);
      const cell = S.cellAt(body, path)!;
      return target.send(S.withCellAt(body, path, S.withRefs(cell, [...cell.refs, Cell.EMPTY])));
    },
  };
}

/** A quote that its attestation key, which the Platform remembers, did not sign; the hint for it is the forger's. */
function forgedHint(
  refusal: string,
  forge: (attestationKey: { secret: bigint; key: P.Point }, digest: bigint) => Cell,
): Attack {
  return {
    refusal,
    async send(targets) {
      const minted = mintQuote({ body: { rtmr2: Buffer.alloc(48, 9) } });
      const target = await (await platformOf(targets, minted)).after(bodyOf(mintQuote(), 'leaf'));
      const { secret } = minted.machine.attestationKey;
      const digest = P.integer(P.digestOfBytes(parseQuote(minted.quote).signed));
      const hint = forge({ secret, key: P.publicKey(secret) }, digest);
      return target.send(S.withCellAt(bodyOf(minted, 'key'), QUOTE_HINT, hint));
    },
  };
}

const MEASURED: S.Path = [0];
const QUOTE_HINT: S.Path = [1];
const REPORT: S.Path = [0, 2];
const QE: S.Path = [...REPORT, 0];
const LEAF: S.Path = [...QE, 2];
const CA: S.Path = [...LEAF, 3];

const attributes = (hex: string): MintOverrides => ({ body: { tdAttributes: Buffer.from(hex, 'hex') } });
const YOUNG_CA = '2018-05-21T10:50:09Z';
const OLD_LEAF = { leaf: { notBefore: seconds('2017-01-01T00:00:00Z') } };

export const ATTACKS = {
  'a quote under the simulated root, on mainnet': {
    refusal: 'mainnet',
    async send(targets) {
      const minted = mintQuote();
      const target = await targets(ppidHash(minted.machine.leaf.pck.ppid), minted.atUnix, MAINNET);
      return target.send(bodyOf(minted, 'leaf'));
    },
  },
  'too little value': evidence('value too small', 'leaf', {}, undefined, { valueNano: 15_000_000n }),
  'a Worker more than there are slots': {
    refusal: 'full',
    async send(targets) {
      const minted = mintQuote();
      let target = await platformOf(targets, minted);
      for (let i = 0; i < MAX_PLATFORM_SLOTS; i++)
        target = await target.after(slotTaken(100 + i), { from: REGISTRY });
      return target.send(bodyOf(minted, 'leaf'));
    },
  },
  'a slot that a stranger gives': {
    refusal: 'not registry',
    send: async (targets) => (await platformOf(targets, mintQuote())).send(slotTaken(INDEX)),
  },
  'a certificate a second after its end': evidence(
    'leaf expired',
    'leaf',
    { leaf: { notAfter: MINTED_AT } },
    '2026-06-01T12:00:01Z',
  ),
  'a CA a second after its end': evidence(
    'ca expired',
    'leaf',
    { leaf: { notAfter: seconds('2034-01-01T00:00:00Z') } },
    '2033-05-21T10:50:11Z',
  ),
  'a certificate of tomorrow': evidence('leaf not yet valid', 'leaf', { leaf: { notBefore: MINTED_AT + 1 } }),
  'a CA of tomorrow': evidence('ca not yet valid', 'ca', OLD_LEAF, YOUNG_CA),
  "another machine's quote": {
    refusal: 'other platform',
    async send(targets) {
      const minted = mintQuote();
      return (await targets(ppidHash(Buffer.alloc(16, 7)), minted.atUnix)).send(bodyOf(minted, 'leaf'));
    },
  },
  'a chain under a root of its own': evidence('ca signature', 'ca', { authority: ownAuthority('attack') }),
  'a chain under a CA of its own': evidence('leaf signature', 'leaf', { authority: ownAuthority('attack') }),
  'a QE report signed by a stranger': evidence('qe signature', 'leaf', { qeKey: keyFromSeed('attack') }),
  'a quote signed by a stranger': evidence('quote signature', 'leaf', { quoteKey: keyFromSeed('attack') }),
  'a QE in debug mode': evidence('qe attributes', 'leaf', {
    qe: { attributes: Buffer.from('1700000000000000e700000000000000', 'hex') },
  }),
  'a TD in debug mode': evidence('debug', 'leaf', attributes('0100001000000000')),
  'a TD that can move': evidence('migratable', 'leaf', attributes('0000003000000000')),
  'a TD that its host can surprise': evidence('sept ve enabled', 'leaf', attributes('0000000000000000')),
  'a TD with a reserved attribute': evidence('attributes reserved', 'leaf', attributes('0200001000000000')),
  'an unknown form': {
    refusal: 'malformed',
    async send(targets) {
      const minted = mintQuote({ form: 'v5-td10' });
      const body = bodyOf(minted, 'leaf');
      const formBit = 32 + 267 + 16 + 2;
      return (await platformOf(targets, minted)).send(S.flipBit(body, formBit));
    },
  },
  'a reference more in the message': withReference('cell underflow', 'leaf', []),
  'a reference more in the first cell of text': withReference('cell underflow', 'leaf', MEASURED),
  'a reference more in the second cell of text': withReference('cell underflow', 'leaf', [...MEASURED, 0]),
  'a reference more in the third cell of text': withReference('cell underflow', 'leaf', [...MEASURED, 1]),
  'a reference more beside the QE report': withReference('cell underflow', 'leaf', REPORT),
  'a reference more behind the name of a key': withReference('cell underflow', 'key', REPORT),
  'a reference more in the QE report': withReference('cell underflow', 'leaf', QE),
  'a reference more in the auth data': withReference('malformed', 'leaf', [...QE, 0]),
  'a reference more in the certificate': withReference('cell underflow', 'leaf', LEAF),
  'a reference more in the values of the machine': withReference('cell underflow', 'leaf', [...LEAF, 0]),
  'a reference more in the values of a machine of the processor CA': withReference(
    'cell underflow',
    'ca',
    [...LEAF, 0],
    { ca: 'processor' },
  ),
  'a reference more in the address of the CRL': withReference('malformed', 'leaf', [...LEAF, 1]),
  'a reference more in the certificate of the CA': withReference('cell underflow', 'ca', CA),
  'a reference more in a hint': withReference('cell underflow', 'key', QUOTE_HINT),
  'a reference more in the point of a hint': withReference('cell underflow', 'key', [...QUOTE_HINT, 0]),
  'a hint that is honest for another quote': forgedHint('inverse', ({ key }) => {
    const quote = parseQuote(mintQuote().quote);
    return A.hintOfAnother(key, P.digestOfBytes(quote.signed), Buffer.from(quote.signature));
  }),
  'a T of nobody': forgedHint('multiple', ({ key }, digest) => A.anyMultiple(key, digest)),
  'the mirror for the first fixed message': forgedHint('multiple', ({ secret }, digest) =>
    A.mirror('first', secret, digest),
  ),
  'the mirror for the second fixed message': forgedHint('multiple', ({ secret }, digest) =>
    A.mirror('second', secret, digest),
  ),
  'the line through the opposite of T': forgedHint('point', ({ secret }, digest) =>
    A.oppositeMultiple(secret, digest),
  ),
  'a slope of its own': forgedHint('slope', ({ key }, digest) => A.anySlope(key, digest)),
  'an attestation key off the curve': {
    refusal: 'key',
    async send(targets) {
      const body = { rtmr2: Buffer.alloc(48, 9) };
      const digest = P.integer(P.digestOfBytes(parseQuote(mintQuote({ body }).quote).signed));
      const { key, hint } = A.keyOffTheCurve(digest);
      const shownKey = Buffer.concat([P.bytes32(key.x), P.bytes32(key.y)]);
      const minted = mintQuote({ body, shownKey, qe: { reportData: qeReportData(shownKey, QE_AUTH_DATA) } });
      const target = await platformOf(targets, minted);
      return target.send(S.withCellAt(bodyOf(minted, 'leaf'), QUOTE_HINT, hint));
    },
  },
} as const satisfies Record<string, Attack>;

export type AttackName = keyof typeof ATTACKS;

function slotTaken(index: number): Cell {
  return beginCell()
    .store(
      storeSlotTaken({
        $$type: 'SlotTaken',
        worker: BigInt(index),
        heldUntil: BigInt(MINTED_AT + 86_400),
        provider: SUBMITTER,
        index: BigInt(index),
        responseTo: beginCell().storeAddress(SUBMITTER).endCell(),
      }),
    )
    .endCell();
}

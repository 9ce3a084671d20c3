import { toNano, type Address } from '@ton/core';
import { escrowDomain, escrowScopeFields } from '../../src/protocol/domain';
import { keyPairFromSeed, sign } from '../../src/protocol/ed25519';
import { sha256 } from '../../src/protocol/hash';
import { lineId } from '../../src/protocol/line';
import { receiptLayout, type Receipt } from '../../src/protocol/signed';
import { settleBody, type SettleItem } from '../../wrappers/Escrow';
import { TEST_NETWORK_ID } from '../support/chain';
import * as E from '../support/escrow';
import { stateHash } from '../support/escrowState';
import { openLines } from '../support/lines';

// Scenario 2: a settle whose signature is missing or of something else, in every way there is. Each is refused and undone
// as a whole, and the same message with the right signature is paid to the nanoton.

const ONE = toNano('1');
const TOTAL = toNano('0.3');
const thief = keyPairFromSeed(Buffer.alloc(32, 4));

interface Signing {
  world: E.EscrowWorld;
  /** What ought to be signed, and by whom it is signed. */
  receipt: Receipt;
  other: Receipt;
  signed(receipt: Receipt): Buffer;
  scope: { networkId: number; registry: Buffer; self: Buffer };
  born: bigint;
}

const inDomain = ({ receipt, signed }: Signing, domain: Buffer): Buffer => signed({ ...receipt, domain });
const flipped = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[at]! ^= 1;
  return copy;
};
const hashOf = (address: Address): Buffer => address.hash;

const WRONG: [string, (signing: Signing) => Buffer][] = [
  ['missing: zeros in its place', () => Buffer.alloc(64)],
  ['missing: ones in its place', () => Buffer.alloc(64, 0xff)],
  ["swapped with another line's", ({ other, signed }) => signed(other)],
  ['of another key', ({ receipt }) => sign(receiptLayout.hash(receipt), thief)],
  ["of the client's signer", ({ receipt, world }) => sign(receiptLayout.hash(receipt), world.signer)],
  ['wrong in its first bit', ({ receipt, signed }) => flipped(signed(receipt), 0)],
  ['wrong in its last byte', ({ receipt, signed }) => flipped(signed(receipt), 63)],
  ['from another network', (s) => inDomain(s, escrowDomain({ ...s.scope, networkId: -239 }, s.born))],
  [
    'under another registry',
    (s) => inDomain(s, escrowDomain({ ...s.scope, registry: Buffer.alloc(32) }, s.born)),
  ],
  [
    'for another escrow',
    (s) => inDomain(s, escrowDomain({ ...s.scope, self: hashOf(s.world.client.address) }, s.born)),
  ],
  ['of an earlier birth', (s) => inDomain(s, escrowDomain(s.scope, s.born - 1n))],
  ['of a birth to come', (s) => inDomain(s, escrowDomain(s.scope, s.born + 1n))],
  ['of another version', (s) => inDomain(s, versionTwo(s))],
  ['for another line', (s) => s.signed({ ...s.receipt, lineId: s.other.lineId })],
  ['for a nanoton less', (s) => s.signed({ ...s.receipt, total: TOTAL - 1n })],
  ['for another number of jobs', (s) => s.signed({ ...s.receipt, jobs: 2n })],
  ['over other jobs', (s) => s.signed({ ...s.receipt, jobsRoot: Buffer.alloc(32, 2) })],
  ['of a second later', (s) => s.signed({ ...s.receipt, issuedAt: s.receipt.issuedAt + 1 })],
  ['as a final one', (s) => s.signed({ ...s.receipt, flags: 1 })],
  [
    'over the image, not the hash of its cell',
    (s) => sign(sha256(receiptLayout.image(s.receipt)), s.world.worker.keys),
  ],
];

/** The domain that "cocoon/escrow/v2" would give. */
function versionTwo({ scope, born }: Signing): Buffer {
  return sha256(Buffer.from('cocoon/escrow/v2\0', 'latin1'), escrowScopeFields.image({ ...scope, born }));
}

test.each(WRONG)(
  'a signature %s is refused, and the repaired message is paid',
  async (_name, signatureOf) => {
    const { world, lines } = await openLines(2, ONE);
    const [line, second] = lines as [(typeof lines)[0], (typeof lines)[0]];
    const good = await E.receiptFor(world, line, TOTAL);
    const companion = await E.receiptFor(world, second, TOTAL);
    const signature = signatureOf({
      world,
      receipt: good.receipt,
      other: companion.receipt,
      signed: (receipt) => sign(receiptLayout.hash(receipt), world.worker.keys),
      scope: { networkId: TEST_NETWORK_ID, registry: world.registry.address.hash, self: world.escrow.hash },
      born: (await E.readEscrow(world)).born,
    });
    const [ledger, balance] = [await stateHash(world), await E.escrowBalance(world)];
    const result = await E.settle(world, [companion, { ...good, signature }]);
    expect(E.steps(world, result)).toEqual([
      'stranger -> escrow Settle 1220',
      'escrow -> stranger bounced:Settle 0',
    ]);
    expect([await stateHash(world), await E.escrowBalance(world)]).toEqual([ledger, balance]);

    await E.settle(world, [companion, good]);
    expect(await E.escrowBalance(world)).toBe(balance - 2n * TOTAL);
    expect((await E.readEscrow(world)).lockedNano).toBe(2n * (ONE - TOTAL));
  },
);

test('two receipts with their signatures swapped, or none at all, are refused; put right they are paid', async () => {
  const { world, lines } = await openLines(2, ONE);
  const items = await Promise.all(lines.map((line) => E.receiptFor(world, line, TOTAL)));
  const [first, second] = items as [SettleItem, SettleItem];
  const swapped = [
    { ...first, signature: second.signature },
    { ...second, signature: first.signature },
  ];
  const from = world.stranger.address;
  expect(await E.trySend(world, { from, value: ONE, body: settleBody(swapped) })).toBe(1220);
  const cut = settleBody([first]).beginParse();
  cut.loadRef();
  expect(await E.trySend(world, { from, value: ONE, body: cut.asCell() })).toBe(9);
  const foreign = { ...first, line: { ...first.line, settleBy: first.line.settleBy + 77 } };
  expect(lineId(foreign.line)).not.toEqual(lineId(first.line));
  expect(await E.trySend(world, { from, value: ONE, body: settleBody([foreign]) })).toBe(0);
  expect((await E.readEscrow(world)).lockedNano).toBe(2n * ONE);
  await E.settle(world, [first, second]);
  expect((await E.readEscrow(world)).lockedNano).toBe(2n * (ONE - TOTAL));
});

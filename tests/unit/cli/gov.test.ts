import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Address, Cell } from '@ton/core';
import { approveBody, newOrderBody, orderCell, sendAction } from '../../../src/governance/multisig';
import { readOrderAddress } from '../../../src/operate/multisigReader';
import { sha256 } from '../../../src/protocol/hash';
import * as R from '../../../wrappers/Registry';
import { initOrderBody, strayOrderInit } from '../../support/multisig';
import { createGovRig, START_UNIX, TON, type GovRig } from './govRig';

const DAY = 86_400;
const NEW_YEAR = 1_798_761_600;
const hash = (name: string): Buffer => sha256(Buffer.from(name));
const hex = (body: Cell): string => body.toBoc().toString('hex');
const IMAGE = R.allowImageBody(hash('new image'), NEW_YEAR);

let rig: GovRig;
let folder: string;

/** A sealed registry: one order in the queue, one block of the guardian's, one image. */
beforeAll(async () => {
  rig = await createGovRig();
  folder = mkdtempSync(path.join(tmpdir(), 'cocoon-gov-'));
  await rig.order(R.setGuardianBody(rig.others[0].address));
  await rig.order(R.allowImageBody(hash('image'), NEW_YEAR));
  await rig.order(R.sealBody());
  await rig.order(IMAGE);
  await rig.order(R.blockBody(hash('image')), rig.others[0]);
});
afterAll(async () => {
  await rig.close();
  rmSync(folder, { recursive: true });
});

describe('cocoon gov inspect', () => {
  test('tells a maintainer what waits, what is blocked and who decides', async () => {
    const { exit, text } = await rig.inspect(null);
    expect(exit).toBe(0);
    expect(text).toMatch(/^Registry EQ\S+ at 2026-05-28T20:26:40Z\n {2}owner {5}EQ/);
    expect(text).toContain('sealed    yes: what loosens waits 15 d, and is void 14 d after that');
    expect(text).toContain(
      `1 order in the queue\n\n  ${IMAGE.hash().toString('hex')}\n    It allows image ${hash('new image').toString('hex').slice(0, 8)}...`,
    );
    expect(text).toContain('loosens; waits until 2026-06-12T20:26:40Z (15 d)');
    expect(text).toMatch(
      /1 block\n {2}image \w{8}\.\.\.: by the guardian until 2026-06-04T20:26:40Z, when it lapses/,
    );
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  test('tells programs the same', async () => {
    expect(JSON.parse((await rig.inspect(null, true)).text)).toMatchObject({
      sealed: true,
      offered_owner: null,
      owner_multisig: null,
      orders: [
        {
          order: 'AllowImage',
          hash: IMAGE.hash().toString('hex'),
          effect: 'loosens',
          queue: { state: 'waits', due_at: START_UNIX + 15 * DAY, void_after: START_UNIX + 29 * DAY },
          fields: { imageId: hash('new image').toString('hex'), role: '1', expiresAt: String(NEW_YEAR) },
          body: IMAGE.toBoc().toString('base64'),
        },
      ],
      blocks: [{ by: 'guardian', lapsed: false, until: START_UNIX + 7 * DAY }],
    });
  });

  test('takes a hash, a body in hex or base64, and a file, and shows the same order', async () => {
    const file = path.join(folder, 'order.boc');
    writeFileSync(file, IMAGE.toBoc());
    const shown = await Promise.all(
      [IMAGE.hash().toString('hex'), hex(IMAGE), IMAGE.toBoc().toString('base64'), file].map((what) =>
        rig.inspect(what),
      ),
    );
    expect(new Set(shown.map(({ text }) => text)).size).toBe(1);
    const { text } = shown[0]!;
    expect(text).toMatch(/^Order AllowImage, in the queue at .*; it loosens\.\n\n {2}It allows image/);
    expect(text).toContain('carried out  by anybody, from 2026-06-12T20:26:40Z to 2026-06-26T20:26:40Z');
    expect(text).toContain(`imageId      ${hash('new image').toString('hex')}`);
  });

  test('says of an order that is not sent yet what would become of it', async () => {
    const { text } = await rig.inspect(hex(R.revokeImageBody(hash('image'))));
    expect(text).toContain('not in the queue');
    expect(text).toContain('sent now  tightens: it is carried out at once');
    expect(text).toContain(`from      the owner, ${rig.owner.address.toString()}`);
  });

  const longer = hex(R.sealBody()).replace(/..$/, '00');
  test.each<[why: string, what: () => string | Promise<string>, code: string]>([
    ['a hash that does not wait', () => hash('nothing').toString('hex'), 'order_unknown'],
    ['a damaged bag', () => longer, 'proposal_malformed'],
    ['no bag at all', () => 'hello', 'proposal_malformed'],
    [
      'an unknown opcode',
      () => hex(orderCell([sendAction(rig.registry, 1n, IMAGE)]).refs[0]!),
      'proposal_unknown',
    ],
    ['an account that is no order', () => rig.owner.address.toString(), 'proposal_unknown'],
    [
      'an order to another registry',
      () => hex(orderCell([sendAction(new Address(0, hash('other')), TON, IMAGE)])),
      'proposal_foreign',
    ],
  ])('names what is wrong with %s', async (_, what, code) => {
    await expect(rig.inspect(await what())).rejects.toMatchObject({ code });
  });
});

describe('cocoon gov simulate', () => {
  test('carries a queued order out when it is due, on a copy alone', async () => {
    const { exit, text } = await rig.simulate(IMAGE.hash().toString('hex'));
    expect(exit).toBe(0);
    expect(text).toMatch(
      /^On a copy of registry EQ\S+, taken at\n2026-05-28T20:26:40Z\. Nothing was sent\.\n/,
    );
    expect(text).toMatch(
      /1 {2}At 2026-06-12T20:26:40Z, 15 d later, anybody sends ExecuteOrder of \w{8}\.\.\.\n/,
    );
    expect(text).toMatch(
      /the registry accepts; gas [\d,]+, fees 0\.00\d+ TON\n {3}0\.02 TON sent, 0\.01\d+ TON back\n/,
    );
    expect(text).toContain(
      `   + image ${hash('new image').toString('hex')}\n       role 1, until 2027-01-01T00:00:00Z`,
    );
    expect((await rig.inspect(null)).text).toContain('1 order in the queue');
  });

  test('moves time over the timelock of what it puts into the queue', async () => {
    const { parameters } = R.parseRegistry(
      await rig.chain.client.getMethod(rig.registry, R.REGISTRY_GETTERS.registry),
    );
    const body = R.setParametersBody({ ...parameters, minStakeNano: 5n * TON });
    const { exit, text } = await rig.simulate(hex(body), { json: true });
    const { steps } = JSON.parse(text) as { steps: { doing: string; at: number; changes: unknown[] }[] };
    expect(exit).toBe(0);
    expect(steps.map(({ doing, at }) => [doing.split(' of ')[0], at])).toEqual([
      ['the owner sends SetParameters', START_UNIX],
      ['anybody sends ExecuteOrder', START_UNIX + 15 * DAY],
    ]);
    expect(steps[1]!.changes).toContainEqual({
      what: 'minimum stake',
      key: null,
      from: '10 TON',
      to: '5 TON',
    });
  });

  test('says with which exit code a contract refuses, and ends with 3', async () => {
    const { exit, text } = await rig.simulate(hex(R.sealBody()), { from: rig.others[1].address });
    expect(exit).toBe(3);
    expect(text).toContain('somebody else sends Seal');
    expect(text).toContain('the registry refuses: not owner (1000); gas');
    expect(text).toContain('nothing changes\n\nIt would not be carried out');
  });

  test('lets the guardian block, and nobody else', async () => {
    const body = hex(R.blockBody(hash('new image')));
    expect((await rig.simulate(body, { from: rig.others[0].address })).exit).toBe(0);
    expect((await rig.simulate(body, { from: rig.others[1].address })).text).toContain('not guardian (1002)');
  });

  test('runs all actions of a proposal together, from the address that would send them', async () => {
    const actions = [IMAGE, R.revokeImageBody(hash('image'))].map((body) =>
      sendAction(rig.registry, TON, body),
    );
    const by = { role: 'signer', index: 0 } as const;
    const refused = await rig.simulate(
      hex(newOrderBody({ by, expiresAtUnix: NEW_YEAR, order: orderCell(actions) })),
    );
    // The same order waits already.
    expect(refused.text).toContain('order waiting (1023)');
    expect(refused.text).toMatch(/- image \w{64}\n/);
    expect(refused.exit).toBe(3);
  });
});

test("an order contract that its multisig does not know is nobody's proposal", async () => {
  const [stranger] = rig.others;
  const { address, init } = await strayOrderInit(stranger.address, 0n);
  const body = initOrderBody([stranger.address], NEW_YEAR, orderCell([sendAction(rig.registry, TON, IMAGE)]));
  await stranger.send({ to: address, valueNano: TON, init, body });
  await expect(rig.inspect(address.toString())).rejects.toMatchObject({
    code: 'proposal_foreign',
    message: expect.stringContaining('which does not know it'),
  });
});

describe('a multisig as owner', () => {
  const approve = (index: number, order: Address): Promise<void> =>
    rig.others[index]!.send({ to: order, valueNano: TON / 10n, body: approveBody(index) });

  test('is proposed to, read, tried and obeyed', async () => {
    const multisig = await rig.multisig();
    const [first] = rig.others;
    const words = ['allowShape', `shape=${hash('shape').toString('hex')}`];
    const { text } = await rig.propose(words, { multisig, by: first.address });
    expect(text).toContain(`proposed  by signer 0, ${first.address.toString()}`);
    expect(text).toMatch(/But action 0 is for the owner, EQ\S+,\s+and not for\s+this multisig/);
    const { message } = JSON.parse(
      (await rig.propose(['acceptOwnership'], { multisig, by: first.address, json: true })).text,
    ) as { message: { to: string; value_nano: string; body: string; link: string } };
    expect(message.link).toMatch(/^ton:\/\/transfer\/EQ\S+\?amount=\d+&bin=te6cc/);

    await rig.order(R.offerOwnershipBody(multisig));
    const order = await readOrderAddress(rig.chain.client, multisig, 0n);
    await first.send({
      to: multisig,
      valueNano: BigInt(message.value_nano),
      body: Cell.fromBase64(message.body),
    });
    const before = (await rig.inspect(order.toString())).text;
    expect(before).toContain('approved  by 1 of the 2 that it needs');
    expect(before).toMatch(/It hands the registry from EQ/);
    expect(before).not.toContain('But');
    expect((await rig.simulate(order.toString())).text).toMatch(/~ owner\n {7}EQ\S+ ->\n {7}EQ/);
    await approve(1, order);
    expect((await rig.inspect(order.toString())).text).toContain('But it was carried out already.');
    expect((await rig.inspect(null)).text).toContain('a multisig: 2 of 2 signers');
    await expect(rig.propose(['seal'], { multisig, by: rig.owner.address })).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });
});

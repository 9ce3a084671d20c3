import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NetworkProvider } from '@ton/blueprint';
import { Address, Cell } from '@ton/core';
import { run as acceptOwnership } from '../../scripts/acceptOwnership';
import { run as allowShape } from '../../scripts/allowShape';
import { run as approveOrder } from '../../scripts/approveOrder';
import { run as cancelOrder } from '../../scripts/cancelOrder';
import { run as deployRegistry } from '../../scripts/deployRegistry';
import { run as executeOrder } from '../../scripts/executeOrder';
import { run as offerOwnership } from '../../scripts/offerOwnership';
import { run as sealRegistry } from '../../scripts/sealRegistry';
import { run as showOrders } from '../../scripts/showOrders';
import { createChain } from '../../src/chain/chain';
import type { WalletSender } from '../../src/chain/types';
import { createWalletSender } from '../../src/chain/wallet';
import { createDevnet, type Devnet } from '../../src/devnet/devnet';
import { keyPairFromSeed } from '../../src/protocol/ed25519';
import { sha256 } from '../../src/protocol/hash';
import { TIMELOCK_SECONDS } from '../../wrappers/Registry';
import { multisigInit } from '../support/multisig';
import { runCommand } from './support/blueprint';

type Command = (provider: NetworkProvider, args: string[]) => Promise<void>;

const COIN = 1_000_000_000n;
const SHAPE = sha256(Buffer.from('shape')).toString('hex');
const OTHER = sha256(Buffer.from('other shape')).toString('hex');

let devnet: Devnet;
let founder: WalletSender;
let ann: WalletSender;
let bob: WalletSender;
let multisig: Address;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'deployments-'));
  process.env['COCOON_DEPLOYMENTS'] = folder;
  process.env['COCOON_ASK'] = 'never';
  devnet = await createDevnet({ dataDir: null, port: 0, blockIntervalMs: 0 });
  const nobody = new Address(0, Buffer.alloc(32));
  const chain = await createChain({ endpoint: devnet.apiUrl, registry: nobody });
  const [first, second, third] = ['founder', 'ann', 'bob'].map((name) =>
    createWalletSender(chain, keyPairFromSeed(sha256(Buffer.from(name)))),
  );
  [founder, ann, bob] = [first!, second!, third!];
  for (const wallet of [founder, ann, bob]) await devnet.faucet(wallet.address, 100n * COIN);
  const { address, init } = await multisigInit({ threshold: 2, signers: [ann.address, bob.address] });
  await founder.send({ to: address, valueNano: COIN, init, body: Cell.EMPTY, bounce: false });
  multisig = address;
});

afterAll(async () => {
  await devnet.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a command with somebody's wallet; what it wrote, but for the two lines that every command begins with. */
async function perform(
  wallet: WalletSender,
  command: Command,
  args: Record<string, string> = {},
): Promise<string[]> {
  return runCommand({ wallet, endpoint: devnet.apiUrl }, command, args);
}

const valueOf = (lines: readonly string[], label: string): string =>
  lines.find((line) => line.startsWith(label.padEnd(10)))!.slice(10);

/** Ann proposes and Bob approves, which carries it out; what approving wrote. */
async function decide(command: Command, args: Record<string, string> = {}): Promise<string[]> {
  const proposed = await perform(ann, command, args);
  expect(proposed[0]).toMatch(/^done {6}proposed: /);
  expect(valueOf(proposed, 'needs')).toContain('1 more approval');
  return perform(bob, approveOrder, { proposal: valueOf(proposed, 'proposal') });
}

test('members of a multisig take a registry over and govern it with the commands of a single maintainer', async () => {
  await perform(founder, deployRegistry);
  await perform(founder, offerOwnership, { newOwner: multisig.toString() });
  const accepted = await decide(acceptOwnership);
  expect(accepted[0]).toMatch(/^action 0 {2}it hands the registry from EQ\S+ to EQ/);
  expect(accepted.at(-1)).toBe('approvals 2 of the 2 that it needs');
  await decide(sealRegistry);

  await decide(allowShape, { shape: SHAPE });
  await decide(allowShape, { shape: OTHER });
  const waiting = await perform(founder, showOrders);
  expect(waiting.filter((line) => line.startsWith('order'))).toHaveLength(2);
  expect(waiting.join('\n')).toContain(
    `it allows shape ${SHAPE.slice(0, 8)}...; today it is not on the list`,
  );
  const hashOf = (shape: string): string =>
    waiting[waiting.findIndex((line) => line.includes(shape.slice(0, 8))) - 1]!.split(/ +/)[1]!;

  await decide(cancelOrder, { order: hashOf(OTHER) });
  expect(await perform(founder, executeOrder, { order: hashOf(SHAPE) })).toEqual([
    expect.stringContaining('not yet'),
  ]);
  devnet.advance(TIMELOCK_SECONDS);
  const executed = await perform(founder, executeOrder, { order: hashOf(SHAPE) });
  expect(executed[0]).toBe('done      order carried out');
  expect(await perform(founder, showOrders)).toEqual(['orders    none']);
});

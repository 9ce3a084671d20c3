import { Cell, type Address } from '@ton/core';
import { deployRegistry, orderRegistry } from '../../../src/chain/accounts';
import { createChain, type ConnectedChain } from '../../../src/chain/chain';
import type { WalletSender } from '../../../src/chain/types';
import { createWalletSender, walletOf } from '../../../src/chain/wallet';
import type { Console } from '../../../src/cli/console';
import { createForkSource } from '../../../src/cli/gov/forkSource';
import { runInspect } from '../../../src/cli/gov/inspect';
import { runPropose } from '../../../src/cli/gov/propose';
import { runSimulate } from '../../../src/cli/gov/simulate';
import { createDevnet, type Devnet } from '../../../src/devnet/devnet';
import { createFork } from '../../../src/devnet/fork';
import { keyPairFromSeed } from '../../../src/protocol/ed25519';
import { registryAddress } from '../../../wrappers/Registry';
import { multisigInit } from '../../support/multisig';

export const START_UNIX = 1_780_000_000;
export const TON = 1_000_000_000n;

/** A registry on a devnet, its owner, a guardian to be, and two signers of a multisig. */
export interface GovRig {
  devnet: Devnet;
  chain: ConnectedChain;
  registry: Address;
  owner: WalletSender;
  others: [WalletSender, WalletSender];
  order(body: Cell, from?: WalletSender): Promise<void>;
  /** Two of two; not deployed before it is asked for. */
  multisig(): Promise<Address>;
  inspect(what: string | null, json?: boolean): Promise<Printed>;
  simulate(what: string, options?: { from?: Address; json?: boolean }): Promise<Printed>;
  propose(orders: string[], options: { multisig: Address; by: Address; json?: boolean }): Promise<Printed>;
  close(): Promise<void>;
}

export interface Printed {
  exit: number;
  text: string;
}

export async function createGovRig(): Promise<GovRig> {
  const devnet = await createDevnet({
    dataDir: null,
    blockIntervalMs: 0,
    startUnix: START_UNIX,
    frozen: true,
  });
  const keys = [1, 2, 3].map((seed) => keyPairFromSeed(Buffer.alloc(32, seed)));
  const registry = await registryAddress(
    'simulated',
    walletOf('v5r1', keys[0]!.publicKey, devnet.networkId).address,
  );
  const chain = await createChain({ endpoint: devnet.apiUrl, registry });
  const sleep = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const [owner, first, second] = keys.map((pair) => createWalletSender(chain, pair, {}, { sleep }));
  for (const wallet of [owner!, first!, second!]) await devnet.faucet(wallet.address, 100n * TON);
  await deployRegistry(owner!, 'simulated');

  let multisig: Promise<Address> | undefined;
  const deployMultisig = async (): Promise<Address> => {
    const signers = [first!.address, second!.address];
    const { address, init } = await multisigInit({ threshold: 2, signers });
    await owner!.send({ to: address, valueNano: TON, init, body: Cell.EMPTY, bounce: false });
    return address;
  };
  const source = createForkSource(devnet.apiUrl, chain.client);
  const progress = <T>(_: string, work: Promise<T>): Promise<T> => work;
  return {
    devnet,
    chain,
    registry,
    owner: owner!,
    others: [first!, second!],
    order: async (body, from = owner!) => void (await orderRegistry(from, registry, body)),
    multisig: () => (multisig ??= deployMultisig()),
    inspect: (what, json = false) =>
      printed((to) => runInspect({ what, registry, multisig: null, json }, chain.client, to)),
    simulate: (what, { from = undefined, json = false } = {}) =>
      printed((to) =>
        runSimulate(
          { what, registry, multisig: null, from: from ?? null, json },
          { client: chain.client, source, createFork, progress },
          to,
        ),
      ),
    propose: (orders, { json = false, ...at }) =>
      printed((to) => runPropose({ orders, registry, ...at, seconds: 86_400, json }, chain.client, to)),
    close: () => devnet.close(),
  };
}

async function printed(run: (to: Console) => Promise<number>): Promise<Printed> {
  let text = '';
  const exit = await run({ colours: false, write: (more) => void (text += more) });
  return { exit, text };
}

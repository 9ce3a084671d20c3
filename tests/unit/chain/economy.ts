import type { Address } from '@ton/core';
import {
  admitWorker,
  announceStatement,
  deployRegistry,
  openEscrow,
  orderRegistry,
  stakeWorker,
} from '../../../src/chain/accounts';
import { createChain, type ConnectedChain } from '../../../src/chain/chain';
import type { WalletSender } from '../../../src/chain/types';
import { createWalletSender, walletOf } from '../../../src/chain/wallet';
import { createDevnet, type Devnet, type DevnetConfig } from '../../../src/devnet/devnet';
import { keyPairFromSeed, sign, type KeyPair } from '../../../src/protocol/ed25519';
import { lineId, NO_FEE_RECIPIENT, type Line } from '../../../src/protocol/line';
import { receiptLayout, type Receipt, type Signed } from '../../../src/protocol/signed';
import { modelsRoot, StatementRole, statementHash, statementImage } from '../../../src/protocol/statement';
import {
  allowImageBody,
  allowShapeBody,
  registryAddress,
  setParametersBody,
} from '../../../wrappers/Registry';
import { workerAddress } from '../../../wrappers/Worker';

export const START_UNIX = 1_780_000_000;
export const TON = 1_000_000_000n;
export const DAY = 86_400;
export const IMAGE = Buffer.alloc(32, 0x11);
export const SHAPE = Buffer.alloc(32, 0x22);

export const key = (seed: number): KeyPair => keyPairFromSeed(Buffer.alloc(32, seed));

/** A devnet, a registry and wallets; time stands still, and every wait returns at once. */
export interface Economy {
  devnet: Devnet;
  chain: ConnectedChain;
  clock: { now(): number };
  maintainer: WalletSender;
  wallet(seed: number, coins?: bigint): Promise<WalletSender>;
  close(): Promise<void>;
}

export async function createEconomy(config: Partial<DevnetConfig> = {}): Promise<Economy> {
  const devnet = await createDevnet({
    dataDir: null,
    blockIntervalMs: 0,
    startUnix: START_UNIX,
    frozen: true,
    ...config,
  });
  const owner = walletOf('v5r1', key(1).publicKey, devnet.networkId).address;
  const chain = await createChain({ endpoint: devnet.apiUrl, registry: await registryAddress('simulated', owner) });
  const sleep = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  const wallet = async (seed: number, coins = 100n): Promise<WalletSender> => {
    const sender = createWalletSender(chain, key(seed), {}, { sleep });
    await devnet.faucet(sender.address, coins * TON);
    return sender;
  };
  const maintainer = await wallet(1);
  await deployRegistry(maintainer, 'simulated');
  const parameters = {
    minStakeNano: TON,
    unbondingSeconds: 86_400,
    protocolFeeBps: 0,
    routerDepositNano: TON,
    treasury: maintainer.address,
  };
  await orderRegistry(maintainer, chain.registry, setParametersBody(parameters));
  await orderRegistry(maintainer, chain.registry, allowImageBody(IMAGE, START_UNIX + 365 * DAY));
  await orderRegistry(maintainer, chain.registry, allowShapeBody(SHAPE));
  return {
    devnet,
    chain,
    clock: { now: () => devnet.nowUnix() },
    maintainer,
    wallet,
    close: () => devnet.close(),
  };
}

export interface RunningWorker {
  address: Address;
  index: number;
  keys: KeyPair;
  statement: Buffer;
}

/** Stakes, announces and admits a worker of `provider`. */
export async function admittedWorker(
  economy: Economy,
  provider: WalletSender,
  index: number,
  keys: KeyPair,
): Promise<RunningWorker> {
  const { chain, maintainer } = economy;
  const address = await workerAddress(chain.registry, provider.address, index);
  await stakeWorker(provider, {
    registry: chain.registry,
    index,
    stakeNano: TON,
    operator: provider.address,
  });
  const statement = statementOf(economy, address, keys);
  await announceStatement(provider, address, statement, []);
  await admitWorker(maintainer, chain.registry, {
    provider: provider.address,
    index,
    statementHash: statementHash(statement),
    imageId: IMAGE,
    shape: SHAPE,
  });
  return { address, index, keys, statement };
}

export function statementOf({ chain, clock }: Economy, worker: Address, keys: KeyPair): Buffer {
  const now = Math.floor(clock.now());
  return statementImage({
    role: StatementRole.Worker,
    networkId: chain.networkId,
    registry: chain.registry.hash,
    worker: worker.hash,
    receiptKey: keys.publicKey,
    hpkeKey: Buffer.alloc(32, 3),
    kemId: 0x20,
    kdfId: 1,
    aeadId: 2,
    notBefore: now,
    notAfter: now + DAY,
    modelsRoot: modelsRoot([]),
    gpuEvidenceHash: Buffer.alloc(32),
    hostTier: 0,
  });
}

export async function openedEscrow(
  economy: Economy,
  client: WalletSender,
  deposit: bigint,
): Promise<Address> {
  const { contract } = await openEscrow(client, {
    registry: economy.chain.registry,
    signer: key(200).publicKey,
    signerBudgetNano: 5n * TON,
    depositNano: deposit,
  });
  return contract;
}

export function lineTo(economy: Economy, worker: RunningWorker, days = 7): Line {
  return {
    workerAddress: worker.address.hash,
    settleBy: Math.floor(economy.clock.now()) + days * DAY,
    feeBps: 0,
    feeTo: NO_FEE_RECIPIENT,
    workerKey: worker.keys.publicKey,
  };
}

export function receiptFor(
  line: Line,
  domain: Buffer,
  total: bigint,
  keys: KeyPair,
  flags = 0,
): Signed<Receipt> {
  const value: Receipt = {
    domain,
    lineId: lineId(line),
    total,
    jobs: 1n,
    jobsRoot: Buffer.alloc(32, 7),
    issuedAt: START_UNIX,
    flags,
  };
  return { value, signature: sign(receiptLayout.hash(value), keys) };
}

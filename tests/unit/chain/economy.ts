import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Address } from '@ton/core';
import {
  announceStatement,
  deployRegistry,
  openEscrow,
  orderRegistry,
  stakeWorker,
} from '../../../src/chain/accounts';
import { attestWorker } from '../../../src/chain/attest';
import { createChain, type ConnectedChain } from '../../../src/chain/chain';
import { newestSharedBlock } from '../../../src/chain/masterchain';
import type { TraceableWallet, WalletSender } from '../../../src/chain/types';
import { createWalletSender, walletOf } from '../../../src/chain/wallet';
import { createDevnet, type Devnet, type DevnetConfig } from '../../../src/devnet/devnet';
import { keyPairFromSeed, sign, type KeyPair } from '../../../src/protocol/ed25519';
import { lineId, NO_FEE_RECIPIENT, type Line } from '../../../src/protocol/line';
import { receiptLayout, type Receipt, type Signed } from '../../../src/protocol/signed';
import { modelsRoot, statementDigest, StatementRole, statementImage } from '../../../src/protocol/statement';
import { ANY_FMSPC } from '../../../src/protocol/tcb';
import { createSimulatedQuotes, type SimulatedQuotes } from '../../../src/worker/quotes/simulator';
import {
  allowImageBody,
  allowShapeBody,
  allowTcbBody,
  registryAddress,
  setParametersBody,
} from '../../../wrappers/Registry';
import { workerAddress } from '../../../wrappers/Worker';

export const START_UNIX = 1_780_000_000;
export const TON = 1_000_000_000n;
export const DAY = 86_400;
/** Every machine is good enough. */
const FLOOR = { pceId: 0, pceSvn: 0, sgxSvns: Buffer.alloc(16), teeTcbSvn: Buffer.alloc(16), qeIsvSvn: 0 };

export const key = (seed: number): KeyPair => keyPairFromSeed(Buffer.alloc(32, seed));

/** A devnet, a registry and wallets; time stands still, and every wait returns at once. */
export interface Economy {
  devnet: Devnet;
  chain: ConnectedChain;
  clock: { now(): number };
  maintainer: WalletSender;
  /** Where its workers run. */
  machine: SimulatedQuotes;
  wallet(seed: number, coins?: bigint): Promise<TraceableWallet>;
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
  const chain = await createChain({
    endpoint: devnet.apiUrl,
    registry: await registryAddress('simulated', owner),
  });
  const sleep = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  const wallet = async (seed: number, coins = 100n): Promise<TraceableWallet> => {
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
  const stateDir = mkdtempSync(join(tmpdir(), 'cocoon-economy-'));
  const machine = createSimulatedQuotes({ stateDir }, { randomBytes, nowUnix: () => START_UNIX });
  const { imageId, shape } = await machine.measured();
  await orderRegistry(maintainer, chain.registry, allowImageBody(imageId, START_UNIX + 365 * DAY));
  await orderRegistry(maintainer, chain.registry, allowShapeBody(shape));
  await orderRegistry(maintainer, chain.registry, allowTcbBody(Buffer.from(ANY_FMSPC, 'hex'), FLOOR));
  return {
    devnet,
    chain,
    clock: { now: () => devnet.nowUnix() },
    maintainer,
    machine,
    wallet,
    async close() {
      await devnet.close();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

export interface RunningWorker {
  address: Address;
  index: number;
  keys: KeyPair;
  statement: Buffer;
}

/** Stakes, announces and attests a worker of `provider`. */
export async function admittedWorker(
  economy: Economy,
  provider: WalletSender,
  index: number,
  keys: KeyPair,
): Promise<RunningWorker> {
  const { chain } = economy;
  const address = await workerAddress(chain.registry, provider.address, index);
  await stakeWorker(provider, {
    registry: chain.registry,
    index,
    stakeNano: TON,
    operator: provider.address,
  });
  const statement = statementOf(economy, address, keys);
  await announceStatement(provider, address, statement, []);
  await attestWorker(provider, chain, { worker: address, quote: await quoteFor(economy, statement) });
  return { address, index, keys, statement };
}

/** A quote for this statement, as young as it can be. */
export async function quoteFor({ chain, machine }: Economy, statement: Buffer): Promise<Uint8Array> {
  const { rootHash } = await newestSharedBlock(chain.client);
  return machine.quote(Buffer.concat([statementDigest(statement), rootHash]));
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

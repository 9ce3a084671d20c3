import { Address, beginCell, TupleReader, type Cell, type StateInit, type TupleItem } from '@ton/core';
import {
  internal,
  type Blockchain,
  type BlockchainSnapshot,
  type SandboxContract,
  type SendMessageResult,
  type TreasuryContract,
} from '@ton/sandbox';
import * as binding from '../../build/Worker/Worker_Worker';
import { Registry as RegistrySimulated } from '../../build/RegistrySimulated/RegistrySimulated_Registry';
import { keyPairFromSeed, type KeyPair } from '../../src/protocol/ed25519';
import { sha256 } from '../../src/protocol/hash';
import {
  modelsRoot,
  StatementRole,
  statementDigest,
  statementImage,
  type Statement,
} from '../../src/protocol/statement';
import {
  allowImageBody,
  allowModelBody,
  allowShapeBody,
  allowTcbBody,
  parseListed,
  parseRegistry,
  refusalArguments,
  REGISTRY_GETTERS,
  REGISTRY_OPCODES,
  registryAddress,
  registryInit,
  setGuardianBody,
  setParametersBody,
  type RegistryOnChain,
  type RegistryParameters,
} from '../../wrappers/Registry';
import { ROUTER_OPCODES, routerAddress } from '../../wrappers/Router';
import {
  announceBody,
  GET_WORKER,
  parseWorker,
  parseWorkerMinValues,
  GET_WORKER_MIN_VALUES,
  stakeBody,
  WORKER_OPCODES,
  workerAddress,
  workerInit,
  type WorkerMinValues,
  type WorkerOnChain,
} from '../../wrappers/Worker';
import * as A from './attestation';
import { createTestChain, flow, TEST_GENESIS, TEST_NETWORK_ID, type Step } from './chain';

export const COIN = 1_000_000_000n;
export const DAY = 86_400;
export const IMAGE_ID = sha256(Buffer.from('image'));
export const SHAPE = sha256(Buffer.from('shape'));
export const IMAGE_EXPIRES_AT = TEST_GENESIS + 90 * DAY;
export const INDEX = 3;
/** The model of every statement, and the first recent block of every chain. */
export const MODEL = sha256(Buffer.from('model'));
const FIRST_BLOCK = 40_000;

type Wallet = SandboxContract<TreasuryContract>;

/** A genuine registry with one image, shape, model and TCB floor, one machine, and the people around them. */
export interface Network {
  chain: Blockchain;
  owner: Wallet;
  guardian: Wallet;
  treasury: Wallet;
  provider: Wallet;
  operator: Wallet;
  routerOperator: Wallet;
  stranger: Wallet;
  registry: Address;
  worker: Address;
  router: Address;
  /** The machine of PPID_HASH; its quotes are said, not verified, in these tests. */
  platform: Address;
  parameters: RegistryParameters;
}

/** Every network of a test file is the same one, set back to its beginning: one at a time. */
export async function createNetwork(): Promise<Network> {
  fresh ??= deployNetwork().then((net) => ({ net, state: net.chain.snapshot() }));
  const { net, state } = await fresh;
  await net.chain.loadFrom(state);
  return net;
}

let fresh: Promise<{ net: Network; state: BlockchainSnapshot }> | undefined;

async function deployNetwork(): Promise<Network> {
  const chain = await createTestChain();
  const [owner, guardian, treasury, provider, operator, routerOperator, stranger] = await Promise.all(
    ['owner', 'guardian', 'treasury', 'provider', 'operator', 'router operator', 'stranger'].map((name) =>
      chain.treasury(name),
    ),
  );
  const registry = await registryAddress('simulated', owner!.address);
  const net: Network = {
    chain,
    owner: owner!,
    guardian: guardian!,
    treasury: treasury!,
    provider: provider!,
    operator: operator!,
    routerOperator: routerOperator!,
    stranger: stranger!,
    registry,
    worker: await workerAddress(registry, provider!.address, INDEX),
    router: await routerAddress(registry, routerOperator!.address),
    platform: await A.deployPlatform(chain, registry),
    parameters: {
      minStakeNano: 10n * COIN,
      unbondingSeconds: 14 * DAY,
      protocolFeeBps: 100,
      routerDepositNano: COIN,
      treasury: treasury!.address,
    },
  };
  await send(
    net,
    net.owner,
    registry,
    setParametersBody(net.parameters),
    COIN,
    await registryInit('simulated', owner!.address),
  );
  await send(net, net.owner, registry, setGuardianBody(net.guardian.address));
  await send(net, net.owner, registry, allowImageBody(IMAGE_ID, IMAGE_EXPIRES_AT));
  await send(net, net.owner, registry, allowShapeBody(SHAPE));
  await send(net, net.owner, registry, allowModelBody(MODEL, 'model'));
  await send(net, net.owner, registry, allowTcbBody(A.ANY_FAMILY, A.FLOOR));
  A.setRecentBlocks(chain, FIRST_BLOCK);
  return net;
}

/** Sends straight from the address, so that value and flow hold nothing of a wallet's own. */
export async function send(
  net: Network,
  from: Wallet | Address,
  to: Address,
  body: Cell,
  value: bigint = COIN,
  init?: StateInit,
): Promise<SendMessageResult> {
  const source = 'address' in from ? from.address : from;
  const result = await net.chain.sendMessage(
    internal({ from: source, to, value, body, bounce: true, ...(init && { stateInit: init }) }),
  );
  expectLawOfBounces(net, result);
  return result;
}

/** Whatever happens, only reports to the Registry may come back: nobody else would do anything sensible with one. */
function expectLawOfBounces(net: Network, { transactions }: SendMessageResult): void {
  const registry = net.registry.toString();
  const ours = [registry, net.worker.toString(), net.router.toString()];
  for (const { inMessage, outMessages } of transactions) {
    if (!ours.includes(String(inMessage?.info.dest))) continue;
    for (const { info } of outMessages.values()) {
      if (info.type !== 'internal' || info.bounced) continue;
      const to = info.dest.toString();
      expect({ to, bounce: info.bounce }).toEqual({ to, bounce: to === registry });
    }
  }
}

export async function stake(
  net: Network,
  amountNano: bigint = net.parameters.minStakeNano,
): Promise<SendMessageResult> {
  const init = await workerInit(net.registry, net.provider.address, INDEX);
  return send(
    net,
    net.provider,
    net.worker,
    stakeBody(amountNano, net.operator.address),
    amountNano + COIN,
    init,
  );
}

export function workerKeys(name = 'first'): KeyPair {
  return keyPairFromSeed(sha256(Buffer.from(`worker key ${name}`)));
}

export function workerKey(name = 'first'): Buffer {
  return workerKeys(name).publicKey;
}

/** A statement that the Worker accepts now; `change` breaks or varies one field. */
export function statement(net: Network, change: Partial<Statement> = {}): Buffer {
  const now = net.chain.now!;
  return statementImage({
    role: StatementRole.Worker,
    networkId: TEST_NETWORK_ID,
    registry: net.registry.hash,
    worker: net.worker.hash,
    receiptKey: workerKey(),
    hpkeKey: sha256(Buffer.from('hpke')),
    kemId: 0x20,
    kdfId: 1,
    aeadId: 2,
    notBefore: now,
    notAfter: now + DAY,
    modelsRoot: modelsRoot([MODEL]),
    gpuEvidenceHash: Buffer.alloc(32),
    hostTier: 0,
    ...change,
  });
}

export async function announce(
  net: Network,
  image: Buffer = statement(net),
  models: readonly Buffer[] = [MODEL],
): Promise<SendMessageResult> {
  return send(net, net.operator, net.worker, announceBody(image, models));
}

/** A network whose Worker is staked and has announced a statement. */
export async function announcedWorker(): Promise<{ net: Network; image: Buffer }> {
  const net = await createNetwork();
  await stake(net);
  const image = statement(net);
  await announce(net, image);
  return { net, image };
}

/** What a quote for this statement says; bound to the newest recent block, which becomes an older one. */
export function quoteOf(net: Network, image: Buffer, change: Partial<A.Said> = {}): A.Said {
  return {
    ...A.MACHINE,
    imageId: IMAGE_ID,
    shape: SHAPE,
    statementDigest: statementDigest(image),
    blockRoot: A.blockRoot(A.recentBlock(net.chain)),
    ...change,
  };
}

/** A quote as the network's Platform passes it on for a stranger, who pays. */
export async function attest(
  net: Network,
  said: A.Said,
  { value = COIN, certifiedUntil = IMAGE_EXPIRES_AT, ppidHash = A.PPID_HASH } = {},
): Promise<SendMessageResult> {
  const body = A.quoteVerifiedBody({
    ...{ said, certifiedUntil, ppidHash },
    provider: net.provider.address,
    index: INDEX,
    responseTo: net.stranger.address,
  });
  return send(net, await A.platformOf(net.registry, ppidHash), net.registry, body, value);
}

/** Attests what was announced, after a while: every quote is bound to a younger block than the one before. */
export async function admit(
  net: Network,
  image: Buffer,
  change: Partial<A.Said> = {},
): Promise<SendMessageResult> {
  A.setRecentBlocks(net.chain, A.recentBlock(net.chain) + 100);
  return attest(net, quoteOf(net, image, change));
}

/** The Platform's answer when its last slot went to another Worker meanwhile. */
export async function refuseSlot(net: Network, ppidHash = A.PPID_HASH): Promise<SendMessageResult> {
  const body = A.slotRefusedBody({
    ppidHash,
    provider: net.provider.address,
    index: INDEX,
    responseTo: net.stranger.address,
  });
  return send(net, await A.platformOf(net.registry, ppidHash), net.registry, body);
}

/** A staked Worker with one admitted key; made once, like the network. */
export async function createActiveWorker(): Promise<Network> {
  const net = await createNetwork();
  active ??= activate(net);
  await net.chain.loadFrom(await active);
  return net;
}

let active: Promise<BlockchainSnapshot> | undefined;

async function activate(net: Network): Promise<BlockchainSnapshot> {
  await stake(net);
  const image = statement(net);
  await announce(net, image);
  await admit(net, image);
  return net.chain.snapshot();
}

export async function get(
  net: Network,
  address: Address,
  method: string,
  args: TupleItem[] = [],
): Promise<TupleReader> {
  return new TupleReader((await net.chain.runGetMethod(address, method, args)).stack);
}

/** Addresses and bytes as text, so that values compare. */
export type Plain<T> = T extends bigint
  ? bigint
  : T extends Address | Buffer
    ? string
    : T extends readonly (infer U)[]
      ? Plain<U>[]
      : T extends object
        ? { [K in keyof T]: Plain<T[K]> }
        : T;

export function plain<T>(value: T): Plain<T> {
  const convert = (part: unknown): unknown => {
    if (Address.isAddress(part)) return part.toRawString();
    if (Buffer.isBuffer(part)) return part.toString('hex');
    if (Array.isArray(part)) return part.map(convert);
    if (typeof part !== 'object' || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, convert(inner)]));
  };
  return convert(value) as Plain<T>;
}

export async function readWorker(net: Network): Promise<Plain<WorkerOnChain>> {
  return plain(parseWorker(await get(net, net.worker, GET_WORKER)));
}

/** Puts a contract into a balance that no message leads to quickly, such as after years of rent. */
export async function setBalance(net: Network, address: Address, balance: bigint): Promise<void> {
  const contract = await net.chain.getContract(address);
  contract.balance = balance;
}

export async function workerMinValues(net: Network): Promise<WorkerMinValues> {
  return parseWorkerMinValues(await get(net, net.worker, GET_WORKER_MIN_VALUES));
}

export async function listedWorkers(net: Network): Promise<string[]> {
  return plain(parseListed(await get(net, net.registry, REGISTRY_GETTERS.workers)));
}

export async function listedRouters(net: Network): Promise<string[]> {
  return plain(parseListed(await get(net, net.registry, REGISTRY_GETTERS.routers)));
}

/** The same people around children of another registry, deployed or not. */
export async function withRegistry(net: Network, registry: Address): Promise<Network> {
  return {
    ...net,
    registry,
    worker: await workerAddress(registry, net.provider.address, INDEX),
    router: await routerAddress(registry, net.routerOperator.address),
    platform: await A.platformOf(registry),
  };
}

export async function workerStateInit(net: Network): Promise<StateInit> {
  return workerInit(net.registry, net.provider.address, INDEX);
}

/** What the Registry's getter says about such a quote for the usual Worker now; 0 for nothing against it. */
export async function refusalOf(net: Network, change: Partial<A.Said> = {}): Promise<number> {
  const said = quoteOf(net, statement(net), change);
  const args = refusalArguments({
    measured: A.measuredCell(said),
    tcb: A.tcbCell(said),
    worker: net.worker,
    platform: net.platform,
  });
  return (await get(net, net.registry, REGISTRY_GETTERS.refusal, args)).readNumber();
}

export async function admissionValue(net: Network): Promise<bigint> {
  return (await get(net, net.registry, REGISTRY_GETTERS.admissionValue)).readBigNumber();
}

/** The same network seen by another provider. */
export async function withProvider(net: Network, provider: Wallet): Promise<Network> {
  return { ...net, provider, worker: await workerAddress(net.registry, provider.address, INDEX) };
}

/** What only the Registry may say to a Worker. */
export function termsGrantedBody(net: Network): Cell {
  const { protocolFeeBps, treasury, minStakeNano, unbondingSeconds } = net.parameters;
  return beginCell()
    .store(
      binding.storeTermsGranted({
        $$type: 'TermsGranted',
        feeBps: BigInt(protocolFeeBps),
        treasury,
        minStake: minStakeNano,
        unbondingSeconds: BigInt(unbondingSeconds),
      }),
    )
    .endCell();
}

export function attestedBody(net: Network, image: Buffer, notAfter = IMAGE_EXPIRES_AT): Cell {
  return A.attestedBody({
    said: quoteOf(net, image),
    platform: net.platform.hash,
    notAfter,
    minStakeNano: net.parameters.minStakeNano,
    responseTo: net.stranger.address,
  });
}

export async function readRegistry(net: Network): Promise<Plain<RegistryOnChain>> {
  return plain(parseRegistry(await get(net, net.registry, REGISTRY_GETTERS.registry)));
}

/** The message chain as `from -> to: op exit` lines with everybody's name. */
export function story(net: Network, result: SendMessageResult): string[] {
  const names = {
    addresses: new Map(
      Object.entries({
        ...walletsOf(net),
        registry: net.registry,
        worker: net.worker,
        router: net.router,
        platform: net.platform,
      }).map(([name, address]) => [address.toRawString(), name]),
    ),
    opcodes: new Map(
      Object.entries({
        ...WORKER_OPCODES,
        ...REGISTRY_OPCODES,
        ...ROUTER_OPCODES,
        ...RegistrySimulated.opcodes,
      }).map(([name, op]) => [op, name]),
    ),
  };
  return flow(result, names).map(({ from, to, op, exit }: Step) => `${from} -> ${to}: ${op} ${exit}`);
}

function walletsOf(net: Network): Record<string, Address> {
  return {
    owner: net.owner.address,
    guardian: net.guardian.address,
    treasury: net.treasury.address,
    provider: net.provider.address,
    operator: net.operator.address,
    routerOperator: net.routerOperator.address,
    stranger: net.stranger.address,
  };
}

/** Exit code of the first transaction: the one of the contract that was asked. */
export function firstExit(net: Network, result: SendMessageResult): number {
  return Number(story(net, result)[0]!.split(' ').at(-1));
}

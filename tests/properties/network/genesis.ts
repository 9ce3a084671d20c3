import { toNano, type Address, type Cell } from '@ton/core';
import { internal, type Blockchain } from '@ton/sandbox';
import { modelsRoot, StatementRole, statementImage } from '../../../src/protocol/statement';
import * as escrows from '../../../wrappers/Escrow';
import * as workers from '../../../wrappers/Worker';
import { confirmation } from '../../support/admittedWorker';
import { createTestChain, TEST_NETWORK_ID } from '../../support/chain';
import { makeAccount, NO_ACCOUNT, readAccount } from './accounts';
import { readEscrowBooks, readWorkerBooks } from './books';
import * as C from './cast';
import { createEmulator } from './emulator';
import { noCounts } from './events';
import { termsBody } from './registryRole';
import type { EscrowAccount, Terms, World, WorkerAccount } from './world';

// Where every schedule begins: made once, by messages on a chain of the sandbox, so that no state is invented.

const TERMS: Terms = { feeBps: 200, unbondingSeconds: 7 * C.DAY, minStake: toNano('1') };
const DEPOSITS = [toNano('6'), toNano('3'), toNano('2')];
const BUDGETS = [toNano('5'), toNano('1')];
const ESCROWS = DEPOSITS.length;

export async function createGenesis(): Promise<World> {
  const cast = await C.createCast();
  const chain = await createTestChain();
  chain.now = C.BEGIN - C.OLD_KEY_SECONDS;
  for (const index of deployedWorkers()) await stakeAndAdmit(chain, cast, index);
  chain.now = C.BEGIN - 60;
  for (const index of deployedWorkers())
    await admit(chain, cast, index, C.WORKERS[index]!.keys.fresh.publicKey);
  for (let index = 0; index < ESCROWS; index++) await createEscrow(chain, index);
  chain.now = C.BEGIN;

  const world: World = {
    cast,
    emulator: await createEmulator(),
    prices: await readPrices(chain, cast),
    now: C.BEGIN,
    lt: 1_000_000_000n,
    escrows: [],
    workers: [],
    bag: [],
    flows: { began: 0n, in: 0n, out: 0n, chain: 0n },
    terms: TERMS,
    lines: new Map(),
    counts: noCounts(),
  };
  for (let index = 0; index < ESCROWS; index++)
    world.escrows.push(await escrowAccount(chain, await escrowAddress(index)));
  for (const [index, address] of cast.workers.entries())
    world.workers.push(await workerAccount(chain, address, C.WORKERS[index]!.deployed));
  world.flows.began = [...world.escrows, ...world.workers].reduce((sum, { balance }) => sum + balance, 0n);
  return world;
}

const deployedWorkers = (): number[] => C.WORKERS.flatMap(({ deployed }, index) => (deployed ? [index] : []));

async function send(
  chain: Blockchain,
  from: Address,
  to: Address,
  body: Cell,
  init?: Awaited<ReturnType<typeof workers.workerInit>>,
): Promise<void> {
  const message = internal({
    from,
    to,
    value: toNano('3'),
    bounce: true,
    body,
    ...(init && { stateInit: init }),
  });
  await chain.sendMessage(message);
}

async function stakeAndAdmit(chain: Blockchain, cast: C.Cast, index: number): Promise<void> {
  const { provider, index: number, keys } = C.WORKERS[index]!;
  const [owner, address] = [C.PROVIDERS[provider]!, cast.workers[index]!];
  const init = await workers.workerInit(C.REGISTRY, owner, number);
  await send(chain, owner, address, workers.stakeBody(toNano('2'), owner), init);
  await send(chain, C.REGISTRY, address, termsBody(TERMS));
  await admit(chain, cast, index, keys.old.publicKey);
  if (index > 1) return;
  await send(chain, owner, address, workers.listRecipientBody(workers.feeToOf(C.ROUTERS[1]), 300));
  if (index === 0)
    await send(chain, owner, address, workers.listRecipientBody(workers.feeToOf(C.ROUTERS[0]), 500));
}

async function admit(chain: Blockchain, cast: C.Cast, index: number, receiptKey: Buffer): Promise<void> {
  const owner = C.PROVIDERS[C.WORKERS[index]!.provider]!;
  const image = statementImage({
    role: StatementRole.Worker,
    networkId: TEST_NETWORK_ID,
    registry: C.REGISTRY.hash,
    worker: cast.workers[index]!.hash,
    receiptKey,
    hpkeKey: Buffer.alloc(32, 7),
    kemId: 0x20,
    kdfId: 1,
    aeadId: 2,
    notBefore: chain.now!,
    notAfter: chain.now! + C.DAY,
    modelsRoot: modelsRoot([]),
    gpuEvidenceHash: Buffer.alloc(32),
    hostTier: 0,
  });
  await send(chain, owner, cast.workers[index]!, workers.announceBody(image, []));
  for (const body of confirmation(chain, C.REGISTRY, image))
    await send(chain, C.REGISTRY, cast.workers[index]!, body);
}

/** The last one is deployed and not opened. */
async function createEscrow(chain: Blockchain, index: number): Promise<void> {
  const salt = C.saltOf(index);
  const stateInit = await escrows.escrowInit(C.REGISTRY, C.clientOf(index), salt);
  const open = escrows.openBody({
    signer: C.SIGNERS[index]!.publicKey,
    signerBudgetNano: BUDGETS[index] ?? 0n,
    closeDelaySeconds: 36 * C.HOUR,
  });
  await chain.sendMessage(
    internal({
      from: C.clientOf(index),
      to: await escrowAddress(index),
      value: DEPOSITS[index]!,
      bounce: true,
      body: index < C.CLIENTS.length ? open : escrows.topUpBody(),
      stateInit,
    }),
  );
}

const escrowAddress = (index: number): Promise<Address> =>
  escrows.escrowAddress(C.REGISTRY, C.clientOf(index), C.saltOf(index));

async function accountAt(chain: Blockchain, address: Address): Promise<string> {
  const contract = await chain.getContract(address);
  const state = contract.accountState;
  if (state?.type !== 'active') throw new Error('a contract of the beginning is not there');
  return makeAccount(address, state.state.code!, state.state.data!, contract.balance, C.BEGIN);
}

async function escrowAccount(chain: Blockchain, address: Address): Promise<EscrowAccount> {
  const state = await accountAt(chain, address);
  const { balance, data } = readAccount(state);
  const { books } = readEscrowBooks(data!);
  return {
    hash: address.hash.toString('hex'),
    state,
    balance,
    books,
    frozen: null,
    drained: false,
    lastExternal: null,
  };
}

async function workerAccount(chain: Blockchain, address: Address, deployed: boolean): Promise<WorkerAccount> {
  const state = deployed ? await accountAt(chain, address) : NO_ACCOUNT;
  const { balance, data } = readAccount(state);
  const books = data ? readWorkerBooks(data) : nobody();
  return { hash: address.hash.toString('hex'), state, balance, books, frozen: null, deployed };
}

function nobody(): WorkerAccount['books'] {
  return {
    provider: '',
    treasury: '',
    earnings: 0n,
    stake: 0n,
    unstakeAt: 0,
    activeUntil: 0,
    feeBps: 0,
    unbondingSeconds: 0,
    minStake: 0n,
    keys: new Map(),
    routers: new Map(),
  };
}

async function readPrices(chain: Blockchain, cast: C.Cast): Promise<World['prices']> {
  const { stackReader } = await chain.runGetMethod(cast.workers[0]!, workers.GET_WORKER_MIN_VALUES);
  const values = workers.parseWorkerMinValues(stackReader);
  return { payOut: values.payOutNano, payoutGas: values.payoutStipendNano, reserve: values.reserveNano };
}

import type { Address, Cell } from '@ton/core';
import * as escrowContract from '../../wrappers/Escrow';
import * as platformContract from '../../wrappers/Platform';
import * as registryContract from '../../wrappers/Registry';
import * as routerContract from '../../wrappers/Router';
import * as workerContract from '../../wrappers/Worker';
import { COMMON_EXIT_CODES } from '../../wrappers/exitCodes';
import type { AllocateEntry } from '../protocol/allocate';
import { CocoonError } from '../protocol/errors';
import { LIMITS } from '../protocol/limits';
import type { Root } from '../protocol/root';
import { NO_CONTRACT } from './trace';
import type { OutgoingMessage, TransferReport, WalletSender } from './types';

/**
 * What people do with their wallets. Each function sends one message, waits until it is final everywhere, reports the
 * exact cost, and throws CocoonError `chain_refused` with the contract's reason when it was refused.
 */
export interface ActionReport extends TransferReport {
  /** The contract that was asked. */
  contract: Address;
}

/** Attached to commands whose rest comes back: ten times what they cost at the prices of 2026. */
const COMMAND_VALUE_NANO = 30_000_000n;

// Client

export async function openEscrow(
  wallet: WalletSender,
  open: {
    registry: Address;
    /** Ed25519 public key that signs tickets and allocations; never a wallet's. */
    signer: Buffer;
    signerBudgetNano: bigint;
    depositNano: bigint;
    closeDelaySeconds?: number;
    salt?: bigint;
  },
): Promise<ActionReport> {
  const { registry, depositNano, salt = 0n, closeDelaySeconds = LIMITS.closeDelayDefaultSeconds } = open;
  return act(wallet, {
    to: await escrowContract.escrowAddress(registry, wallet.address, salt),
    valueNano: depositNano,
    init: await escrowContract.escrowInit(registry, wallet.address, salt),
    body: escrowContract.openBody({ ...open, closeDelaySeconds }),
  });
}

export const topUp = (wallet: WalletSender, escrow: Address, amountNano: bigint): Promise<ActionReport> =>
  act(wallet, { to: escrow, valueNano: amountNano, body: escrowContract.topUpBody() });

/** Takes free money out; 0 takes all of it. */
export const withdraw = (wallet: WalletSender, escrow: Address, amountNano: bigint): Promise<ActionReport> =>
  command(wallet, escrow, escrowContract.withdrawBody(amountNano));

export const setSigner = (
  wallet: WalletSender,
  escrow: Address,
  signer: Buffer,
  signerBudgetNano: bigint,
): Promise<ActionReport> => command(wallet, escrow, escrowContract.setSignerBody(signer, signerBudgetNano));

/** Opens, raises and closes lines; `raiseSumNano` is the most that caps may rise by, all together. */
export const allocate = (
  wallet: WalletSender,
  escrow: Address,
  entries: readonly AllocateEntry[],
  raiseSumNano: bigint,
): Promise<ActionReport> => command(wallet, escrow, escrowContract.allocateBody(entries, raiseSumNano));

export const closeLines = (
  wallet: WalletSender,
  escrow: Address,
  lineIds: readonly Buffer[],
): Promise<ActionReport> => command(wallet, escrow, escrowContract.closeBody(lineIds));

/** Frees what ended lines left; anybody may ask. */
export const pruneLines = (
  wallet: WalletSender,
  escrow: Address,
  lineIds: readonly Buffer[],
): Promise<ActionReport> => command(wallet, escrow, escrowContract.pruneBody(lineIds));

// Provider

/** Deploys Worker number `index` of this wallet with its first stake, or adds to it; also takes back an unstake. */
export async function stakeWorker(
  wallet: WalletSender,
  stake: { registry: Address; index: number; stakeNano: bigint; operator: Address; deployed?: boolean },
): Promise<ActionReport> {
  const { registry, index, stakeNano, operator, deployed = false } = stake;
  const reserve = deployed ? 0n : workerContract.WORKER_RESERVE_NANO;
  return act(wallet, {
    to: await workerContract.workerAddress(registry, wallet.address, index),
    valueNano: stakeNano + reserve + workerContract.WORKER_VALUES.stake,
    body: workerContract.stakeBody(stakeNano, operator),
    ...(deployed ? {} : { init: await workerContract.workerInit(registry, wallet.address, index) }),
  });
}

/**
 * From the operator's wallet: the 217-byte image of a booted machine's statement, and the hashes of its models. Throws
 * CocoonError `chain_refused` with the registry's reason when it does not clear them.
 */
export async function announceStatement(
  wallet: WalletSender,
  worker: Address,
  statement: Uint8Array,
  models: readonly Buffer[],
): Promise<ActionReport> {
  const body = workerContract.announceBody(statement, models);
  const report = await command(wallet, worker, body, workerContract.WORKER_VALUES.announce);
  requireAccepted(report);
  return report;
}

export const claimEarnings = (wallet: WalletSender, worker: Address): Promise<ActionReport> =>
  payOut(wallet, worker, workerContract.claimBody());

/** Lists a router that may keep up to `maxBps`; `feeTo` is the first 20 bytes of its account hash. */
export const listRecipient = (
  wallet: WalletSender,
  worker: Address,
  feeTo: Buffer,
  maxBps: number,
): Promise<ActionReport> => payOut(wallet, worker, workerContract.listRecipientBody(feeTo, maxBps));

export const delistRecipient = (
  wallet: WalletSender,
  worker: Address,
  feeTo: Buffer,
): Promise<ActionReport> => payOut(wallet, worker, workerContract.delistRecipientBody(feeTo));

export const setOperator = (
  wallet: WalletSender,
  worker: Address,
  operator: Address,
): Promise<ActionReport> => payOut(wallet, worker, workerContract.setOperatorBody(operator));

export const unstakeWorker = (wallet: WalletSender, worker: Address): Promise<ActionReport> =>
  command(wallet, worker, workerContract.unstakeBody(), workerContract.WORKER_VALUES.unstake);

export const withdrawStake = (wallet: WalletSender, worker: Address): Promise<ActionReport> =>
  payOut(wallet, worker, workerContract.withdrawStakeBody());

// Router

/** Lists this wallet's router, or changes its listing. */
export async function publishRouter(
  wallet: WalletSender,
  listing: { registry: Address; endpoint: string; feeBps: number; depositNano: bigint; deployed?: boolean },
): Promise<ActionReport> {
  const { registry, endpoint, feeBps, depositNano, deployed = false } = listing;
  const reserve = deployed ? 0n : routerContract.ROUTER_RESERVE_NANO;
  return act(wallet, {
    to: await routerContract.routerAddress(registry, wallet.address),
    valueNano: depositNano + reserve + routerContract.ROUTER_VALUES.publish,
    body: routerContract.publishBody(endpoint, feeBps, depositNano),
    ...(deployed ? {} : { init: await routerContract.routerInit(registry, wallet.address) }),
  });
}

export const retireRouter = (wallet: WalletSender, router: Address): Promise<ActionReport> =>
  command(wallet, router, routerContract.retireBody(), routerContract.ROUTER_VALUES.retire);

/** A router takes the fees that a Worker set aside for it. */
export const pullFees = (wallet: WalletSender, worker: Address): Promise<ActionReport> =>
  payOut(wallet, worker, workerContract.pullFeeBody());

// Maintainer

/** Deploys this wallet's registry of that root; an order may come with it. */
export async function deployRegistry(
  wallet: WalletSender,
  root: Root,
  salt = 0,
  body?: Cell,
): Promise<ActionReport> {
  return act(wallet, {
    to: await registryContract.registryAddress(root, wallet.address, salt),
    valueNano: registryContract.REGISTRY_VALUES.deploy,
    init: await registryContract.registryInit(root, wallet.address, salt),
    ...(body ? { body } : {}),
  });
}

/** An order of the registry's owner or guardian: one of the bodies of wrappers/Registry.ts. */
export const orderRegistry = (wallet: WalletSender, registry: Address, body: Cell): Promise<ActionReport> =>
  command(wallet, registry, body, registryContract.REGISTRY_VALUES.order);

/** A refused statement or quote is an answer, not a bounce: a bounce would not carry the reason. */
export function requireAccepted(report: TransferReport): void {
  for (const answer of report.answers) {
    const refusal = registryContract.parseAdmissionRefusal(answer.body);
    if (refusal) throw refused(refusal.worker, refusal.reason);
  }
}

const command = (
  wallet: WalletSender,
  to: Address,
  body: Cell,
  valueNano: bigint = COMMAND_VALUE_NANO,
): Promise<ActionReport> => act(wallet, { to, valueNano, body });

const payOut = (wallet: WalletSender, worker: Address, body: Cell): Promise<ActionReport> =>
  command(wallet, worker, body, workerContract.WORKER_VALUES.payOut);

async function act(wallet: WalletSender, message: OutgoingMessage): Promise<ActionReport> {
  const report = await wallet.transfer([message]);
  if (!report.failure) return { ...report, contract: message.to };
  throw refused(report.failure.address, report.failure.exitCode);
}

/** The error of a contract that refused. */
export function refused(contract: Address, exitCode: number): CocoonError {
  const reason = nameOfExitCode(exitCode);
  return new CocoonError(
    'chain_refused',
    `${contract.toString()} refused the message: ${reason} (${exitCode}).`,
    { cause: { exitCode } },
  );
}

/** The name of the exit code with which a contract refused, or null for any other error. */
export function refusalOf(error: unknown): string | null {
  if (!(error instanceof CocoonError) || error.code !== 'chain_refused') return null;
  const { cause } = error;
  const known = typeof cause === 'object' && cause !== null && 'exitCode' in cause;
  return known && typeof cause.exitCode === 'number' ? nameOfExitCode(cause.exitCode) : null;
}

/** What a contract of this project, or the virtual machine, means by an exit code. */
export function nameOfExitCode(exitCode: number): string {
  if (exitCode === NO_CONTRACT) return 'no contract is there';
  const tables = [
    escrowContract.ESCROW_EXIT_CODES,
    workerContract.WORKER_EXIT_CODES,
    registryContract.REGISTRY_EXIT_CODES,
    platformContract.PLATFORM_EXIT_CODES,
    routerContract.ROUTER_EXIT_CODES,
    COMMON_EXIT_CODES,
  ];
  for (const table of tables) {
    const name = table.get(exitCode);
    if (name !== undefined) return name;
  }
  return 'an exit code without a name';
}

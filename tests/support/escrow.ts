import { TupleReader, toNano, type Address, type Cell } from '@ton/core';
import {
  internal,
  type Blockchain,
  type SandboxContract,
  type SendMessageResult,
  type TreasuryContract,
} from '@ton/sandbox';
import { allocateHash, type Allocate, type AllocateEntry, type OpenEntry } from '../../src/protocol/allocate';
import { nano } from '../../src/protocol/amounts';
import { keyPairFromSeed, sign, type KeyPair } from '../../src/protocol/ed25519';
import { sha256 } from '../../src/protocol/hash';
import { lineId, NO_FEE_RECIPIENT, type Line } from '../../src/protocol/line';
import { RECEIPT_FINAL, receiptLayout, type Receipt } from '../../src/protocol/signed';
import {
  allocateBody,
  allocateExternalBody,
  escrowAddress,
  escrowInit,
  openBody,
  parseEscrow,
  parseLine,
  parseLines,
  settleBody,
  GET_ESCROW,
  GET_LINE,
  GET_LINES,
  type EscrowOnChain,
  type LineOnChain,
  type SettleItem,
} from '../../wrappers/Escrow';
import { createAdmittedWorker, type AdmittedWorker } from './admittedWorker';
import { balanceOf, createTestChain } from './chain';

export const HOUR = 3_600;
export const DAY = 86_400;

/** One client's escrow on a chain of its own, with everybody who writes to it. */
export interface EscrowWorld {
  chain: Blockchain;
  registry: SandboxContract<TreasuryContract>;
  client: SandboxContract<TreasuryContract>;
  stranger: SandboxContract<TreasuryContract>;
  worker: AdmittedWorker;
  signer: KeyPair;
  escrow: Address;
}

export async function createEscrowWorld(
  options: { open?: boolean; depositNano?: bigint; budgetNano?: bigint } = {},
): Promise<EscrowWorld> {
  const chain = await createTestChain();
  const registry = await chain.treasury('registry');
  const client = await chain.treasury('client');
  const stranger = await chain.treasury('stranger');
  const worker = await createAdmittedWorker(chain, registry, 'first');
  const signer = keyPairFromSeed(sha256(Buffer.from('client signer')));
  const escrow = await escrowAddress(registry.address, client.address, 0n);
  const world = { chain, registry, client, stranger, worker, signer, escrow };
  if (options.open !== false) {
    await send(world, {
      from: client.address,
      value: options.depositNano ?? toNano('10'),
      init: true,
      body: openBody({
        signer: signer.publicKey,
        signerBudgetNano: options.budgetNano ?? toNano('1000'),
        closeDelaySeconds: 36 * HOUR,
      }),
    });
  }
  return world;
}

export async function send(
  world: EscrowWorld,
  message: { from: Address; value: bigint; body?: Cell; init?: boolean; bounce?: boolean },
): Promise<SendMessageResult> {
  const { registry, client, escrow } = world;
  const stateInit = message.init ? await escrowInit(registry.address, client.address, 0n) : undefined;
  return world.chain.sendMessage(
    internal({
      from: message.from,
      to: escrow,
      value: message.value,
      bounce: message.bounce ?? true,
      ...(message.body && { body: message.body }),
      ...(stateInit && { stateInit }),
    }),
  );
}

export async function readEscrow(world: EscrowWorld): Promise<EscrowOnChain> {
  const { stackReader } = await world.chain.runGetMethod(world.escrow, GET_ESCROW);
  return parseEscrow(stackReader);
}

export async function readLines(world: EscrowWorld): Promise<Map<string, LineOnChain>> {
  const { stackReader } = await world.chain.runGetMethod(world.escrow, GET_LINES);
  return parseLines(stackReader);
}

export async function readLine(world: EscrowWorld, line: Line): Promise<LineOnChain | null> {
  const id = BigInt(`0x${lineId(line).toString('hex')}`);
  const { stack } = await world.chain.runGetMethod(world.escrow, GET_LINE, [{ type: 'int', value: id }]);
  return parseLine(new TupleReader(stack));
}

export function escrowBalance(world: EscrowWorld): Promise<bigint> {
  return balanceOf(world.chain, world.escrow);
}

/** A line to the world's worker; `salt` makes it another line of the same terms. */
export function lineTo(world: EscrowWorld, change: Partial<Line> & { salt?: number } = {}): Line {
  const { salt, ...fields } = change;
  return {
    workerAddress: world.worker.address.hash,
    settleBy: world.chain.now! + 10 * DAY + (salt ?? 0),
    feeBps: 0,
    feeTo: NO_FEE_RECIPIENT,
    workerKey: world.worker.keys.publicKey,
    ...fields,
  };
}

export function opening(world: EscrowWorld, line: Line, capNano: bigint): OpenEntry {
  const { settleBy, feeBps, feeTo, workerKey } = line;
  const { provider, index } = world.worker;
  return {
    kind: 'open',
    cap: nano(capNano),
    provider: provider.address.hash,
    index,
    settleBy,
    feeBps,
    feeTo,
    workerKey,
  };
}

export function raising(line: Line, capNano: bigint): AllocateEntry {
  return { kind: 'raise', cap: nano(capNano), lineId: lineId(line) };
}

/** An allocation of the client's signer, valid now; `change` spoils or repairs one field. */
export async function signedAllocation(
  world: EscrowWorld,
  entries: readonly AllocateEntry[],
  raiseSumNano: bigint,
  change: Partial<Allocate> = {},
  signer: KeyPair = world.signer,
): Promise<{ value: Allocate; signature: Buffer }> {
  const { domain, seqno } = await readEscrow(world);
  const value: Allocate = {
    domain,
    seqno,
    validUntil: world.chain.now! + 300,
    raiseSum: nano(raiseSumNano),
    entries,
    ...change,
  };
  return { value, signature: sign(allocateHash(value), signer) };
}

/** Sends an external message; throws when the escrow does not accept it. */
export function sendExternal(world: EscrowWorld, body: Cell): Promise<SendMessageResult> {
  return world.chain.sendMessage({
    info: { type: 'external-in', dest: world.escrow, importFee: 0n },
    body,
  });
}

export async function allocateBySigner(
  world: EscrowWorld,
  entries: readonly AllocateEntry[],
  raiseSumNano: bigint,
): Promise<SendMessageResult> {
  return sendExternal(world, allocateExternalBody(await signedAllocation(world, entries, raiseSumNano)));
}

/** Opens lines from the client's own address. */
export function allocateByClient(
  world: EscrowWorld,
  entries: readonly AllocateEntry[],
  raiseSumNano: bigint,
): Promise<SendMessageResult> {
  return send(world, {
    from: world.client.address,
    value: toNano('1'),
    body: allocateBody(entries, raiseSumNano),
  });
}

/** A line's receipt for `totalNano`, signed by the world's worker. */
export async function receiptFor(
  world: EscrowWorld,
  line: Line,
  totalNano: bigint,
  change: Partial<Receipt> & { final?: boolean } = {},
  keys: KeyPair = world.worker.keys,
): Promise<SettleItem> {
  const { final, ...fields } = change;
  const receipt: Receipt = {
    domain: (await readEscrow(world)).domain,
    lineId: lineId(line),
    total: totalNano,
    jobs: 1n,
    jobsRoot: Buffer.alloc(32, 1),
    issuedAt: world.chain.now!,
    flags: final ? RECEIPT_FINAL : 0,
    ...fields,
  };
  return { line, receipt, signature: sign(receiptLayout.hash(receipt), keys) };
}

export function settle(
  world: EscrowWorld,
  items: readonly SettleItem[],
  valueNano: bigint = toNano('1'),
): Promise<SendMessageResult> {
  return send(world, { from: world.stranger.address, value: valueNano, body: settleBody(items) });
}

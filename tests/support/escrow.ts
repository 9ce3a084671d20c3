import {
  beginCell,
  TupleReader,
  toNano,
  type Address,
  type Cell,
  type Message,
  type StateInit,
} from '@ton/core';
import {
  internal,
  type Blockchain,
  type BlockchainSnapshot,
  type SandboxContract,
  type SendMessageResult,
  type TreasuryContract,
} from '@ton/sandbox';
import { allocateHash, type Allocate, type AllocateEntry, type OpenEntry } from '../../src/protocol/allocate';
import { nano } from '../../src/protocol/amounts';
import { keyPairFromSeed, sign, type KeyPair } from '../../src/protocol/ed25519';
import { sha256 } from '../../src/protocol/hash';
import { lineId, NO_FEE_RECIPIENT, type Line } from '../../src/protocol/line';
import { RECEIPT_FINAL, receiptLayout, TAG, type Receipt } from '../../src/protocol/signed';
import {
  allocateBody,
  allocateExternalBody,
  closeBody,
  escrowAddress,
  escrowInit,
  ESCROW_OPCODES,
  openBody,
  parseEscrow,
  parseLine,
  parseLines,
  pruneBody,
  settleBody,
  GET_ESCROW,
  GET_LINE,
  GET_LINES,
  type EscrowOnChain,
  type LineOnChain,
  type SettleItem,
} from '../../wrappers/Escrow';
import { WORKER_OPCODES } from '../../wrappers/Worker';
import { createAdmittedWorker, type AdmittedWorker } from './admittedWorker';
import { balanceOf, createTestChain, exitCode, flow, type Names } from './chain';

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

export interface WorldOptions {
  /** False leaves the escrow unborn. */
  open?: boolean;
  depositNano?: bigint;
  budgetNano?: bigint;
}

const made = new Map<string, { world: EscrowWorld; snapshot: BlockchainSnapshot }>();

/** A world at its beginning. It is made once for each set of options; the same one again is the same chain, rewound. */
export async function createEscrowWorld(options: WorldOptions = {}): Promise<EscrowWorld> {
  const { open = true, depositNano = toNano('10'), budgetNano = toNano('1000') } = options;
  const key = [open, depositNano, budgetNano].join();
  const known = made.get(key);
  if (known) {
    await known.world.chain.loadFrom(known.snapshot);
    return known.world;
  }
  const world = await makeWorld();
  if (open) {
    const { publicKey } = world.signer;
    const body = openBody({ signer: publicKey, signerBudgetNano: budgetNano, closeDelaySeconds: 36 * HOUR });
    await send(world, { from: world.client.address, value: depositNano, init: true, body });
  }
  made.set(key, { world, snapshot: world.chain.snapshot() });
  return world;
}

async function makeWorld(): Promise<EscrowWorld> {
  const chain = await createTestChain();
  const registry = await chain.treasury('registry');
  const client = await chain.treasury('client');
  const stranger = await chain.treasury('stranger');
  const worker = await createAdmittedWorker(chain, registry, 'first');
  const signer = keyPairFromSeed(sha256(Buffer.from('client signer')));
  const escrow = await escrowAddress(registry.address, client.address, 0n);
  return { chain, registry, client, stranger, worker, signer, escrow };
}

/** A message to an escrow. */
export interface ToEscrow {
  from: Address;
  value: bigint;
  body?: Cell;
  /** Carries the state that deploys it. */
  init?: boolean;
  salt?: bigint;
}

export async function send(world: EscrowWorld, message: ToEscrow): Promise<SendMessageResult> {
  const { registry, client } = world;
  const init = message.init
    ? await escrowInit(registry.address, client.address, message.salt ?? 0n)
    : undefined;
  return world.chain.sendMessage(toEscrow(world, message, init));
}

export function toEscrow(world: EscrowWorld, message: ToEscrow, stateInit?: StateInit): Message {
  const { from, value, body } = message;
  return internal({
    from,
    to: world.escrow,
    value,
    bounce: true,
    ...(body && { body }),
    ...(stateInit && { stateInit }),
  });
}

/** Another open escrow of the same client on the same chain. */
export async function secondEscrow(world: EscrowWorld): Promise<EscrowWorld> {
  const { registry, client, signer } = world;
  const escrow = await escrowAddress(registry.address, client.address, 1n);
  const second = { ...world, escrow };
  const body = openBody({
    signer: signer.publicKey,
    signerBudgetNano: 0n,
    closeDelaySeconds: 36 * HOUR,
  });
  await send(second, { from: client.address, value: toNano('1'), init: true, salt: 1n, body });
  return second;
}

/** What the escrow owes for its storage by now: the next message takes it. */
export async function rentAt(world: EscrowWorld): Promise<bigint> {
  const snapshot = world.chain.snapshot();
  const before = await escrowBalance(world);
  const unknown = beginCell().storeUint(1, 32).endCell();
  await send(world, { from: world.stranger.address, value: toNano('1'), body: unknown });
  const rent = before - (await escrowBalance(world));
  await world.chain.loadFrom(snapshot);
  return rent;
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

/** An external body with any list and count, signed as it stands: what a careless or a stolen signer could send. */
export function signFields(
  world: EscrowWorld,
  allocate: Omit<Allocate, 'entries'> & { list: Cell; count: number },
): Cell {
  const { domain, seqno, validUntil, raiseSum, count, list } = allocate;
  const fields = beginCell()
    .storeUint(seqno, 32)
    .storeUint(validUntil, 32)
    .storeUint(raiseSum, 64)
    .storeUint(count, 8)
    .storeRef(list)
    .endCell();
  const signed = beginCell()
    .storeUint(TAG.allocate, 32)
    .storeBuffer(domain, 32)
    .storeSlice(fields.beginParse())
    .endCell();
  return beginCell()
    .storeBuffer(sign(signed.hash(), world.signer), 64)
    .storeSlice(fields.beginParse())
    .endCell();
}

/** Sends an external message; throws when the escrow does not accept it. */
export function sendExternal(world: EscrowWorld, body: Cell, init?: StateInit): Promise<SendMessageResult> {
  return world.chain.sendMessage({
    info: { type: 'external-in', dest: world.escrow, importFee: 0n },
    body,
    ...(init && { init }),
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

/** From the client's own address. */
export function close(world: EscrowWorld, lines: readonly Line[]): Promise<SendMessageResult> {
  return send(world, { from: world.client.address, value: toNano('1'), body: closeBody(lines.map(lineId)) });
}

/** From a stranger. */
export function prune(world: EscrowWorld, lines: readonly Line[]): Promise<SendMessageResult> {
  return send(world, {
    from: world.stranger.address,
    value: toNano('1'),
    body: pruneBody(lines.map(lineId)),
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
    domain: change.domain ?? (await readEscrow(world)).domain,
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

/** Exit code of the escrow's own first transaction in a message chain. */
export function escrowExit(world: EscrowWorld, result: SendMessageResult): number | null {
  return exitCode(
    result.transactions.find((tx) => tx.inMessage?.info.dest?.toString() === world.escrow.toString())!,
  );
}

/** Sends an external message; 0, or the exit code with which the escrow refuses it. */
export async function exitOfExternal(world: EscrowWorld, body: Cell, init?: StateInit): Promise<number> {
  try {
    return escrowExit(world, await sendExternal(world, body, init)) ?? 0;
  } catch (error) {
    const code = (error as { exitCode?: number }).exitCode;
    if (code === undefined) throw error;
    return code;
  }
}

/** The same, and nothing of it is kept. */
export async function tryExternal(world: EscrowWorld, body: Cell, init?: StateInit): Promise<number> {
  const before = world.chain.snapshot();
  const exit = await exitOfExternal(world, body, init);
  await world.chain.loadFrom(before);
  return exit;
}

/** Exit code of a message to the escrow; nothing of it is kept. */
export async function trySend(world: EscrowWorld, message: ToEscrow): Promise<number | null> {
  const before = world.chain.snapshot();
  const result = await send(world, message);
  await world.chain.loadFrom(before);
  return escrowExit(world, result);
}

/** The largest value below `from` that fails, found by bisection; `passes` must be monotonic. */
export async function edgeOf(passes: (value: bigint) => Promise<boolean>, from: bigint): Promise<bigint> {
  let [low, high] = [0n, from];
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (await passes(middle)) high = middle;
    else low = middle;
  }
  return high;
}

export function namesOf(world: EscrowWorld): Names {
  const opcodes = new Map<number, string>([
    [0xd53276db, 'Excesses'],
    [0, 'comment'],
  ]);
  for (const [name, op] of Object.entries({ ...ESCROW_OPCODES, Payout: WORKER_OPCODES.Payout }))
    opcodes.set(op, name);
  const address = (name: string, at: Address): [string, string] => [at.toRawString(), name];
  return {
    opcodes,
    addresses: new Map([
      address('escrow', world.escrow),
      address('client', world.client.address),
      address('stranger', world.stranger.address),
      address('worker', world.worker.address),
      address('registry', world.registry.address),
    ]),
  };
}

/** The message chain as lines like `client -> escrow Open 0`. */
export function steps(world: EscrowWorld, result: SendMessageResult): string[] {
  return flow(result, namesOf(world)).map(({ from, to, op, exit }) => `${from} -> ${to} ${op} ${exit}`);
}

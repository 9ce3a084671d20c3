import { beginCell, type Address, type Cell } from '@ton/core';
import {
  allocateHash,
  storeEntries,
  type Allocate,
  type AllocateEntry,
} from '../../../src/protocol/allocate';
import { nano } from '../../../src/protocol/amounts';
import { sign, type KeyPair } from '../../../src/protocol/ed25519';
import { TAG } from '../../../src/protocol/signed';
import * as messages from '../../../wrappers/Escrow';
import { allocateBoundNano, allocateCarriageNano } from '../../../wrappers/escrowCosts';
import {
  clientOf,
  LINES,
  OUTSIDER,
  PROVIDERS,
  REGISTRY,
  saltOf,
  SIGNERS,
  THIEF,
  WORKERS,
  type LineRole,
} from './cast';
import { deliverExternal } from './chain';
import { demandEscrow } from './check';
import { demand, demandSame } from './demand';
import {
  command,
  external,
  isTooPoor,
  NOT_RUN,
  noteCaps,
  PLENTY,
  refusal,
  type Verdict,
} from './escrowMoves';
import * as rules from './escrowRules';
import type { Amount, Forgery, PlannedEntry } from './steps';
import type { World } from './world';

const NOT_CLIENT = 1200;
const NOT_OPEN = 1202;
const NOT_ENOUGH_FREE = 1205;

export const lineRole = (world: World, line: number): LineRole => world.cast.lines[line % LINES]!;
export const lineName = (world: World, line: number): string => lineRole(world, line).id.toString('hex');
export const senderOf = (escrow: number, byClient: boolean): Address =>
  byClient ? clientOf(escrow) : OUTSIDER;
export const isOpen = ({ signer }: rules.EscrowBooks): boolean => signer !== '';

/** The amount that is meant, for what the escrow holds before rent. */
export function amountOf(world: World, index: number, amount: Amount, more = 0): bigint {
  if (typeof amount === 'bigint') return amount;
  const { books, balance } = world.escrows[index]!;
  const free = rules.freeOf(books, balance, more);
  const asked = free < 0n ? 0n : free;
  return amount === 'free' ? asked : asked + 1n;
}

/** The list as it travels and as the rules read it. */
function planned(
  world: World,
  index: number,
  entries: readonly PlannedEntry[],
): { list: AllocateEntry[]; entries: rules.ListEntry[] } {
  const both = entries.map((entry): [AllocateEntry, rules.ListEntry] => {
    const { line, id, worker } = lineRole(world, entry.line);
    const name = id.toString('hex');
    if (entry.kind === 'close')
      return [
        { kind: 'close', lineId: id },
        { kind: 'close', id: name },
      ];
    const cap = nano(amountOf(world, index, entry.cap));
    if (entry.kind === 'raise')
      return [
        { kind: 'raise', cap, lineId: id },
        { kind: 'raise', id: name, cap },
      ];
    const { provider, index: number } = WORKERS[worker]!;
    const { settleBy, feeBps, feeTo, workerKey } = line;
    const hint = { provider: PROVIDERS[provider]!.hash, index: number };
    return [
      { kind: 'open', cap, ...hint, settleBy, feeBps, feeTo, workerKey },
      { kind: 'open', id: name, cap, settleBy },
    ];
  });
  return { list: both.map(([entry]) => entry), entries: both.map(([, entry]) => entry) };
}

export async function allocateByClient(
  world: World,
  index: number,
  plan: readonly PlannedEntry[],
  asked: Amount,
  byClient = true,
): Promise<number> {
  const { list, entries } = planned(world, index, plan);
  const sum = amountOf(world, index, asked, list.length);
  const { exit } = await command(
    world,
    index,
    { from: senderOf(index, byClient), value: PLENTY, body: messages.allocateBody(list, sum) },
    (books, held): Verdict => {
      if (!byClient) return refusal(NOT_CLIENT);
      if (!isOpen(books)) return refusal(NOT_OPEN);
      if (sum > rules.freeOf(books, held, list.length)) return refusal(NOT_ENOUGH_FREE);
      world.counts.skipped_entry += rules.allocate(books, entries, sum, world.now).skipped;
      return { exit: 0, keep: held };
    },
  );
  noteCaps(world, index);
  if (!byClient) world.counts.not_the_client++;
  if (exit === 0) {
    world.counts.allocate++;
    world.counts.allocate_by_client++;
  } else world.counts.refused_allocation++;
  return exit!;
}

const WRONG_SEQNO = 1211;
const EXPIRED = 1212;
const VALID_TOO_LONG = 1213;
const BAD_SIGNATURE = 1214;
const OVER_BUDGET = 1215;
const CARRIES_STATE = 1210;
/** An escrow that was not touched for weeks owes less rent than this. */
const RENT = 1_000_000n;

export async function allocateBySigner(
  world: World,
  index: number,
  plan: readonly PlannedEntry[],
  asked: Amount,
  forgery: Forgery = 'none',
): Promise<number> {
  const { books, balance } = world.escrows[index]!;
  const broken = forgery === 'broken list';
  const { list, entries } = planned(world, index, broken ? [...plan, { kind: 'close', line: 0 }] : plan);
  const sum =
    asked === 'free' ? affordable(books, balance, list) : amountOf(world, index, asked, list.length);
  const value = forged(world, index, { ...plainAllocate(world, books, list), raiseSum: nano(sum) }, forgery);
  const keys = signerOf(books, forgery);
  const count = broken ? list.length + 1 : list.length;
  const carriage = allocateCarriageNano(storeEntries(list));
  const exit = await external(
    world,
    index,
    {
      body: broken
        ? brokenBody(value, keys)
        : messages.allocateExternalBody({ value, signature: sign(allocateHash(value), keys) }),
      entries,
      sum,
      most: allocateBoundNano(count) + carriage,
      broken,
      ...(forgery === 'with state' && {
        init: await messages.escrowInit(REGISTRY, clientOf(index), saltOf(index)),
      }),
    },
    answersTo(books, balance, { sum, count, carriage, forgery, keys }),
  );
  if (broken && exit === 0) world.counts.broken_list++;
  else countAnswer(world, exit, forgery, keys.publicKey.toString('hex') !== books.signer);
  return exit;
}

/** All that the signer can lock at once with this list. */
function affordable(books: rules.EscrowBooks, balance: bigint, list: readonly AllocateEntry[]): bigint {
  const gas = allocateBoundNano(list.length) + allocateCarriageNano(storeEntries(list)) + RENT;
  const free = rules.freeOf(books, balance, list.length) - gas;
  return free < 0n ? 0n : free;
}

function plainAllocate(
  world: World,
  { domain, seqno }: rules.EscrowBooks,
  entries: AllocateEntry[],
): Allocate {
  return {
    domain: Buffer.from(domain, 'hex'),
    seqno,
    validUntil: world.now + 300,
    raiseSum: nano(0n),
    entries,
  };
}

function forged(world: World, index: number, value: Allocate, forgery: Forgery): Allocate {
  switch (forgery) {
    case 'seqno':
      return { ...value, seqno: value.seqno + 1 };
    case 'expired':
      return { ...value, validUntil: world.now - 1 };
    case 'too long':
      return { ...value, validUntil: world.now + 601 };
    case 'other escrow':
      return { ...value, domain: Buffer.from(world.escrows[(index + 1) % 2]!.books.domain, 'hex') };
    default:
      return value;
  }
}

/**
 * An allocation that says one entry more than its list holds, which ends with a close: after acceptance the escrow cannot
 * read on.
 */
function brokenBody({ domain, seqno, validUntil, raiseSum, entries }: Allocate, keys: KeyPair): Cell {
  const fields = beginCell()
    .storeUint(seqno, 32)
    .storeUint(validUntil, 32)
    .storeUint(raiseSum, 64)
    .storeUint(entries.length + 1, 8)
    .storeRef(storeEntries(entries))
    .asSlice();
  const signed = beginCell().storeUint(TAG.allocate, 32).storeBuffer(domain).storeSlice(fields).endCell();
  return beginCell().storeBuffer(sign(signed.hash(), keys)).storeSlice(fields).endCell();
}

/** The key that signs: the escrow's own, a thief's, or one that was its own or may become so. */
function signerOf({ signer }: rules.EscrowBooks, forgery: Forgery): KeyPair {
  const own = SIGNERS.findIndex(({ publicKey }) => publicKey.toString('hex') === signer);
  if (forgery === 'thief') return SIGNERS[THIEF]!;
  if (forgery === 'former signer') return SIGNERS[(own + 1) % THIEF]!;
  return SIGNERS[Math.max(own, 0)]!;
}

interface Asked {
  sum: bigint;
  count: number;
  carriage: bigint;
  forgery: Forgery;
  keys: KeyPair;
}

/** I-13: every answer that the rules allow, in the order in which the escrow asks. */
function answersTo(books: rules.EscrowBooks, balance: bigint, asked: Asked): number[] {
  const { carriage } = asked;
  // Who cannot pay for the carriage does not even listen.
  if (balance < carriage + RENT) return [NOT_RUN, ...answersOnceRun(books, balance, asked)];
  return answersOnceRun(books, balance, asked);
}

function answersOnceRun(
  books: rules.EscrowBooks,
  balance: bigint,
  { sum, count, carriage, forgery, keys }: Asked,
): number[] {
  if (forgery === 'with state') return [CARRIES_STATE];
  if (forgery === 'seqno') return [WRONG_SEQNO];
  if (forgery === 'expired') return [EXPIRED];
  if (forgery === 'too long') return [VALID_TOO_LONG];
  const genuine =
    keys.publicKey.toString('hex') === books.signer && isOpen(books) && forgery !== 'other escrow';
  if (!genuine) return [BAD_SIGNATURE];
  const spend = allocateBoundNano(count) + sum;
  if (spend + carriage > books.budget) return [OVER_BUDGET];
  const spare = rules.freeOf(books, balance, count) - spend;
  if (spare < 0n) return [NOT_ENOUGH_FREE];
  // Carriage and rent, which the chain takes first, decide.
  return spare >= carriage + RENT ? [0] : [0, NOT_ENOUGH_FREE];
}

function countAnswer(world: World, exit: number, forgery: Forgery, isOther: boolean): void {
  const { counts } = world;
  if (exit === 0) {
    counts.allocate++;
    counts.allocate_by_signer++;
    return;
  }
  counts.refused_allocation++;
  if (exit === OVER_BUDGET) counts.over_budget++;
  if (forgery === 'former signer' && isOther) counts.old_signer++;
}

/** TON may deliver an external message as often as somebody sends it. */
export async function repeatExternal(world: World, index: number): Promise<void> {
  const escrow = world.escrows[index]!;
  if (!escrow.lastExternal) return;
  const { balance, lastExternal } = escrow;
  const answer = await deliverExternal(world, escrow, lastExternal);
  demand(typeof answer === 'number', 'I-13: an allocation was taken twice');
  const exit = Number(answer) || NOT_RUN;
  if (!isTooPoor(balance, exit, lastExternal))
    demandSame(exit, WRONG_SEQNO, 'answer to an allocation that was sent twice');
  world.counts.duplicate_external++;
  demandEscrow(world, index);
}

/** I-4: all free money goes to one worker, then once more to another. */
export async function spendTwice(
  world: World,
  index: number,
  lines: readonly [number, number],
  bySigner: boolean,
): Promise<void> {
  const { books, balance } = world.escrows[index]!;
  const all = affordable(books, balance, planned(world, index, [{ kind: 'open', line: 0, cap: 0n }]).list);
  if (all === 0n) return;
  const [free, locked] = [rules.freeOf(books, balance), rules.lockedOf(books)];
  for (const line of lines) {
    const plan: PlannedEntry[] = [
      { kind: 'open', line, cap: all },
      { kind: 'raise', line, cap: all },
    ];
    if (bySigner) await allocateBySigner(world, index, plan, all);
    else await allocateByClient(world, index, plan, all);
  }
  const more = rules.lockedOf(world.escrows[index]!.books) - locked;
  demand(more <= free, () => `I-4: ${more} were locked of ${free} that were free`);
  world.counts.double_spend_attempt++;
}

/** I-13: a thief with the signer's key takes what he can, and no more than its budget, gas and all. */
export async function stealSigner(world: World, index: number, line: number): Promise<void> {
  const escrow = world.escrows[index]!;
  if (!isOpen(escrow.books)) return;
  const { budget } = escrow.books;
  const began = escrow.balance - rules.lockedOf(escrow.books);
  const greedy: PlannedEntry[] = [
    { kind: 'open', line, cap: 2n ** 62n },
    { kind: 'raise', line, cap: 2n ** 64n - 1n },
  ];
  await allocateBySigner(world, index, greedy, 2n ** 63n);
  await allocateBySigner(world, index, greedy, 'free');
  const most = budget < MARGIN ? 0n : budget - MARGIN;
  await allocateBySigner(world, index, [{ kind: 'open', line, cap: most }], most);
  const taken = began - (escrow.balance - rules.lockedOf(escrow.books));
  demand(taken <= budget + RENT, () => `I-13: a stolen signer took ${taken} of a budget of ${budget}`);
  world.counts.stolen_signer++;
}

/** Gas and carriage of a short list. */
const MARGIN = 10_000_000n;

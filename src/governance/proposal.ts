import type { Address, Cell } from '@ton/core';
import type { GovernanceMessage } from '../../wrappers/governanceMessages';
import { CocoonError } from '../protocol/errors';
import { decodeOrder, opcodeText } from './decode';
import { explain } from './explain';
import type { Explanation } from './explanation';
import { GOVERNANCE_LIMITS } from './limits';
import {
  loadActions,
  loadExecuteInternal,
  type MembersAction,
  type MultisigState,
  type SendAction,
} from './multisig';
import type { Standing } from './standing';
import { account, coins } from './words';

/** What one action of a multisig's order means. */
export type ActionMeaning = {
  /** Where it stands: `0`, or `2.1` for the second of what action 2 makes the multisig carry out. */
  place: string;
} & (
  | { kind: 'order'; order: GovernanceMessage; body: Cell; send: SendAction; explanation: Explanation }
  /** A message to anybody else, or money: only its outside is known. */
  | { kind: 'message'; send: SendAction; says: string[] }
  | { kind: 'members'; members: MembersAction; says: string[] }
);

/** Who proposes, and to which registry. */
export interface ProposalPlace {
  multisig: Address;
  registry: Address;
  /** Null where the multisig cannot be read: then its members are not compared. */
  members: MultisigState | null;
}

/**
 * Every action of a multisig's order, explained against today: one that depends on an earlier one is not foreseen, which is what
 * `cocoon gov simulate` is for. Throws CocoonError `proposal_malformed`, `proposal_unknown`, and `proposal_foreign` for an order to another registry.
 */
export function explainActions(order: Cell, at: ProposalPlace, now: Standing): ActionMeaning[] {
  return meaningsOf(order, at, now, '', GOVERNANCE_LIMITS.nesting);
}

function meaningsOf(
  order: Cell,
  at: ProposalPlace,
  now: Standing,
  prefix: string,
  depth: number,
): ActionMeaning[] {
  if (depth === 0) {
    throw new CocoonError(
      'proposal_malformed',
      `The multisig's order holds orders more than ${GOVERNANCE_LIMITS.nesting} deep.`,
    );
  }
  return loadActions(order).flatMap((action, index): ActionMeaning[] => {
    const place = `${prefix}${index}`;
    if (action.type === 'members') {
      return [{ place, kind: 'members', members: action, says: explainMembers(action, at.members) }];
    }
    const inner = action.to.equals(at.multisig) ? loadExecuteInternal(action.body) : null;
    if (inner) return meaningsOf(inner, at, now, `${place}.`, depth - 1);
    return [meaningOfSend(place, action, at, now)];
  });
}

function meaningOfSend(place: string, send: SendAction, at: ProposalPlace, now: Standing): ActionMeaning {
  const { body, to } = send;
  const isEmpty = body.bits.length === 0 && body.refs.length === 0;
  if (to.equals(at.registry) && !isEmpty) {
    const order = decodeOrder(body);
    const explanation = explain(order, now);
    return { place, kind: 'order', order, body, send, explanation };
  }
  if (!isEmpty && isOrder(body)) {
    throw new CocoonError(
      'proposal_foreign',
      `Action ${place} is an order to ${account(to)}, which is not the registry ${account(at.registry)}.`,
    );
  }
  return { place, kind: 'message', send, says: [explainMessage(send)] };
}

function isOrder(body: Cell): boolean {
  try {
    decodeOrder(body);
    return true;
  } catch (error) {
    return error instanceof CocoonError && error.code === 'proposal_malformed';
  }
}

const CARRY_ALL = 128;
const DESTROY = 32;

function explainMessage({ to, valueNano, body, mode, deploys }: SendAction): string {
  const amount = (mode & CARRY_ALL) !== 0 ? 'all that the multisig holds' : coins(valueNano);
  const what = bodyText(body);
  const code = deploys ? ', with code for a new account' : '';
  const end = (mode & DESTROY) !== 0 ? ', and destroys the multisig when nothing is left' : '';
  return `sends ${amount} to ${account(to)}${code}${what}${end}`;
}

/** A plain comment is read; of anything else only the opcode is told. */
function bodyText(body: Cell): string {
  if (body.bits.length === 0 && body.refs.length === 0) return '';
  const slice = body.beginParse();
  if (slice.remainingBits >= 32 && slice.preloadUint(32) === 0) {
    slice.skip(32);
    if (slice.remainingBits % 8 === 0) return `, with the comment ${JSON.stringify(slice.loadStringTail())}`;
  }
  return `, with a message (${opcodeText(body)}) that cannot be read here: look at it before you approve`;
}

function explainMembers(
  { threshold, signers, proposers }: MembersAction,
  today: MultisigState | null,
): string[] {
  const head = `lets the multisig decide with ${threshold} of ${signers.length} signers`;
  if (!today) return [`${head}: ${signers.map(account).join(', ')}`];
  const changes = [
    ...changed('signer', today.signers, signers),
    ...changed('proposer', today.proposers, proposers),
  ];
  return [
    `${head}; today with ${today.threshold} of ${today.signers.length}`,
    ...(changes.length > 0 ? changes : ['leaves its signers and proposers as they are']),
    'makes void whatever the multisig has not carried out yet, if the signers change or the threshold rises',
  ];
}

function changed(role: string, from: readonly Address[], to: readonly Address[]): string[] {
  const missing = (list: readonly Address[], other: readonly Address[]): Address[] =>
    list.filter((member) => !other.some((known) => known.equals(member)));
  return [
    ...missing(to, from).map((member) => `adds ${role} ${account(member)}`),
    ...missing(from, to).map((member) => `removes ${role} ${account(member)}`),
  ];
}

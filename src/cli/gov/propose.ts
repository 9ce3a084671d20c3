import type { Address, Cell } from '@ton/core';
import type { ChainClient } from '../../chain/chainClient';
import { cellFrom, decodeOrder } from '../../governance/decode';
import { orderFrom } from '../../governance/fields';
import {
  loadNewOrder,
  newOrderBody,
  orderCell,
  sendAction,
  type MultisigState,
} from '../../governance/multisig';
import { explainActions } from '../../governance/proposal';
import { memberOf } from '../../governance/members';
import { account, coins, time } from '../../governance/words';
import { CocoonError } from '../../protocol/errors';
import { REGISTRY_VALUES } from '../../../wrappers/Registry';
import { storeGovernanceMessage } from '../../../wrappers/governanceMessages';
import { toJson } from '../connect';
import { labelled, paint, type Console } from '../console';
import { proposalJson, proposalText } from './inspectProposal';
import { GOV_LIMITS } from './limits';
import { readMultisig, readOrderValue } from '../../operate/multisigReader';
import { readStanding } from '../../operate/standing';

export interface ProposeOptions {
  /** Names with `field=value`, or bodies as bags of cells. */
  orders: readonly string[];
  registry: Address;
  /** The registry's owner without it. */
  multisig: Address | null;
  /** The signer or proposer who sends it. */
  by: Address;
  /** How long it may be approved and carried out, seconds from now. */
  seconds: number;
  json: boolean;
}

const PROPOSED = 0;

/**
 * Prints the message with which a member makes a multisig order this. Nothing is sent, and no key is needed. Throws CocoonError
 * `invalid_request`, `proposal_unknown`, `proposal_malformed`, `proposal_foreign`, `chain_unavailable`.
 */
export async function runPropose(options: ProposeOptions, client: ChainClient, to: Console): Promise<number> {
  const { registry, by, json } = options;
  const bodies = bodiesFrom(options.orders);
  const standing = await readStanding(client, registry);
  const multisig = options.multisig ?? standing.registry.owner;
  const members = await readMultisig(client, multisig);
  if (!members) throw invalid(`${account(multisig)} is no multisig wallet v2.`);
  const member = memberOf(members, by);
  if (!member) throw invalid(`${account(by)} is neither signer nor proposer of ${account(multisig)}.`);

  const expiresAtUnix = standing.nowUnix + options.seconds;
  const content = orderCell(bodies.map((body) => sendAction(registry, REGISTRY_VALUES.order, body)));
  const body = newOrderBody({ by: member, expiresAtUnix, order: content });
  const valueNano = await readOrderValue(client, multisig, content, expiresAtUnix);
  const subject = {
    kind: 'proposal',
    multisig,
    content,
    source: 'message',
    newOrder: loadNewOrder(body)!,
  } as const;
  const actions = explainActions(content, { multisig, registry, members }, standing);
  const view = { subject, members, actions, standing };
  const message = { to: account(multisig), value_nano: valueNano, body: body.toBoc().toString('base64') };
  to.write(
    json
      ? `${toJson({ ...proposalJson(view), message: { ...message, link: linkOf(message) } })}\n`
      : `${proposalText(view, to)}\n${messageText(message, members, expiresAtUnix, to)}\n`,
  );
  return PROPOSED;
}

interface ProposalMessage {
  to: string;
  value_nano: bigint;
  body: string;
}

function messageText(
  message: ProposalMessage,
  { threshold }: MultisigState,
  expiresAtUnix: number,
  to: Console,
): string {
  const rows: [string, string][] = [
    ['to', message.to],
    ['value', `${coins(message.value_nano)}, of which the rest goes to the multisig`],
    ['then', `${threshold} signers approve it before ${time(expiresAtUnix)}`],
  ];
  const head = paint(to, 'bold', "To propose it, send this from the member's wallet");
  // Whole lines, so that they can be copied.
  return `${head}\n${labelled(rows)}\n\n${message.body}\n\n${linkOf(message)}`;
}

/** What wallet apps open. */
function linkOf({ to, value_nano: value, body }: ProposalMessage): string {
  return `ton://transfer/${to}?amount=${value}&bin=${encodeURIComponent(body.replaceAll('+', '-').replaceAll('/', '_'))}`;
}

/** `allowShape shape=...` begins an order and goes on to the next name; a bag of cells stands for itself. */
export function bodiesFrom(words: readonly string[]): Cell[] {
  const named: { name: string; fields: Map<string, string> }[] = [];
  const bodies: (Cell | number)[] = [];
  for (const word of words) {
    const cell = bagIn(word);
    const at = word.indexOf('=');
    const last = named.at(-1);
    if (cell) {
      decodeOrder(cell);
      bodies.push(cell);
    } else if (at < 0) bodies.push(named.push({ name: word, fields: new Map() }) - 1);
    else if (!last) throw invalid(`"${word}" comes before any order.`);
    else last.fields.set(word.slice(0, at), word.slice(at + 1));
  }
  if (bodies.length < 1 || bodies.length > GOV_LIMITS.orders) {
    throw invalid(`Name 1 to ${GOV_LIMITS.orders} orders.`);
  }
  return bodies.map((body) => {
    if (typeof body !== 'number') return body;
    const { name, fields } = named[body]!;
    return storeGovernanceMessage(orderFrom(name, fields));
  });
}

/** Begins as a bag of cells does, in hex or base64. */
const BAG = /^(b5ee9c72|te6cc)/i;

function bagIn(word: string): Cell | null {
  return BAG.test(word) ? cellFrom(Buffer.from(word)) : null;
}

function invalid(message: string): CocoonError {
  return new CocoonError('invalid_request', message);
}

import { existsSync } from 'node:fs';
import { Address, type Cell } from '@ton/core';
import type { ChainClient } from '../../chain/chainClient';
import { cellFrom, decodeOrder } from '../../governance/decode';
import { loadActions, loadNewOrder, type MultisigOrder, type NewOrder } from '../../governance/multisig';
import type { QueuedOrder, Standing } from '../../governance/standing';
import type { GovernanceMessage } from '../../../wrappers/governanceMessages';
import { CocoonError } from '../../protocol/errors';
import { readBounded } from '../attest/files';
import { GOV_LIMITS } from './limits';
import { readMultisigOrder } from '../../operate/multisigReader';

/** What a person asks about. */
export type Subject =
  /** In the queue. */
  | { kind: 'queued'; queued: QueuedOrder; order: GovernanceMessage }
  /** A message that somebody may send. */
  | { kind: 'order'; body: Cell; order: GovernanceMessage }
  /** What a multisig is to carry out. */
  | ({ kind: 'proposal'; multisig: Address; content: Cell } & ProposalSource);

export type ProposalSource =
  | { source: 'chain'; address: Address; state: MultisigOrder }
  | { source: 'message'; newOrder: NewOrder }
  | { source: 'content' };

const HASH = /^(0x)?[0-9a-fA-F]{64}$/;
const STANDARD_INPUT = '-';

/**
 * `what` is the hash of a queued order, the address of a multisig's order, or a bag of cells (hex, base64, a file, `-`) with an
 * order's body, a multisig's new_order or its content. Throws CocoonError `order_unknown`, `proposal_malformed`,
 * `proposal_unknown`, `proposal_foreign`, `invalid_request`, `chain_unavailable`.
 */
export async function findSubject(
  what: string,
  at: { client: ChainClient; standing: Standing; multisig: Address | null },
): Promise<Subject> {
  const { client, standing } = at;
  if (HASH.test(what)) return queuedOrder(what.replace(/^0x/, '').toLowerCase(), standing);
  const multisig = at.multisig ?? standing.registry.owner;
  const address = addressOf(what);
  if (address) return onChain(client, address);
  return subjectOf(cellOf(what), multisig);
}

function queuedOrder(hash: string, { orders }: Standing): Subject {
  const queued = orders.find((order) => order.hash.toString('hex') === hash);
  if (queued) return { kind: 'queued', queued, order: decodeOrder(queued.body) };
  throw new CocoonError('order_unknown', `No order ${hash} is queued.`);
}

async function onChain(client: ChainClient, address: Address): Promise<Subject> {
  const state = await readMultisigOrder(client, address);
  if (state) {
    const { multisig, order: content } = state;
    return { kind: 'proposal', multisig, content, source: 'chain', address, state };
  }
  throw new CocoonError('proposal_unknown', `${address.toString()} is no order of a multisig wallet v2.`, {
    remedy: 'Name the order contract, as the multisig tells it, and not the multisig itself.',
  });
}

/** What a cell is: a new_order, an order's body, or else the content of a multisig's order, when all of it can be read. */
function subjectOf(cell: Cell, multisig: Address): Subject {
  const newOrder = loadNewOrder(cell);
  if (newOrder) {
    return { kind: 'proposal', multisig, content: newOrder.order, source: 'message', newOrder };
  }
  try {
    return { kind: 'order', body: cell, order: decodeOrder(cell) };
  } catch (error) {
    if (isContent(cell)) return { kind: 'proposal', multisig, content: cell, source: 'content' };
    throw error;
  }
}

function isContent(cell: Cell): boolean {
  try {
    return loadActions(cell).length > 0;
  } catch {
    return false;
  }
}

function addressOf(text: string): Address | null {
  try {
    return Address.parse(text);
  } catch {
    return null;
  }
}

/** A file where there is one of that name; the text itself otherwise. */
function cellOf(what: string): Cell {
  const isFile = what === STANDARD_INPUT || existsSync(what);
  return cellFrom(isFile ? readBounded(what, GOV_LIMITS.proposalFileBytes) : Buffer.from(what));
}

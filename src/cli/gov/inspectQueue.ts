import { BLOCKED_FOR_GOOD, ORDER_SECONDS, TIMELOCK_SECONDS } from '../../../wrappers/Registry';
import { blockStandings, blockText } from '../../governance/explainBlocks';
import { decodeOrder } from '../../governance/decode';
import { placeText } from '../../governance/explainQueue';
import type { MultisigState } from '../../governance/multisig';
import type { Standing } from '../../governance/standing';
import { account, span, time } from '../../governance/words';
import { hang, labelled, paint, type Console } from '../console';
import { effectText, orderJson, sentences, viewOrder, type OrderView } from './orderView';

/** What waits, who could end what, and who decides: all that somebody must look at who trusts nobody. */
export interface QueueView {
  registry: string;
  owner: MultisigState | null;
  standing: Standing;
}

export function queueText(view: QueueView, to: Console): string {
  const { standing } = view;
  const orders = ordersOf(standing);
  const blocks = blockStandings(standing);
  const parts = [
    `${paint(to, 'bold', `Registry ${view.registry}`)} at ${time(standing.nowUnix)}\n${labelled(powerRows(view))}`,
    section(
      orders.length,
      'order',
      orders.map((order) => queuedText(order, standing, to)),
      to,
    ),
    section(
      blocks.length,
      'block',
      blocks.map((block) => `  ${hang(`${block.name}: ${blockText(block, standing)}`, 4)}`),
      to,
    ),
  ];
  return `${parts.join('\n\n')}\n`;
}

function powerRows({ owner, standing: { registry } }: QueueView): [string, string][] {
  const members = owner ? `, a multisig: ${owner.threshold} of ${owner.signers.length} signers` : '';
  const offered = registry.offeredOwner
    ? `to ${account(registry.offeredOwner)}, who has the registry as soon as he accepts`
    : 'to nobody';
  return [
    ['owner', `${account(registry.owner)}${members}`],
    ['offered', offered],
    ['guardian', account(registry.guardian)],
    [
      'sealed',
      registry.sealed
        ? `yes: what loosens waits ${span(TIMELOCK_SECONDS)}, and is void ${span(ORDER_SECONDS)} after that`
        : 'no: whatever the owner orders is carried out at once',
    ],
  ];
}

function section(count: number, name: string, entries: readonly string[], to: Console): string {
  const head = count === 0 ? `No ${name}s` : `${count} ${name}${count === 1 ? '' : 's'}`;
  const kind = name === 'order' ? ' in the queue' : '';
  return [paint(to, 'bold', `${head}${kind}`), ...entries].join(name === 'order' ? '\n\n' : '\n');
}

/** By the time when they are due: the next one first. */
function ordersOf(standing: Standing): OrderView[] {
  return [...standing.orders]
    .sort((a, b) => a.dueAt - b.dueAt)
    .map(({ body }) => viewOrder(decodeOrder(body), body, standing));
}

function queuedText(view: OrderView, { nowUnix }: Standing, to: Console): string {
  return [
    `  ${view.hash}`,
    sentences(view.explanation, 4, to),
    `    ${effectText(view.explanation, to)}; ${placeText(view.place!, nowUnix)}`,
  ].join('\n');
}

export function queueJson({ registry, owner, standing }: QueueView): object {
  const { registry: state } = standing;
  return {
    registry,
    at: standing.nowUnix,
    owner: account(state.owner),
    owner_multisig: owner && {
      threshold: owner.threshold,
      signers: owner.signers.map(account),
      proposers: owner.proposers.map(account),
    },
    offered_owner: state.offeredOwner && account(state.offeredOwner),
    guardian: account(state.guardian),
    sealed: state.sealed,
    orders: ordersOf(standing).map(orderJson),
    blocks: blockStandings(standing).map(({ subject, name, by, untilUnix, lapsed }) => ({
      subject,
      name,
      by,
      until: untilUnix ?? BLOCKED_FOR_GOOD,
      lapsed,
    })),
  };
}

import type { Cell } from '@ton/core';
import { fieldsOf } from '../../governance/fields';
import { explain } from '../../governance/explain';
import type { Explanation } from '../../governance/explanation';
import { placeOf, placeText, type QueuePlace } from '../../governance/explainQueue';
import { courseText, senderOf, senderText } from '../../governance/sender';
import type { Standing } from '../../governance/standing';
import { opcodeText } from '../../governance/decode';
import { time } from '../../governance/words';
import type { GovernanceMessage } from '../../../wrappers/governanceMessages';
import { hang, paint, type Console, type Paint } from '../console';

/** One order with everything that is told of it. */
export interface OrderView {
  order: GovernanceMessage;
  body: Cell;
  hash: string;
  explanation: Explanation;
  /** Null for an order that is not in the queue. */
  place: QueuePlace | null;
}

export function viewOrder(order: GovernanceMessage, body: Cell, now: Standing): OrderView {
  const hash = body.hash().toString('hex');
  const queued = now.orders.find((known) => known.hash.toString('hex') === hash);
  return {
    order,
    body,
    hash,
    explanation: explain(order, now),
    place: queued ? placeOf(queued, now.nowUnix) : null,
  };
}

const PAINTS: Record<Explanation['effect'], Paint> = { loosens: 'yellow', tightens: 'green', neither: 'dim' };

/** `It allows image ...`, one line for each, and in red what stands against it. */
export function sentences(
  { says, against }: Pick<Explanation, 'says' | 'against'>,
  indent: number,
  to: Console,
): string {
  const pad = ' '.repeat(indent);
  const said = says.map((sentence) => `${pad}${hang(`It ${sentence}.`, indent + 2)}`);
  const but = against.map((reason) => `${pad}${paint(to, 'red', hang(`But ${reason}.`, indent + 2))}`);
  return [...said, ...but].join('\n');
}

type Row = readonly [label: string, value: string];

/** What a stranger needs to check an order: when, by whom, its hash, and what its body says. */
export function orderRows(view: OrderView, now: Standing): Row[] {
  const { order, body, hash, explanation, place } = view;
  const fields = fieldsOf(order).map(({ name, value }): Row => [name, value]);
  return [
    ...(place ? queueRows(place, now) : newRows(order, explanation, now)),
    ['hash', hash],
    ['message', `${order.$$type} (${opcodeText(body)})`],
    ...fields,
  ];
}

function queueRows(place: QueuePlace, now: Standing): Row[] {
  return [
    ['now', placeText(place, now.nowUnix)],
    ['carried out', `by anybody, from ${time(place.dueAt)} to ${time(place.lastUnix)}`],
    ['taken back', `by ${senderText('owner', now)}, until then`],
  ];
}

function newRows({ $$type }: GovernanceMessage, explanation: Explanation, now: Standing): Row[] {
  return [
    ['sent now', courseText(explanation, now)],
    ['from', senderText(senderOf($$type), now)],
  ];
}

export function effectText({ effect }: Explanation, to: Console): string {
  const words = { loosens: 'loosens', tightens: 'tightens', neither: 'neither loosens nor tightens' };
  return paint(to, PAINTS[effect], words[effect]);
}

export function orderJson({ order, body, hash, explanation, place }: OrderView): object {
  return {
    order: order.$$type,
    hash,
    says: explanation.says,
    against: explanation.against,
    effect: explanation.effect,
    waits: explanation.waits,
    sender: senderOf(order.$$type),
    queue: place && { state: place.state, due_at: place.dueAt, void_after: place.lastUnix },
    fields: Object.fromEntries(fieldsOf(order).map(({ name, value }) => [name, value])),
    body: body.toBoc().toString('base64'),
  };
}

import { ORDER_SECONDS } from '../../wrappers/Registry';
import type { GovernanceMessage } from '../../wrappers/governanceMessages';
import { decodeOrder } from './decode';
import { neither, tightening, type Explanation } from './explanation';
import { sameHash, type QueuedOrder, type Standing } from './standing';
import { hex, short, span, time } from './words';

type Of<T extends GovernanceMessage['$$type']> = Extract<GovernanceMessage, { $$type: T }>;

export type QueueState = 'waits' | 'due' | 'void';

/** Dates of an order in the queue: due from, and void after. Unix seconds, both inclusive. */
export interface QueuePlace {
  state: QueueState;
  dueAt: number;
  lastUnix: number;
}

export function placeOf({ dueAt }: Pick<QueuedOrder, 'dueAt'>, nowUnix: number): QueuePlace {
  const lastUnix = dueAt + ORDER_SECONDS;
  const state = nowUnix < dueAt ? 'waits' : nowUnix <= lastUnix ? 'due' : 'void';
  return { state, dueAt, lastUnix };
}

/** `waits until ... (14 d 23 h)`. */
export function placeText({ state, dueAt, lastUnix }: QueuePlace, nowUnix: number): string {
  switch (state) {
    case 'waits':
      return `waits until ${time(dueAt)} (${span(dueAt - nowUnix)})`;
    case 'due':
      return `is due, until ${time(lastUnix)} (${span(lastUnix - nowUnix)})`;
    case 'void':
      return `is void since ${time(lastUnix + 1)}`;
  }
}

/** Taking back what would loosen tightens; `explainOther` says what the queued order would have done. */
export function explainCancel(
  { order }: Of<'CancelOrder'>,
  now: Standing,
  explainOther: (queued: GovernanceMessage) => Explanation,
): Explanation {
  const id = hex(order);
  const queued = now.orders.find(({ hash }) => sameHash(hash, id));
  if (!queued) {
    return neither([`takes back order ${short(id)}`], ['no such order is queued: refused (1021)']);
  }
  const what = explainOther(decodeOrder(queued.body)).says[0]!;
  const place = placeText(placeOf(queued, now.nowUnix), now.nowUnix);
  return tightening([`takes back order ${short(id)}, which ${what}; it ${place}`]);
}

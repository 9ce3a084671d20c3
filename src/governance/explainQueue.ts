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

type ExplainOther = (queued: GovernanceMessage) => Explanation;

/** Carries out what waited; `explainOther` says what the queued order does. */
export function explainExecute(
  { order }: Of<'ExecuteOrder'>,
  now: Standing,
  explainOther: ExplainOther,
): Explanation {
  const id = hex(order);
  const queued = queuedBy(id, now);
  if (!queued) return neither([`carries out order ${short(id)}`], [UNKNOWN]);
  const { says, effect, against } = explainOther(decodeOrder(queued.body));
  const { state, dueAt } = placeOf(queued, now.nowUnix);
  const early = state === 'waits' ? [`it is not due before ${time(dueAt)}: refused (1020)`] : [];
  const late = state === 'void' ? ['it is void: refused (1024)'] : [];
  return {
    says: [`carries out order ${short(id)}, which waited`, ...says],
    effect,
    waits: false,
    against: [...early, ...late, ...against],
  };
}

/** Taking back what would loosen tightens; `explainOther` says what the queued order would have done. */
export function explainCancel(
  { order }: Of<'CancelOrder'>,
  now: Standing,
  explainOther: ExplainOther,
): Explanation {
  const id = hex(order);
  const queued = queuedBy(id, now);
  if (!queued) return neither([`takes back order ${short(id)}`], [UNKNOWN]);
  const place = placeText(placeOf(queued, now.nowUnix), now.nowUnix);
  const [first, ...others] = explainOther(decodeOrder(queued.body)).says;
  return tightening([
    `takes back order ${short(id)}, which ${place}: it ${first}`,
    ...others.map((more) => `takes back that it ${more}`),
  ]);
}

const UNKNOWN = 'no such order is in the queue: refused (1021)';

function queuedBy(id: string, { orders }: Standing): QueuedOrder | undefined {
  return orders.find(({ hash }) => sameHash(hash, id));
}

import type { ActionMeaning } from '../../governance/proposal';
import type { MultisigState } from '../../governance/multisig';
import { NEXT_SEQNO } from '../../governance/multisig';
import { accountsOf, senderOf, senderText } from '../../governance/sender';
import type { Standing } from '../../governance/standing';
import { account, coins, span, time } from '../../governance/words';
import { hang, labelled, paint, type Console } from '../console';
import { orderJson, orderRows, sentences, viewOrder } from './orderView';
import type { Subject } from './subject';

export type ProposalSubject = Extract<Subject, { kind: 'proposal' }>;

/** What a multisig is to carry out, and how far it is. */
export interface ProposalView {
  subject: ProposalSubject;
  /** Null where the multisig cannot be read. */
  members: MultisigState | null;
  actions: readonly ActionMeaning[];
  standing: Standing;
}

type Row = readonly [label: string, value: string];

export function proposalText(view: ProposalView, to: Console): string {
  const { actions } = view;
  const count = `${actions.length} action${actions.length === 1 ? '' : 's'}`;
  const head = `${paint(to, 'bold', titleOf(view))}: ${count}\n${labelled(proposalRows(view))}`;
  const troubles = troublesOf(view).map((trouble) => `  ${paint(to, 'red', hang(`But ${trouble}.`, 4))}`);
  const parts = actions.map((action) => actionText(action, view, to));
  return `${[[head, ...troubles].join('\n'), ...parts].join('\n\n')}\n`;
}

function titleOf({ subject }: ProposalView): string {
  if (subject.source === 'chain') return `Order ${subject.state.seqno} of the multisig`;
  return subject.source === 'message' ? 'A new order of the multisig' : 'The content of a multisig order';
}

function proposalRows({ subject, members, standing }: ProposalView): Row[] {
  const rows: Row[] = [['multisig', account(subject.multisig)]];
  if (members) rows.push(['decides', `with ${members.threshold} of ${members.signers.length} signers`]);
  if (subject.source === 'chain') {
    const { state, address } = subject;
    const who = state.approvals.map((index) => account(state.signers[index]!)).join(', ');
    rows.push(
      ['order', account(address)],
      [
        'approved',
        `by ${state.approvals.length} of the ${state.threshold} that it needs${who && `: ${who}`}`,
      ],
      ['expires', expiryText(state.expiresAtUnix, standing)],
    );
  }
  if (subject.source === 'message') {
    const { by, seqno, expiresAtUnix } = subject.newOrder;
    rows.push(
      ['number', seqno === NEXT_SEQNO ? 'the next one' : String(seqno)],
      ['proposed', `by ${by.role} ${by.index}${memberText(by, members)}`],
      ['expires', expiryText(expiresAtUnix, standing)],
    );
  }
  return [...rows, ['hash', subject.content.hash().toString('hex')]];
}

function memberText(
  { role, index }: { role: 'signer' | 'proposer'; index: number },
  members: MultisigState | null,
): string {
  const member = (role === 'signer' ? members?.signers : members?.proposers)?.[index];
  return member ? `, ${account(member)}` : '';
}

function expiryText(unix: number, { nowUnix }: Standing): string {
  return unix < nowUnix ? `${time(unix)}: it has` : `${time(unix)} (${span(unix - nowUnix)})`;
}

/** Why it could not be carried out, whatever is in it. */
function troublesOf(view: ProposalView): string[] {
  const { subject, members, standing } = view;
  const found: string[] = [];
  if (!members) found.push(`${account(subject.multisig)} is no multisig wallet v2`);
  found.push(...strangersOrders(view));
  if (subject.source !== 'chain') return found;
  const { state } = subject;
  if (state.executed) found.push('it was carried out already');
  if (state.expiresAtUnix < standing.nowUnix) found.push('it has expired');
  const same = (a: MultisigState): boolean =>
    a.signers.length === state.signers.length &&
    a.signers.every((signer, index) => signer.equals(state.signers[index]!));
  if (members && !same(members)) found.push('the multisig has other signers now, and would refuse it');
  if (members && state.threshold < members.threshold) found.push('the multisig needs more approvals now');
  return found;
}

/** Orders that the multisig may not give: unless it becomes the owner by the same proposal. */
function strangersOrders({ subject: { multisig }, actions, standing }: ProposalView): string[] {
  const { registry } = standing;
  const orders = actions.flatMap((action) => (action.kind === 'order' ? [action] : []));
  const accepts = orders.some(({ order }) => order.$$type === 'AcceptOwnership');
  const owner = accepts && registry.offeredOwner?.equals(multisig) ? multisig : registry.owner;
  return orders.flatMap(({ place, order }) => {
    const sender = senderOf(order.$$type);
    const who = accountsOf(sender, { ...registry, owner });
    if (sender === 'anybody' || who.some((may) => may.equals(multisig))) return [];
    return [
      `action ${place} is for ${senderText(sender, standing)}, and not for this multisig: it would be refused`,
    ];
  });
}

function actionText(action: ActionMeaning, { standing }: ProposalView, to: Console): string {
  const head = `${paint(to, 'bold', `Action ${action.place}`)}`;
  if (action.kind !== 'order') return `${head}\n${sentences({ says: action.says, against: [] }, 2, to)}`;
  const view = viewOrder(action.order, action.body, standing);
  const carried: Row = ['carries', `${coins(action.send.valueNano)}, mode ${action.send.mode}`];
  const rows = [carried, ...orderRows(view, standing).filter(([label]) => label !== 'from')];
  return `${head}\n${sentences(action.explanation, 2, to)}\n${labelled(rows)}`;
}

export function proposalJson(view: ProposalView): object {
  const { subject, members, actions, standing } = view;
  return {
    multisig: account(subject.multisig),
    threshold: members?.threshold ?? null,
    signers: members?.signers.map(account) ?? null,
    hash: subject.content.hash().toString('hex'),
    against: troublesOf(view),
    ...(subject.source === 'chain' && {
      order: account(subject.address),
      seqno: subject.state.seqno,
      approvals: subject.state.approvals.map((index) => account(subject.state.signers[index]!)),
      needed: subject.state.threshold,
      executed: subject.state.executed,
      expires_at: subject.state.expiresAtUnix,
    }),
    ...(subject.source === 'message' && {
      expires_at: subject.newOrder.expiresAtUnix,
      by: subject.newOrder.by,
    }),
    actions: actions.map((action) => ({
      place: action.place,
      kind: action.kind,
      ...(action.kind === 'order'
        ? orderJson(viewOrder(action.order, action.body, standing))
        : { says: action.says }),
      ...(action.kind !== 'members' && {
        to: account(action.send.to),
        value_nano: action.send.valueNano,
        mode: action.send.mode,
      }),
    })),
  };
}

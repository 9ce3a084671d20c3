import type { Address } from '@ton/core';
import type { ChainClient } from '../../chain/chainClient';
import { explainActions } from '../../governance/proposal';
import { time } from '../../governance/words';
import { toJson } from '../connect';
import { labelled, paint, type Console } from '../console';
import { proposalJson, proposalText, type ProposalSubject } from './inspectProposal';
import { queueJson, queueText } from './inspectQueue';
import { effectText, orderJson, orderRows, sentences, viewOrder } from './orderView';
import { readMultisig } from '../../operate/multisigReader';
import { readStanding } from '../../operate/standing';
import { findSubject, type Subject } from './subject';
import type { Standing } from '../../governance/standing';

export interface InspectOptions {
  /** What findSubject understands; null for the whole queue. */
  what: string | null;
  registry: Address;
  /** Whose proposal a bag of cells is; the registry's owner's without it. */
  multisig: Address | null;
  json: boolean;
}

const INSPECTED = 0;

/** Says what waits, or what an order or a proposal would do. Throws CocoonError, as `findSubject` and `readStanding`. */
export async function runInspect(options: InspectOptions, client: ChainClient, to: Console): Promise<number> {
  const { what, registry, json } = options;
  const standing = await readStanding(client, registry);
  if (what === null) {
    const owner = await readMultisig(client, standing.registry.owner);
    const view = { registry: registry.toString(), owner, standing };
    to.write(json ? `${toJson(queueJson(view))}\n` : queueText(view, to));
    return INSPECTED;
  }
  const subject = await findSubject(what, { client, standing, multisig: options.multisig });
  if (subject.kind === 'proposal') await printProposal(subject, options, standing, client, to);
  else printOrder(subject, standing, json, to);
  return INSPECTED;
}

async function printProposal(
  subject: ProposalSubject,
  { registry, json }: InspectOptions,
  standing: Standing,
  client: ChainClient,
  to: Console,
): Promise<void> {
  const { multisig, content } = subject;
  const members = await readMultisig(client, multisig);
  const actions = explainActions(content, { multisig, registry, members }, standing);
  const view = { subject, members, actions, standing };
  to.write(json ? `${toJson(proposalJson(view))}\n` : proposalText(view, to));
}

function printOrder(
  subject: Exclude<Subject, ProposalSubject>,
  standing: Standing,
  json: boolean,
  to: Console,
): void {
  const body = subject.kind === 'queued' ? subject.queued.body : subject.body;
  const view = viewOrder(subject.order, body, standing);
  if (json) return to.write(`${toJson(orderJson(view))}\n`);
  const head = paint(to, 'bold', `Order ${subject.order.$$type}`);
  const standingText = view.place ? 'in the queue' : 'not in the queue';
  to.write(
    `${head}, ${standingText} at ${time(standing.nowUnix)}; it ${effectText(view.explanation, to)}.\n\n` +
      `${sentences(view.explanation, 2, to)}\n\n${labelled(orderRows(view, standing))}\n`,
  );
}

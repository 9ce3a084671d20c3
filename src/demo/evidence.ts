import { nodeCrypto } from '../attestation/crypto/node';
import { createHistory } from '../chain/history';
import { verifyBundle, writeBundle, type Link, type LinkName, type Verification } from '../evidence';
import type { Customer } from './customer';
import type { Stage } from './stage';

/** The evidence of one answer of this run. */
export interface DemoEvidence {
  customer: string;
  /** The bundle, as a file has it. */
  text: string;
  /** Without the chain, and with it. */
  offline: Verification;
  onChain: Verification;
}

/** Of a customer's first answer: his lines are settled by now, so that every link can be checked. */
export async function gatherEvidence(stage: Stage, customer: Customer): Promise<DemoEvidence> {
  const { chain } = stage;
  const bundle = customer.client
    .receipts(RECEIPTS)
    .map(({ id }) => customer.client.evidence(id))
    .findLast((found) => found !== null);
  if (!bundle) throw new Error(`${customer.name} has no evidence of any answer`);
  const text = writeBundle(bundle);
  const options = { crypto: nodeCrypto, policy: { allowSimulated: true } };
  const offline = await verifyBundle(text, options);
  const asked = { ...chain, ...createHistory(chain.client) };
  const onChain = await verifyBundle(text, { ...options, chain: asked });
  return { customer: customer.name, text, offline, onChain };
}

const RECEIPTS = 10_000;

/** Links that answer one question together. */
export interface LinkGroup {
  title: string;
  state: Link['state'];
  names: LinkName[];
}

const GROUPS: readonly [title: string, upTo: LinkName][] = [
  ['what was asked, answered, paid', 'fee'],
  ['who answered, with which model', 'model'],
  ['on which hardware and software', 'root'],
  ['what the chain says of it', 'settlement'],
];

/** The checklist in four lines: a group is as good as its worst link. */
export function linkGroups(links: readonly Link[]): LinkGroup[] {
  let from = 0;
  return GROUPS.map(([title, upTo]) => {
    const to = links.findIndex(({ name }) => name === upTo) + 1;
    const own = links.slice(from, to);
    from = to;
    const worst = (['failed', 'not checked'] as const).find((state) =>
      own.some((link) => link.state === state),
    );
    return { title, state: worst ?? 'ok', names: own.map(({ name }) => name) };
  });
}

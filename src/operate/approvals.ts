import type { Address } from '@ton/core';
import { approveBody, type MultisigOrder } from '../governance/multisig';
import { explainActions } from '../governance/proposal';
import { CocoonError } from '../protocol/errors';
import { refused } from '../chain/accounts';
import { readMultisig, readMultisigOrder } from './multisigReader';
import type { Session } from './session';
import { readStanding } from './standing';

/** An order contract of a multisig, read from the chain. */
export interface Proposal {
  address: Address;
  state: MultisigOrder;
}

/** For gas, and for the multisig to carry it out; what is left goes there. */
const APPROVE_NANO = 100_000_000n;

/** Throws CocoonError `proposal_unknown` when the account named is no order of a multisig, `proposal_foreign`. */
export async function askProposal(session: Session): Promise<Proposal> {
  const address = await session.answers.address('proposal', "Address of the multisig's order");
  const state = await readMultisigOrder(session.client, address);
  if (state) return { address, state };
  throw new CocoonError('proposal_unknown', `${address.toString()} is no order of a multisig wallet v2.`);
}

/** Every action in sentences. Throws CocoonError when something in it cannot be read: it is not to be approved. */
export async function sayProposal(session: Session, { state }: Proposal): Promise<void> {
  const { client, say } = session;
  const { registry } = await session.chain();
  const [now, members] = await Promise.all([
    readStanding(client, registry),
    readMultisig(client, state.multisig),
  ]);
  const place = { multisig: state.multisig, registry, members };
  for (const action of explainActions(state.order, place, now)) {
    const { says, against } =
      action.kind === 'order' ? action.explanation : { says: action.says, against: [] };
    for (const sentence of says) say(`action ${action.place}  it ${sentence}`);
    for (const reason of against) say(`          but ${reason}`);
  }
}

/** Says so instead when this signer has approved it, or it has gone its way. */
export async function approveProposal(session: Session, { address, state }: Proposal): Promise<void> {
  const { wallet, say } = session;
  const index = state.signers.findIndex((signer) => signer.equals(wallet.address));
  if (index < 0) return say('approved  no: this wallet is no signer of it');
  if (state.executed) return say('approved  already carried out');
  if (state.approvals.includes(index)) return say('approved  already');
  await session.measured('approved', [address, state.multisig], async () => {
    const report = await wallet.transfer([
      { to: address, valueNano: APPROVE_NANO, body: approveBody(index) },
    ]);
    if (report.failure) throw refused(report.failure.address, report.failure.exitCode);
    return { ...report, contract: address };
  });
  say(`approvals ${state.approvals.length + 1} of the ${state.threshold} that it needs`);
}

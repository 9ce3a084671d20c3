import type { NetworkProvider } from '@ton/blueprint';
import { approveProposal, askProposal, sayProposal } from '../src/operate/approvals';
import { operate } from '../src/operate/session';

/** Signer of a multisig: says what a proposal would do, and approves it. Takes proposal (address of the multisig's order). */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const proposal = await askProposal(session);
    await sayProposal(session, proposal);
    await approveProposal(session, proposal);
  });
}

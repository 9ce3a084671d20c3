import type { NetworkProvider } from '@ton/blueprint';
import { isoTime } from '../src/operate/orders';
import { coins, operate } from '../src/operate/session';

/** Anybody: an escrow's money and lines. Takes escrow. */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const { say } = session;
    const chain = await session.chain();
    const address = await session.answers.address('escrow', 'Address of the escrow');
    const escrow = await chain.escrow(address);
    if (!escrow) return say('escrow    there is no genuine escrow of this registry');
    say(`client    ${escrow.client.toString()}`);
    say(`signer    ${escrow.signer?.toString('hex') ?? 'none'}, may spend ${coins(escrow.signerBudgetNano)}`);
    say(`balance   ${coins(escrow.balanceNano)}`);
    say(`locked    ${coins(escrow.lockedNano)}`);
    say(`free      ${coins(escrow.freeNano)}`);
    for (const [id, line] of escrow.lines) {
      const closing = line.closeAt === 0 ? '' : `, closes ${isoTime(line.closeAt)}`;
      say(
        `line      ${id} paid ${coins(line.paidNano)} of ${coins(line.capNano)}, ends ${isoTime(line.settleBy)}${closing}`,
      );
    }
  });
}

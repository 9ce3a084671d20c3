import type { NetworkProvider } from '@ton/blueprint';
import { topUp } from '../src/chain/accounts';
import { operate } from '../src/operate/session';

/** Anybody: adds to an escrow's free money; each run adds again. Takes escrow, amount. */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const escrow = await session.answers.address('escrow', 'Address of the escrow');
    const amount = await session.answers.coins('amount', 'Amount');
    await session.measured('topped up', [escrow], () => topUp(session.wallet, escrow, amount));
  });
}

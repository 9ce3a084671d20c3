import type { NetworkProvider } from '@ton/blueprint';
import { withdraw } from '../src/chain/accounts';
import { coins, operate } from '../src/operate/session';

/** Client: takes free money out of the escrow. Takes escrow, amount (0 takes all of it). */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const chain = await session.chain();
    const escrow = await session.answers.address('escrow', 'Address of the escrow');
    const amount = await session.answers.coins('amount', 'Amount, 0 for all that is free', '0');
    const free = (await chain.escrow(escrow))?.freeNano ?? 0n;
    session.say(`free      ${coins(free)}`);
    if (free === 0n) return session.say('withdrawn nothing is free');
    await session.measured('withdrawn', [escrow], () => withdraw(session.wallet, escrow, amount));
  });
}

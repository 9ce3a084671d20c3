import type { NetworkProvider } from '@ton/blueprint';
import { pruneLines } from '../src/chain/accounts';
import { isPrunable } from '../src/chain/lineEnd';
import { changeLines, pickLines } from '../src/operate/lines';
import { coins, operate } from '../src/operate/session';

/** Anybody: frees what ended lines left. Takes escrow, lines (ids in hex with commas between; all). */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const chain = await session.chain();
    const address = await session.answers.address('escrow', 'Address of the escrow');
    const named = await session.answers.text('lines', 'Lines', 'all');
    const escrow = await chain.escrow(address);
    if (!escrow) return session.say('escrow    there is no genuine escrow of this registry');
    const ended = pickLines(escrow, named, (line) => isPrunable(line, escrow.readAtUnix));
    if (ended.length === 0) return session.say('pruned    nothing has ended');
    await changeLines(session, address, 'lines pruned', ended, pruneLines);
    session.say(`free      ${coins((await chain.escrow(address))?.freeNano ?? 0n)}`);
  });
}

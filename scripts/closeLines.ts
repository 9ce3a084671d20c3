import type { NetworkProvider } from '@ton/blueprint';
import { closeLines } from '../src/chain/accounts';
import { lastSecond } from '../src/chain/dues';
import { changeLines, pickLines } from '../src/operate/lines';
import { isoTime } from '../src/operate/orders';
import { operate } from '../src/operate/session';

/** Client: ends lines after the closing delay. Takes escrow, lines (ids in hex with commas between, or all). */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const chain = await session.chain();
    const address = await session.answers.address('escrow', 'Address of the escrow');
    const named = await session.answers.text('lines', 'Lines, or all');
    const escrow = await chain.escrow(address);
    if (!escrow) return session.say('escrow    there is no genuine escrow of this registry');
    const open = pickLines(
      escrow,
      named,
      (line) => line.closeAt === 0 && lastSecond(line) >= escrow.readAtUnix,
    );
    if (open.length === 0) return session.say('closed    already');
    await changeLines(session, address, 'lines closed', open, closeLines);
    const lines = (await chain.escrow(address))?.lines;
    for (const id of open.map((bytes) => bytes.toString('hex'))) {
      const line = lines?.get(id);
      if (line) session.say(`line      ${id} ends ${isoTime(lastSecond(line))}: prune it then`);
    }
  });
}

import type { NetworkProvider } from '@ton/blueprint';
import { blockOnce } from '../src/operate/blocks';
import { operate } from '../src/operate/session';
import { askPlatform } from '../src/operate/subjects';

/** Guardian or maintainer: no new admission on a machine. Takes platform (address, PPID, or the hash of that). */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const platform = await askPlatform(session);
    await blockOnce(session, platform.hash);
  });
}

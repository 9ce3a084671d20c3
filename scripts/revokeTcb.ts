import type { NetworkProvider } from '@ton/blueprint';
import { askFamily, readFloors } from '../src/operate/floors';
import { order } from '../src/operate/orders';
import { operate } from '../src/operate/session';
import { revokeTcbBody } from '../wrappers/Registry';

/** Maintainer: forgets a family's floor; the one for all others holds then. Takes fmspc (12 hex digits; zero: that one). */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const fmspc = await askFamily(session);
    const known = (await readFloors(session)).some((floor) => floor.fmspc.equals(fmspc));
    if (!known) return session.say('revoked   already');
    await order(session, 'floor revoked', revokeTcbBody(fmspc));
  });
}

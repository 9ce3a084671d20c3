import type { NetworkProvider } from '@ton/blueprint';
import { askFamily, askFloor, readFloors } from '../src/operate/floors';
import { order } from '../src/operate/orders';
import { operate } from '../src/operate/session';
import { isAtOrAbove } from '../src/protocol/tcb';
import { allowTcbBody } from '../wrappers/Registry';

/**
 * Maintainer: the least that machines of a family must have. Takes fmspc (12 hex digits; zero: every family without its own),
 * pceId, pceSvn, sgxSvns, teeTcbSvn (32 hex digits each), qeIsvSvn; each is as it is unless said.
 */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const fmspc = await askFamily(session);
    const present = (await readFloors(session)).find((floor) => floor.fmspc.equals(fmspc)) ?? null;
    const floor = await askFloor(session, present);
    if (present && isAtOrAbove(present, floor) && isAtOrAbove(floor, present)) {
      return session.say('allowed   already');
    }
    await order(session, 'floor set', allowTcbBody(fmspc, floor));
  });
}

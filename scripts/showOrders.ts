import type { NetworkProvider } from '@ton/blueprint';
import { decodeOrder } from '../src/governance/decode';
import { explain } from '../src/governance/explain';
import { blockStandings, blockText } from '../src/governance/explainBlocks';
import { placeOf, placeText } from '../src/governance/explainQueue';
import { operate } from '../src/operate/session';
import { readStanding } from '../src/operate/standing';

/** Anybody: what waits in a registry's queue, in sentences, and what is blocked. */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const { say, client } = session;
    const { registry } = await session.chain();
    const now = await readStanding(client, registry);
    for (const queued of now.orders) {
      const { says, against } = explain(decodeOrder(queued.body), now);
      say(`order     ${queued.hash.toString('hex')} ${placeText(placeOf(queued, now.nowUnix), now.nowUnix)}`);
      for (const sentence of says) say(`          it ${sentence}`);
      for (const reason of against) say(`          but ${reason}`);
    }
    for (const block of blockStandings(now)) say(`block     ${block.name}, ${blockText(block, now)}`);
    if (now.orders.length === 0) say('orders    none');
  });
}

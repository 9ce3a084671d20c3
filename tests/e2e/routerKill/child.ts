import { createInterface } from 'node:readline';
import pino from 'pino';
import type { FaultPoint } from '../../../src/router/faults';
import { createRouter } from '../../../src/router/router';
import { FEE_TO, createFakeChain, createFakeClock } from '../../unit/router/support/fakeChain';
import { createDrillParties } from './parties';

/** Where the router process is to die: at the nth time it passes this point. */
export interface DrillOrder {
  ledgerPath: string;
  point: FaultPoint | null;
  nth: number;
}

/** A router in a process of its own. It loads first and opens its ledger once an order comes, so that restarts are quick. */
async function serve(order: DrillOrder): Promise<void> {
  const chain = createFakeChain();
  createDrillParties(chain);
  let passed = 0;
  const router = await createRouter(
    { host: '127.0.0.1', port: 0, ledgerPath: order.ledgerPath, feeBps: 0, feeTo: FEE_TO },
    {
      ...{ chain, escrows: chain, clock: createFakeClock(), log: pino({ level: 'silent' }) },
      faultPoint(point) {
        if (point !== order.point || ++passed < order.nth) return;
        process.kill(process.pid, 'SIGKILL');
        // The signal is on its way; nothing more may happen here.
        for (;;);
      },
    },
  );
  process.stdout.write(`${JSON.stringify({ url: router.url })}\n`);
}

createInterface({ input: process.stdin })
  .once('line', (line) => void serve(JSON.parse(line) as DrillOrder))
  .once('close', () => process.exit(0));

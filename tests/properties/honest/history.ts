import type { Receipt, Signed } from '../../../src/protocol/signed';
import { createFinder, type Contradiction } from '../../../src/slash';
import { ROUTERS, type Action } from './actions';
import { createMachine, type Machine } from './machine';

/** How a history went. */
export interface Outcome {
  contradiction: Contradiction | null;
  /** Of everything that was ever signed, whether it reached anybody or not. */
  histories: number;
  /** What the most and the least told of the routers hold. */
  receipts: number[];
  keys: number;
}

/**
 * Plays a history on a worker's genuine key and ledger, and compares everything that it signed, also what was lost on the
 * way. `withMark` plays a host who puts back the directory together with the mark beside it, against the instructions.
 */
export async function play(
  actions: readonly Action[],
  { withMark }: { withMark: boolean },
): Promise<Outcome> {
  const finder = createFinder();
  const routers = Array.from({ length: ROUTERS }, () => 0);
  const keys = new Set<string>();
  let contradiction: Contradiction | null = null;
  const machine = createMachine((receipt) => {
    const line = machine.lineOf(receipt.value);
    keys.add(line.workerKey.toString('hex'));
    contradiction ??= finder.add({ escrow: Buffer.alloc(32), line, receipt }, 'the worker');
  });
  try {
    for (const action of actions) {
      const reached = await perform(machine, action, withMark);
      if (reached) for (const router of reached) routers[router]! += 1;
    }
  } finally {
    machine.end();
  }
  return { contradiction, histories: finder.histories(), receipts: routers, keys: keys.size };
}

/** The routers that a receipt of this action reached, or null. */
async function perform(machine: Machine, action: Action, withMark: boolean): Promise<number[] | null> {
  const told = (receipt: Signed<Receipt> | null, reaches: number): number[] | null =>
    receipt && routersOf(reaches);
  switch (action.kind) {
    case 'job':
      return told(await machine.bill(action.line, action.feeNano), action.reaches);
    case 'sign again':
      return told(machine.signAgain(action.line), action.reaches);
    case 'final':
      return told(await machine.finalise(action.line), action.reaches);
    case 'crash':
      await machine.bill(action.line, action.feeNano, action.at);
      return null;
    case 'restart':
      machine.restart();
      return null;
    case 'copy':
      machine.copy();
      return null;
    case 'put back':
      machine.putBack(withMark);
      return null;
    case 'reboot':
      machine.reboot();
      return null;
    case 'days pass':
      machine.pass(action.days);
      return null;
  }
}

function routersOf(reaches: number): number[] {
  return Array.from({ length: ROUTERS }, (_, router) => router).filter((router) => reaches & (1 << router));
}

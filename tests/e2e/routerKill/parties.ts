import {
  admit,
  createClientParty,
  createWorkerParty,
  type ClientParty,
  type WorkerParty,
} from '../../unit/router/support/parties';
import type { FakeChain } from '../../unit/router/support/fakeChain';

const CLIENTS = 6;
const CAP_NANO = 10n ** 12n;

/** The same worker and clients in both processes of the drill: all of it follows from seeds. */
export function createDrillParties(chain: FakeChain): { worker: WorkerParty; clients: ClientParty[] } {
  const worker = createWorkerParty(1);
  admit(chain, worker);
  const clients = Array.from({ length: CLIENTS }, (_, i) =>
    createClientParty(chain, 100 + i, worker, { capNano: CAP_NANO }),
  );
  return { worker, clients };
}

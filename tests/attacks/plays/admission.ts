import { keyPairFromSeed } from '../../../src/protocol/ed25519';
import type { HpkeCertificate } from '../../../src/protocol/signed';
import type { Statement } from '../../../src/protocol/statement';
import { signOffer, type WorkerOffer } from '../../../src/protocol/wire';
import { createFakeWorker } from '../../unit/client/network/worker';
import { honestEngine } from '../engine';
import type { Play } from '../play';
import type { Scene } from '../scene';

const FOREIGN = Buffer.alloc(32, 0x66);
const HOUR = 3_600;

/** A worker whose contract recorded just what it signed, and which still is not what it must be. */
function signing(
  parts: (now: number) => { statement?: Partial<Statement>; certificate?: Partial<HpkeCertificate> },
): Play {
  return {
    lie(scene) {
      const { network, worker } = scene;
      const { clock, chain, workers } = network;
      const { index } = worker.state;
      const liar = createFakeWorker(clock, {
        index,
        engine: honestEngine,
        ...parts(Math.floor(clock.now())),
      });
      chain.workerStates.set(liar.address.hash.toString('hex'), liar.state);
      scene.worker = liar;
      workers.splice(0, 1, liar);
    },
  };
}

/** A worker of which the chain says something else than it does. */
const recorded = (change: (scene: Scene) => void): Play => ({ lie: change });

/** The worker's own words in its offer, under its own signature. */
const offering = (change: Partial<WorkerOffer>): Play => ({
  lie({ worker }) {
    const honest = worker.offer.bind(worker);
    worker.offer = () => honest(change);
  },
});

export const ADMISSION: Record<string, Play> = {
  'wrong-statement': recorded(({ worker }) => void (worker.state.statementHash = FOREIGN)),
  'statement-of-another': signing(() => ({ statement: { worker: FOREIGN } })),
  'statement-of-another-network': signing(() => ({ statement: { networkId: -239 } })),
  'older-algorithms': signing(() => ({ statement: { aeadId: 1 } })),
  'expired-statement': signing((now) => ({ statement: { notAfter: now } })),
  'expired-certificate': signing((now) => ({ certificate: { notAfter: now } })),
  'certificate-of-another': signing(() => ({ certificate: { statementHash: FOREIGN } })),
  'expired-key': recorded(({ worker, network }) => {
    worker.state.keys[0]!.activeUntil = Math.floor(network.clock.now());
  }),
  'key-not-admitted': recorded(({ worker }) => void (worker.state.keys = [])),
  'other-image': offering({ imageId: FOREIGN.toString('hex') }),
  'revoked-image': recorded(({ worker }) => {
    worker.state.imageId = FOREIGN;
    const honest = worker.offer.bind(worker);
    worker.offer = () => honest({ imageId: FOREIGN.toString('hex') });
  }),
  'blocked-machine': recorded(({ network, worker }) => {
    worker.state.platform = FOREIGN;
    network.chain.rules.blocks.set(FOREIGN.toString('hex'), Math.floor(network.clock.now()) + HOUR);
  }),
  'other-model': offering({
    models: [
      {
        ...{ id: 'tiny', hash: FOREIGN.toString('hex'), contextLength: 2_048, maxOutputTokens: 512 },
        capabilities: ['chat'],
      },
    ],
  }),
  'older-worker-offer': {
    lie({ worker }) {
      const keys = keyPairFromSeed(Buffer.alloc(32, 0x10 + worker.state.index));
      const honest = worker.offer.bind(worker);
      worker.offer = () =>
        signOffer({ ...(JSON.parse(honest().text) as WorkerOffer), version: 0 as 1 }, keys);
    },
  },
};

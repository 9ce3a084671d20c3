import { randomBytes } from 'node:crypto';
import { systemTimers } from '../../../../src/channel';
import { workerConfigSchema } from '../../../../src/worker/config';
import { silentLogger } from '../../../../src/worker/logger';
import { createWorker } from '../../../../src/worker/worker';
import {
  createTestChain,
  lineTo,
  NETWORK_ID,
  openEscrow,
  openLine,
  REGISTRY,
  START,
  testModel,
  WORKER,
} from './world';

/** A worker that dies by its own hand at the n-th passing of a named point: `crashChild.ts <json>`. */
export interface CrashPlan {
  stateDir: string;
  router: string;
  engine: string;
  point: string;
  passing: number;
}

async function run({ stateDir, router, engine, point, passing }: CrashPlan): Promise<void> {
  const clock = { now: () => START };
  const chain = createTestChain(clock, true);
  let passed = 0;
  const worker = await createWorker(
    workerConfigSchema.parse({
      ...{ stateDir, routers: [router], engine: { url: engine }, models: [testModel()], slots: 8 },
      network: { endpoint: 'http://127.0.0.1:1', networkId: NETWORK_ID, registry: REGISTRY.toRawString() },
      ...{ worker: WORKER.toRawString(), imageId: 'ab'.repeat(32) },
    }),
    {
      ...{ chain, clock, randomBytes, log: silentLogger, announce: chain.announce },
      ...{ timers: systemTimers, random: Math.random },
      faultPoint(name) {
        if (name !== point || ++passed < passing) return;
        process.kill(process.pid, 'SIGKILL');
        for (;;); // Not one more instruction of ours.
      },
    },
  );
  const escrow = openEscrow(chain, 'client', START);
  openLine(escrow, lineTo(worker.workerKey));
}

void run(JSON.parse(process.argv[2]!) as CrashPlan);

import { SANDBOX_DEFAULTS } from '../../../src/demo/sandbox/options';
import { startSandbox, type Sandbox } from '../../../src/demo/sandbox/sandbox';
import { startEngine } from '../engineProcess';
import { CHAT, EAR, type Scene } from './features';

export interface ClientScene extends Scene {
  sandbox: Sandbox;
  close(): Promise<void>;
}

/** The engine takes fewer requests at once than its worker believes, so that it can be met busy. */
const SLOTS = { engine: 2, worker: 4 };

/** `cocoon gateway --sandbox` before an engine of two models whose names have a slash. */
export async function openScene(): Promise<ClientScene> {
  const engine = await startEngine(
    ...['--id', CHAT, '--ear-id', EAR, '--slots', String(SLOTS.engine), '--queue', '0'],
    ...['--delay-ms-per-token', '2'],
  );
  const options = {
    ...SANDBOX_DEFAULTS,
    ...{ port: 0, engine: engine.url, slots: SLOTS.worker, rate: { requests: 1, seconds: 1 } },
  };
  const sandbox = await startSandbox(options, () => undefined).catch(async (error: unknown) => {
    await engine.stop();
    throw error;
  });
  return {
    ...{ url: sandbox.url, keys: options.keys, sandbox },
    async close() {
      await sandbox.close();
      await engine.stop();
    },
  };
}

import { canaryOf } from './canary';
import { createEngine, type Engine } from './engine';
import type { RequestRules } from './engineRequest';

/**
 * All engines beside this worker behind one face: models that name an address of their own are served there, a whisper
 * server beside vLLM for example, the others by the main engine.
 */
export function createEngines(config: {
  url: string;
  /** To each of them. */
  connections: number;
  models: readonly RequestRules['model'][];
}): Engine {
  const served = new Map<string, RequestRules['model'][]>();
  for (const model of config.models) {
    const url = model.engineUrl ?? config.url;
    served.set(url, [...(served.get(url) ?? []), model]);
  }
  const engines = new Map(
    [...served].map(([url, models]) => {
      const canaries = () => Promise.all(models.map(canaryOf));
      return [url, createEngine({ url, connections: config.connections, canaries })];
    }),
  );
  return {
    run: (request, signal) => engines.get(request.engineUrl ?? config.url)!.run(request, signal),
    async check() {
      for (const [url, models] of served) {
        await engines.get(url)!.check(models.map(({ engineModel }) => engineModel));
      }
    },
    async close() {
      await Promise.all([...engines.values()].map((engine) => engine.close()));
    },
  };
}

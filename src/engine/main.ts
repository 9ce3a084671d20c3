import { Command, InvalidArgumentError } from 'commander';
import { createEngine, type EngineConfig } from './engine';
import { ENGINE_LIMITS } from './limits';

/** The development engine as a program: `tsx src/engine/main.ts --port 8000`. */
const program = new Command('engine')
  .description(
    'Serves a tiny generated model over an OpenAI-compatible API, for development and demonstrations.',
  )
  .option('--port <number>', 'port to listen on, 0 for any', integer(0, 65_535), 8_000)
  .option('--host <address>', 'address to listen on', '127.0.0.1')
  .option('--model-dir <path>', 'folder for the generated model', '.cocoon/models')
  .option('--seed <number>', 'seed of the weights', integer(0, 2 ** 32 - 1), 1)
  .option(
    '--slots <number>',
    'requests that run at once',
    integer(1, ENGINE_LIMITS.slotsMax),
    ENGINE_LIMITS.slotsDefault,
  )
  .option('--queue <number>', 'requests that may wait, default four per slot', integer(0, 4_096))
  .option('--id <name>', 'name of the model in requests', 'tiny-llama')
  .option('--ear-id <name>', 'name in requests of the model that hears', 'tiny-ear')
  .option('--delay-ms-per-token <number>', 'slows generation down', integer(0, 60_000), 0)
  .action(run);

interface Flags extends Omit<EngineConfig, 'modelId'> {
  id: string;
}

async function run({ id, ...flags }: Flags): Promise<void> {
  const engine = await createEngine({ ...flags, modelId: id });
  process.stdout.write(`engine ready at ${engine.url} model ${engine.modelId} hash ${engine.modelHash}\n`);
  for (const { id, hash, capability } of engine.models.slice(1)) {
    process.stdout.write(`engine also serves ${capability} model ${id} hash ${hash}\n`);
  }

  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    void engine.close().then(() => process.exit(0), fail);
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`a whole number from ${min} to ${max} is needed.`);
  };
}

function fail(error: unknown): void {
  process.stderr.write(`engine: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

program.parseAsync().catch(fail);

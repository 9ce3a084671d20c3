import { readSandboxOptions, type SandboxOptions } from './options';
import { startSandbox, type Sandbox } from './sandbox';

/** `cocoon gateway --sandbox`: says what it does, prints URL and keys, runs until SIGTERM or SIGINT. */
export async function runSandbox(argv: readonly string[]): Promise<void> {
  const options = readSandboxOptions(argv);
  // With --json the one line on standard output is for a program, the rest for people.
  const say = (line: string): void => {
    (options.json ? process.stderr : process.stdout).write(`${line}\n`);
  };
  say(BANNER);
  let sandbox: Sandbox | null = null;
  let stopping = false;
  const stop = (): void => {
    // A second signal waits for nothing, nor does one that comes before all is up.
    if (stopping || !sandbox) process.exit(stopping ? 1 : 130);
    stopping = true;
    sandbox.close().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`gateway: ${String(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  sandbox = await startSandbox(options, say);
  process.stdout.write(
    options.json ? `${JSON.stringify(summary(sandbox, options))}\n` : closing(sandbox, options),
  );
}

const BANNER = [
  'SIMULATED. No TDX hardware, no real money, keys from a public seed: nothing that you send here is kept secret.',
  '',
].join('\n');

function summary(sandbox: Sandbox, { keys }: SandboxOptions): object {
  return {
    url: sandbox.url,
    simulated: true,
    models: sandbox.models,
    funded_key: keys.funded,
    second_key: keys.second,
    empty_key: keys.empty,
    limited_key: keys.limited,
    engine: sandbox.engineUrl,
    router: sandbox.routerUrl,
    devnet: sandbox.devnetUrl,
    config: sandbox.configFile,
  };
}

function closing(sandbox: Sandbox, { keys, rate }: SandboxOptions): string {
  const { url, models, configFile } = sandbox;
  return `
gateway   ${url}, what it serves: ${new URL('/openapi.json', url).href}
config    ${configFile}, for npx cocoon key and npx cocoon escrow
API keys
  funded    ${keys.funded}
  second    ${keys.second}
  empty     ${keys.empty}: 402 for every request
  limited   ${keys.limited}: ${rate.requests} request${rate.requests === 1 ? '' : 's'} in ${rate.seconds} s, then 429

In another terminal, for any program that uses OpenAI's package:

  export OPENAI_BASE_URL=${url} OPENAI_API_KEY=${keys.funded}
  node examples/gateway/chat.mjs

Or: curl ${url}/chat/completions -H 'authorization: Bearer ${keys.funded}' -H 'content-type: application/json' \\
  -d '{"model":"${models[0]}","messages":[{"role":"user","content":"Who can read this?"}],"max_tokens":32}'

Ctrl-C ends it and leaves nothing behind.
`;
}

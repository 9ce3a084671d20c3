import { connectClient, readClientFile } from '../../src/client';

/** What one cold start took, in milliseconds since the process began. */
export interface ColdStart {
  /** Every module of the SDK is loaded. */
  loadedMs: number;
  /** The first answer is here, its worker and its bill verified. */
  answeredMs: number;
  /** Processor time until then. */
  cpuMs: number;
}

/** A program with the SDK and one request. Arguments: a client's configuration, a prompt. */
async function main(configFile: string, prompt: string): Promise<ColdStart> {
  const loadedMs = performance.now();
  const client = await connectClient(readClientFile(configFile));
  const body = { model: 'tiny-llama', messages: [{ role: 'user', content: prompt }], max_tokens: 8 };
  const answer = await client.fetch('https://cocoon.invalid/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  const answeredMs = performance.now();
  const { user, system } = process.cpuUsage();
  if (answer.status !== 200) throw new Error(`answered ${answer.status}: ${text}`);
  await client.close();
  return { loadedMs, answeredMs, cpuMs: (user + system) / 1_000 };
}

const [configFile, prompt] = process.argv.slice(2);
main(configFile!, prompt!).then(
  (took) => console.log(JSON.stringify(took)),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
